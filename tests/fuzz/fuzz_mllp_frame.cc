// A stream of frames with anything in it: what is heard does not depend on how it was cut.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "gateway/hl7/mllp_frame.h"
#include "shared/check.h"

namespace {

using namespace consilium;  // NOLINT: a program of its own

constexpr std::size_t kPayloadMax = 64;

struct Heard {
  std::vector<std::string> events;
  std::uint64_t garbage = 0;
  std::uint64_t begun = 0;
  std::size_t bytes = 0;

  friend bool operator==(const Heard&, const Heard&) = default;
};

void Note(Heard& heard, const MllpReader& reader, const Result<MllpPayload>& next) {
  if (next.ok()) {
    CHECK(next->bytes.size() <= kPayloadMax, "a payload keeps to its limit");
    heard.bytes += next->bytes.size();
    heard.events.push_back(std::string(next->begun ? "b" : "-") + (next->ended ? "e" : "-") +
                           next->bytes);
  } else {
    CHECK(next.error().code == ErrorCode::kTooLarge || next.error().code == ErrorCode::kInvalid,
          "errors are those of the header");
    heard.events.push_back(next.error().text + reader.rejected());
  }
}

// Pieces of 1 to 8 bytes by `cuts`, which is used round and round; all at once when it is empty.
Heard Hear(std::string_view bytes, std::string_view cuts) {
  MllpReader reader(kPayloadMax);
  Heard heard;
  for (std::size_t i = 0; !bytes.empty(); ++i) {
    std::size_t count = bytes.size();
    if (!cuts.empty()) {
      const auto cut = static_cast<unsigned char>(cuts[i % cuts.size()]);
      count = std::min<std::size_t>(count, 1U + cut % 8U);
    }
    reader.Feed(bytes.substr(0, count));
    bytes.remove_prefix(count);
    while (auto next = reader.Next()) Note(heard, reader, *next);
  }
  if (auto last = reader.Finish()) Note(heard, reader, *last);
  CHECK(!reader.half_read() && !reader.Next(), "nothing is left after the end");
  heard.garbage = reader.garbage_bytes();
  heard.begun = reader.begun();
  return heard;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);  // NOLINT: bytes to text
  const std::string_view cuts = text.substr(0, std::min<std::size_t>(size, 4));
  const Heard whole = Hear(text, "");
  CHECK(whole.bytes + whole.garbage <= size, "nothing is heard twice");
  CHECK(Hear(text, std::string_view("\0", 1)) == whole, "byte by byte is the same");
  CHECK(Hear(text, cuts) == whole, "cut in any way is the same");

  // What is framed is heard again, unless it holds a header behind a frame's first byte.
  const std::string_view payload = text.substr(0, kPayloadMax);
  if (payload.find('\x0B') == std::string_view::npos) {
    const Heard again = Hear(MllpFrame(payload), "");
    CHECK(again.events.size() == 1 && again.garbage == 0, "one frame is one payload");
  }
  return 0;
}
