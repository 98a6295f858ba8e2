// Any text as a file of cases, by content and as each kind of name: cases that can be sent, or
// problems for people, never a crash.
#include <cstddef>
#include <cstdint>
#include <set>
#include <string>
#include <string_view>

#include "cli/read_cases.h"
#include "shared/check.h"
#include "shared/codec.h"
#include "shared/ids.h"
#include "shared/limits.h"
#include "shared/messages.h"
#include "shared/text.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace consilium;  // NOLINT(google-build-using-namespace): a function of its own
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  for (const char* name : {"-", "fuzz.json", "fuzz.ndjson"}) {
    const CasesFile file = ParseCases(text, name);
    CHECK(!file.cases.empty() || !file.problems.empty(), "nothing is lost without a word");
    std::set<std::string> ids;
    for (const CaseRequest& one : file.cases) {
      CHECK(CheckCaseId(one.id).ok() && ids.insert(one.id).second, "each case has its own good id");
      CHECK(!one.vignette.text.empty() && one.source == "cli", "a case has a text and is ours");
      const std::string packed = Pack(SubmitRequest{one});
      CHECK(packed.size() <= limits::kMessageBytesMax, "a case fits into a message");
      CHECK(Unpack<SubmitRequest>(packed).ok(), "the broker can read what is sent");
    }
    for (const Error& problem : file.problems) {
      CHECK(problem.text.rfind(name, 0) == 0, "a problem names its file");
      CHECK(FindInvalidUtf8(problem.text) == std::string_view::npos, "problems are for people");
    }
    for (const std::string& note : file.notes) {
      CHECK(FindInvalidUtf8(note) == std::string_view::npos, "notes are for people");
    }
  }
  return 0;
}
