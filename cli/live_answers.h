// What a running cluster answered to vignettes, judged as recorded answers are (gold.h), and kept
// as lines that `eval --answers` reads. Pure.
#pragma once

#include <cstddef>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "aggregator/council/medication.h"
#include "aggregator/evaluation/judged_case.h"
#include "cli/gold.h"
#include "shared/messages.h"
#include "shared/result.h"

namespace consilium {

// A vignette as it is submitted, and what is right in it.
struct LiveVignette {
  std::string id;
  CaseRequest request;
  Gold gold;
};
struct LiveVignettes {
  std::vector<LiveVignette> all;  // in the order of the file
  RecordedAnswers left_out;       // its bad lines only
};
// The vignettes of JSON lines as cases of `run`. What is right is not part of them: an evaluation
// must not teach the cluster what it is scored on. Of the fields of a case only those of the
// vignette and `kind` are used, as who answers is the evaluation's choice. Errors (kInvalid): a
// line that is no case, as `submit` says it; no vignette at all.
Result<LiveVignettes> ReadLiveVignettes(std::string_view text, const std::string& file,
                                        const std::string& run, const std::string& strategy,
                                        std::optional<double> deadline_s,
                                        const MedicationTable& table);

class LiveAnswers {
 public:
  // Both are borrowed.
  LiveAnswers(const std::vector<LiveVignette>& vignettes, const MedicationTable& table)
      : vignettes_(vignettes), table_(table) {}

  // The record of an ended case, in place of an earlier one of the same. Answers count as the last
  // recommendation says they did: with their grades, weights, versions, latencies and costs, but
  // without what the cluster's track record added, as policies learn from the other cases only.
  void Add(std::size_t vignette, const CaseView& view);
  std::size_t size() const { return taken_.size(); }

  // Only cases that ended, in the order of the file. Errors as of ReadAnswers().
  Result<RecordedAnswers> Recorded() const;
  // In the same order. Answers that are missing have a line that says why.
  std::string Lines() const;

 private:
  struct Taken {
    JudgedCase judged;
    std::map<std::string, std::string> missing;  // model -> why
    std::string lines;
  };

  const std::vector<LiveVignette>& vignettes_;
  const MedicationTable& table_;
  std::map<std::size_t, Taken> taken_;  // by vignette
};

}  // namespace consilium
