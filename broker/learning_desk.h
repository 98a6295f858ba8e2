// Tells clients what was learned, and takes evidence from elsewhere in.
//
// Threads: none of its own; owned by the broker loop.
#pragma once

#include <cstdint>
#include <vector>

#include "broker/client_calls.h"
#include "broker/hub.h"
#include "shared/messages.h"

namespace consilium {

class LearningDesk {
 public:
  LearningDesk(ClientCalls& calls, Hub& hub);

  void OnChemistry(const Caller& to, const ChemistryRequest& request);
  void OnEnsembles(const Caller& to);
  void OnTrackRecords(const Caller& to);
  void OnRebuild(const Caller& to, const RebuildRequest& request);
  void OnImport(const Caller& to, const ImportRequest& request);
  void OnHistory(const Caller& to, const HistoryRequest& request);

 private:
  // Those that did not end here; `known` others did.
  void Import(const Caller& to, const std::vector<CaseEvidence>& cases, std::int64_t known);

  ClientCalls& calls_;
  Hub& hub_;
};

}  // namespace consilium
