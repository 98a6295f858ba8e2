// Any text as a case in JSON: a Result, never a crash; what is read can be written and read again.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "shared/check.h"
#include "shared/codec.h"
#include "shared/domain.h"
#include "shared/text.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace consilium;  // NOLINT(google-build-using-namespace): a function of its own
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const Result<CaseRequest> request = FromJson<CaseRequest>(text);
  if (!request) {
    CHECK(FindInvalidUtf8(request.error().text) == std::string_view::npos, "errors are for people");
    return 0;
  }
  const std::string written = ToJson(*request);
  const Result<CaseRequest> again = FromJson<CaseRequest>(written);
  CHECK(again.ok() && ToJson(*again) == written, "what we write can be read");
  CHECK(Unpack<CaseRequest>(Pack(*request)).ok(), "also in MessagePack");
  return 0;
}
