// What a recommendation says beside its medications: who is missing, who disagrees, what is
// flagged, how far the winning answers agree. Sentences for people; the numbers come from
// cluster.h. Threads: functions without state.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "aggregator/council/cluster.h"
#include "aggregator/council/council.h"
#include "aggregator/council/record.h"

namespace consilium {

// "0.42"; more digits where two would hide the difference from `other`.
std::string Decimal(double value, double other);

// "amoxicillin + clavulanate", "no medication", "option C without a medication".
std::string Describe(const Cluster& cluster);

// In the order of ensemble, then of review rounds and models; ungraded answers last.
std::vector<Absence> ListMissing(const CaseView& view, const CaseRecord& record,
                                 const Weighing& weighing, std::int64_t now_ms);
// "answer of gamma (refused), grades of delta (timed_out)", the first few.
std::string Summary(const std::vector<Absence>& missing);

// `clusters` best first, not empty; the leading one is what others dissent from.
std::vector<std::string> ListDissent(const std::vector<Cluster>& clusters, const CaseRecord& record,
                                     const Weighing& weighing);

// What the tables and the reviewers warn of in the leading cluster's best answer, worst first.
std::vector<SafetyFlag> ListFlags(const Cluster& leading, const CaseView& view,
                                  const CaseRecord& record, const Council& council);

// Dose with unit, route, frequency and duration of each medication, the option in closed choice.
std::vector<FieldAgreement> ListAgreement(const Cluster& winning, const MedicationTable& table);

}  // namespace consilium
