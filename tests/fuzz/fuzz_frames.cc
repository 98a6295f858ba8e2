// Any list of frames, as a peer may send it: each byte string is a length (two bytes, low first)
// and so many bytes.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "shared/check.h"
#include "shared/zmq.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace consilium;  // NOLINT(google-build-using-namespace): a function of its own
  std::vector<std::string> frames;
  std::size_t at = 0;
  while (at + 2 <= size) {
    const std::size_t wanted = data[at] + 256u * data[at + 1];
    at += 2;
    const std::size_t length = std::min(wanted, size - at);
    frames.emplace_back(reinterpret_cast<const char*>(data + at), length);
    at += length;
  }
  const Result<Frame> frame = ParseFrames(frames);
  if (frame) {
    CHECK(frames.size() == 4 && frames[0] == kProtocol, "only our four frames are a message");
    static_cast<void>(Unpack<SubmitRequest>(frame->body));
  } else {
    CHECK(!frame.error().text.empty(), "an error says what is wrong");
  }
  return 0;
}
