// What the files of store.h share.
#pragma once

#include <string>

#include "shared/domain.h"

namespace consilium {

// Kept recommendations in the feed; a watcher further behind is told of the gap and fetches by id.
inline constexpr const char* kFeedMax = "100000";

inline std::string StageName(Stage stage) { return kStageNames[static_cast<std::size_t>(stage)]; }

// The part of a ref after the case id: "stage|round|model".
inline std::string TaskKey(const TaskId& task) {
  return StageName(task.stage) + "|" + std::to_string(task.round) + "|" + task.model;
}

}  // namespace consilium
