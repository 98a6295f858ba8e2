// The dead letters of all shards as one list: the id of a letter is its shard and its place there,
// "0:1764254400000-0".
//
// Threads: none of its own; used by the broker loop.
#pragma once

#include "broker/hub.h"
#include "shared/messages.h"
#include "shared/store.h"

namespace consilium {

// One shard after the other. Errors of all: kInvalid for an id or a cursor that is none.
void ListDead(Hub& hub, const DeadListRequest& request, const Store::Done<DeadListReply>& done);
// Each letter in a step of its own; what was done stays done when another shard does not answer.
void RequeueDead(Hub& hub, const DeadRequeueRequest& request, Store::Done<DeadRequeueReply> done);
void PurgeDead(Hub& hub, const DeadPurgeRequest& request, Store::Done<DeadPurgeReply> done);

}  // namespace consilium
