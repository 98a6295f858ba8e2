// The evidence of a cluster as files: CSV in the form of aggregator/chemistry/history_csv.h, and
// NDJSON, one line of evidence each. Pure.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "shared/domain.h"

namespace consilium {

struct HistoryExport {
  // Of a case that was revised, only the last word. What is not known is blank.
  std::string csv;
  std::string ndjson;  // every line as recorded
  std::size_t cases = 0;
  std::size_t answers = 0;
  std::size_t ungraded = 0;  // answers without quality in `csv`
};
HistoryExport ExportHistory(const std::vector<EvidenceLine>& lines);

}  // namespace consilium
