// A prescription that a model wrote as one string: "Amoxicillin 500 mg PO TID x 7 days".
//
// Read only when all of it is understood: one name, then dose, route, frequency and duration in any
// order, each at most once, and perhaps "for ..." at the end; only a dose may stand before the name
// ("IV fluids" is a name). What has two readings ("OD", "PR") or a word that is not understood
// leaves the whole string as it is: names are coded by the aggregator, which ignores strengths. So
// do the days of a treatment cycle ("14 days every 21 days"), a strength where a dose would be
// ("250 mg/5 mL"), and "OD" unless the route is known and not the eye's. The words are those of
// aggregator/council/regimen.h. Threads: functions without state.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "shared/domain.h"

namespace consilium {

// Empty when nothing but a name, or not everything, is understood.
std::optional<Medication> ReadPrescription(std::string_view text);

// The parts of "aspirin 81 mg + clopidogrel 75 mg": only where each is a prescription with a dose
// of its own and all state the same kinds of fields: a frequency at the end may be meant for all.
// Names without doses ("trimethoprim and sulfamethoxazole", "lisinopril, amlodipine")
// stay together: the aggregator codes their ingredients one by one. One part otherwise.
std::vector<std::string> SplitPrescriptions(std::string_view text);

// Brings the fields of `medication` to one form, and fills empty fields with what its name or its
// other fields state beside their own ("Amoxicillin 500 mg", dose "500 mg PO"). Doing it again
// changes nothing.
void TidyMedication(Medication& medication);

}  // namespace consilium
