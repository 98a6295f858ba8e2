// The table of medications that a command goes by.
#pragma once

#include <string>

#include "aggregator/council/medication.h"
#include "shared/result.h"

namespace consilium {

// The table that the council of the configuration uses (--config, as FindConfigFile), else the one
// that is shipped.
Result<MedicationTable> FindMedications(const std::string& config_file);

}  // namespace consilium
