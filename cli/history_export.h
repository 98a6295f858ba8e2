// The evidence of a cluster as files: CSV in the form of aggregator/chemistry/history_csv.h, and
// NDJSON, one line of evidence each. Pure.
//
// Only the last line of a case counts in the CSV, so the evidence is read twice: first it is
// counted, then written as it comes. What is kept is the ids of the cases.
#pragma once

#include <cstddef>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "shared/domain.h"

namespace consilium {

// With its end of line.
std::string HistoryTitles();

// One row per answer, in the order of their keys, so that ties are broken the same way when the
// rows are read again. What is not known is blank: generation_accuracy without gold; quality and
// accuracy of an answer that nobody graded, which makes `import` leave that row out.
struct HistoryRows {
  std::string csv;
  std::size_t answers = 0;
  std::size_t ungraded = 0;
};
HistoryRows RowsOf(const CaseEvidence& evidence);

// Which lines are the last word on their case.
class LastWords {
 public:
  // First pass: every line.
  void Count(const EvidenceLine& line);
  // Second pass, over the same lines in the same order.
  bool IsLast(const EvidenceLine& line);

  std::size_t lines() const { return lines_; }
  std::size_t cases() const { return left_.size(); }
  // Of task, that occur.
  const std::set<std::string>& kinds() const { return kinds_; }

 private:
  std::map<std::string, std::size_t> left_;  // case -> its lines not yet seen by IsLast
  std::set<std::string> kinds_;
  std::size_t lines_ = 0;
};

// "chemistry-" and the kind, each byte that may mean something in a path as %XX: different kinds
// have different names.
std::string MatrixName(const std::string& kind);

// Cuts `cases` into portions that an import request may hold: at most limits::kImportBatchMax and
// `bytes_max` packed, one larger case goes alone. The ends, ascending; the last is cases.size().
std::vector<std::size_t> ImportPortions(const std::vector<CaseEvidence>& cases,
                                        std::size_t bytes_max);
inline constexpr std::size_t kPortionBytesMax = std::size_t{1} << 20;

}  // namespace consilium
