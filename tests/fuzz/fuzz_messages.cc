// Any bytes as the body of every message: a Result, never a crash; what is read can be written and
// read again to the same bytes.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "shared/check.h"
#include "shared/codec.h"
#include "shared/messages.h"

namespace consilium {
namespace {

template <class Message>
void Try(std::string_view bytes) {
  const Result<Message> message = Unpack<Message>(bytes);
  if (!message) {
    CHECK(!message.error().text.empty(), "an error says what is wrong");
    return;
  }
  const std::string packed = Pack(*message);
  const Result<Message> again = Unpack<Message>(packed);
  CHECK(again.ok() && Pack(*again) == packed, "what we write can be read");
  CHECK(FromJson<Message>(ToJson(*message)).ok(), "also in JSON");
}

template <class... Messages>
void TryAll(std::string_view bytes) {
  (Try<Messages>(bytes), ...);
}

}  // namespace
}  // namespace consilium

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace consilium;  // NOLINT(google-build-using-namespace): a function of its own
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  TryAll<ErrorMessage, SubmitRequest, SubmitReply, CancelRequest, CancelReply, FetchRequest,
         CaseView, CaseOutcomeRequest, CaseOutcomeReply, WatchRequest, WatchReply, StatusRequest,
         StatusReply, Hello, Heartbeat, ResultMessage, ReleaseMessage, Goodbye, Welcome,
         HeartbeatReply, WhoAreYou, TaskMessage, ResultAck, CancelTask, Beat, HistoryRecord,
         std::vector<std::string>>(bytes);
  return 0;
}
