// Any text as a configuration: a Config or problems with file and line, never a crash.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "shared/check.h"
#include "shared/config.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace consilium;  // NOLINT(google-build-using-namespace): a function of its own
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const Result<Config> config = ParseConfig(text, "fuzz.toml");
  if (config) {
    CHECK(!config->backends.empty(), "a good configuration has a model");
  } else {
    CHECK(config.error().text.rfind("fuzz.toml:", 0) == 0, "a problem names its file");
  }
  return 0;
}
