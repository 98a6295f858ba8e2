// What the rules need to know besides the case itself.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "aggregator/council/medication.h"
#include "aggregator/council/safety.h"
#include "shared/config.h"
#include "shared/domain.h"

namespace consilium {

// A configured model. `live`: a worker for it gave a sign of life lately.
struct PoolModel {
  std::string model;
  bool live = false;
};

// The tables are borrowed and must outlive it.
struct Council {
  CouncilConfig config;
  std::vector<PoolModel> pool;
  const MedicationTable& medications;
  const SafetyTables& safety;
  std::map<std::string, TrackRecord> track_records = {};  // by kind of task
  bool records_read = true;  // false: what outcomes taught is not known here
};

}  // namespace consilium
