// What a track record says about one case: the probability of each answer, the confidence in the
// likeliest. Where the record does not apply, there is none, and a note says why.
//
// Threads: functions without state.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "aggregator/council/cluster.h"
#include "shared/domain.h"

namespace consilium {

struct Confidence {
  // By cluster; 0 where no answer counts yet. Empty: the record does not apply.
  std::vector<double> probability;
  std::vector<double> score;    // by answer of the weighing: what it adds to its cluster
  std::optional<double> value;  // of the likeliest cluster, calibrated
  std::string note;             // what it rests on, or why there is none
};

// `record`: of the case's kind; null when there is none. `clusters` point into `weighing`.
Confidence StateConfidence(const TrackRecord* record, const std::string& kind,
                           const Weighing& weighing, const std::vector<Cluster>& clusters,
                           std::size_t options);

// Whether a recommendation so sure keeps the record's risk target; absent while too little is known
// to judge that.
std::optional<bool> KeepsRisk(const TrackRecord& record, double confidence);

// The record without the votes of other models than these.
TrackRecord OfModels(const TrackRecord& record, const std::vector<std::string>& models);

}  // namespace consilium
