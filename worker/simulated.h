// A model that is played: it knows the cases of a file as well as its skill says, and errs like
// models do.
//
// All it says follows from (seed, model, case id, stage, round) alone, whatever the order, the
// process or the machine. Faults and latencies depend on the attempt as well, so that trying again
// can help. It knows a case with the probability that is its skill for the case's specialty. If so
// it gives the gold medications or (15 %) an acceptable alternative; if not, a distractor: the
// first one mostly (60 %), so that models that err agree. As a reviewer it grades by the truth if
// it knows the case (a draw of its own, with review_skill where that is set), else by how well an
// answer agrees with what it would have answered. In its blind spots a reviewer of whatever skill
// is taken in: the first distractor looks best, the gold acceptable, and it warns of nothing.
//
// Models are independent but for what the cases do to all of them, unless they have a group, as
// models that learned from the same texts do. In the configured share of the cases, the same ones
// for the whole group, its members take the draws for knowing and erring from the group: who has
// more skill knows all that the others know, and those who err give the same wrong answer. As
// reviewers they know and believe the same too. The group's draws follow from its name in place of
// (seed, model); doses, confidence, grading noise, faults and latencies stay each model's own.
// Threads: none; const after Load().
#pragma once

#include <cstdint>
#include <iosfwd>
#include <map>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "shared/config.h"
#include "shared/ids.h"
#include "shared/result.h"
#include "worker/backend.h"
#include "worker/timed.h"

namespace consilium {

// One line of the knowledge file.
struct KnownCase {
  std::string id;
  std::string specialty;
  std::string text;
  std::vector<std::string> gold;  // {} = no medication
  std::vector<std::vector<std::string>> acceptable;
  std::vector<std::string> must_not;                  // ingredients
  std::vector<std::vector<std::string>> distractors;  // never empty: what who does not know says
  Medication regimen;  // of the first gold ingredient; no `ingredient`
  std::string rationale;
  std::string cautions;
};

class SimulatedModel {
 public:
  // kInvalid or kNotFound when the file has no usable case or a specialty has no skill.
  static Result<SimulatedModel> Load(const BackendConfig& config,
                                     std::vector<std::string>& warnings);
  // The same from the opened file.
  static Result<SimulatedModel> Read(const BackendConfig& config, std::istream& knowledge,
                                     std::vector<std::string>& warnings);

  PlannedOutcome Plan(const BackendCall& call) const;

 private:
  SimulatedModel() = default;
  const KnownCase* Find(const BackendCall& call) const;
  double SkillFor(const KnownCase& known) const;
  double ReviewSkillFor(const KnownCase& known) const;
  // Seed words of one kind of choice.
  std::string Words(const TaskId& task, const char* purpose) const;
  // What it knows and errs by: draws of its own or of its group.
  SeededRandom Draws(const TaskId& task, const char* purpose) const;
  bool FollowsGroup(const std::string& case_id) const;
  std::vector<std::string> Belief(const KnownCase& known, const TaskId& generate) const;
  Answer MakeAnswer(const KnownCase& known, const BackendCall& call) const;
  std::vector<Grade> MakeGrades(const KnownCase& known, const BackendCall& call) const;
  bool DrawFault(const BackendCall& call, PlannedOutcome& planned) const;

  std::string model_;
  SimulatedConfig config_;
  milliseconds stall_{0};
  std::uint64_t seed_ = 0;
  // On the heap: the indexes below point into it.
  std::shared_ptr<const std::vector<KnownCase>> cases_;
  std::unordered_map<std::string, const KnownCase*> by_id_;
  std::unordered_map<std::string, const KnownCase*> by_text_;
};

}  // namespace consilium
