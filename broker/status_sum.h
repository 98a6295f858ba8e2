// What the shards say of themselves, as the status of one cluster. Pure.
#pragma once

#include "shared/messages.h"

namespace consilium {

// Adds the counts of `shard` to those of `sum`. Who takes part (aggregators, workers) is the same
// in every shard: the first one tells; brokers are added by process, with their leases.
void AddStatus(StatusReply& sum, const StatusReply& shard);

}  // namespace consilium
