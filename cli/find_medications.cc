#include "cli/find_medications.h"

#include <filesystem>

#include "cli/locate.h"
#include "shared/config.h"

namespace consilium {

Result<MedicationTable> FindMedications(const std::string& config_file) {
  if (const auto file = FindConfigFile(config_file)) {
    const auto config = LoadConfig(*file);
    if (!config.ok()) return config.error();
    return MedicationTable::Load(config->council.medications);
  }
  const auto file = FindShipped("medications/ingredients.tsv");
  if (!file.ok()) return file.error();
  return MedicationTable::Load(std::filesystem::path(*file).parent_path().string());
}

}  // namespace consilium
