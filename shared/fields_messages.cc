// codec.h for the structs of messages.h.
#include "shared/fields.h"

namespace consilium {

CONSILIUM_CODEC(ErrorMessage)
CONSILIUM_CODEC(SubmitRequest)
CONSILIUM_CODEC(SubmitReply)
CONSILIUM_CODEC(CancelRequest)
CONSILIUM_CODEC(CancelReply)
CONSILIUM_CODEC(FetchRequest)
CONSILIUM_CODEC(TaskView)
CONSILIUM_CODEC(CaseView)
CONSILIUM_CODEC(WatchRequest)
CONSILIUM_CODEC(WatchReply)
CONSILIUM_CODEC(StatusRequest)
CONSILIUM_CODEC(LaneStatus)
CONSILIUM_CODEC(WorkerStatus)
CONSILIUM_CODEC(StatusReply)
CONSILIUM_CODEC(HeldTask)
CONSILIUM_CODEC(Hello)
CONSILIUM_CODEC(Heartbeat)
CONSILIUM_CODEC(ResultMessage)
CONSILIUM_CODEC(ReleaseMessage)
CONSILIUM_CODEC(Goodbye)
CONSILIUM_CODEC(Welcome)
CONSILIUM_CODEC(HeartbeatReply)
CONSILIUM_CODEC(WhoAreYou)
CONSILIUM_CODEC(TaskMessage)
CONSILIUM_CODEC(ResultAck)
CONSILIUM_CODEC(CancelTask)
CONSILIUM_CODEC(Beat)
CONSILIUM_CODEC(HistoryRecord)

}  // namespace consilium
