// Random lives of cases: whatever is recorded, in whatever order, the rules hold.
#include <gtest/gtest.h>

#include <cstdlib>
#include <limits>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "aggregator/council/advance.h"
#include "shared/ids.h"
#include "tests/unit/council/case_builder.h"

namespace consilium {
namespace {

constexpr const char* kNames[] = {"amoxicillin", "Advil",     "paracetamol",
                                  "Xyzzylin",    "augmentin", "warfarin",
                                  " ",           "---",       "a beta blocker"};
constexpr OutcomeStatus kStatuses[] = {OutcomeStatus::kRefused, OutcomeStatus::kMalformed,
                                       OutcomeStatus::kTimedOut, OutcomeStatus::kRateLimited,
                                       OutcomeStatus::kError};

class RandomLife {
 public:
  explicit RandomLife(std::uint64_t seed) : random_(seed, "life"), council_(MakeCouncil({})) {
    const std::size_t seats = random_.Below(6);
    const std::size_t pool = std::max<std::size_t>(1, seats) + random_.Below(4);
    std::vector<std::string> ensemble;
    for (std::size_t i = 0; i < pool; ++i) {
      const std::string model = "model-" + std::to_string(i);
      council_.pool.push_back({model, random_.Below(4) != 0});
      if (i < seats) ensemble.push_back(model);
    }
    council_.config.graders = 1 + static_cast<std::int64_t>(random_.Below(5));
    council_.config.quorum = 1 + static_cast<std::int64_t>(random_.Below(4));
    council_.config.support_min = random_.Unit();
    council_.config.answer_share = random_.Unit();
    view_ = MakeCase(ensemble);
    view_.id = "case-" + std::to_string(seed);
    for (TaskView& task : view_.tasks) task.task.case_id = view_.id;
    if (random_.Below(3) == 0) view_.state = CaseState::kAccepted;
    if (random_.Below(3) == 0) view_.vignette.options = {{"A", "one"}, {"B", "two"}};
    if (random_.Below(3) == 0) view_.vignette.patient.allergies = {"penicillin"};
    if (random_.Below(2) == 0) view_.gold_medications = {"amoxicillin"};
  }

  void Run() {
    std::int64_t now = kAccepted;
    for (int i = 0; i < 60 && !testing::Test::HasFailure(); ++i) {
      now += static_cast<std::int64_t>(random_.Below(6000));
      Happen(now);
      Look(now);
    }
    if (testing::Test::HasFailure()) return;
    // Whatever happened, the case ends at its deadline.
    for (int tries = 0; tries < 20; ++tries) Look(std::max(now, kDeadline));
    EXPECT_TRUE(IsFinal(view_.state)) << StateName(view_.state);
  }

  const CaseView& view() const { return view_; }

 private:
  void Happen(std::int64_t now) {
    if (random_.Below(100) == 0 && !IsFinal(view_.state)) view_.state = CaseState::kCancelled;
    if (view_.tasks.empty()) return;
    TaskView& task = view_.tasks[random_.Below(view_.tasks.size())];
    if (task.state == "done" || task.state == "dead") return;
    switch (random_.Below(6)) {
      case 0:
        task.state = "leased";
        ++task.leases;
        break;
      case 1:
        if (now >= task.deadline_ms) task.state = "expired";
        break;
      case 2:
        task.state = "delayed";
        ++task.leases;
        ++task.attempts;
        task.outcome.emplace();
        task.outcome->status = OutcomeStatus::kRateLimited;
        break;
      default:
        consilium::End(view_, task, MakeOutcome(task), now);
        if (task.outcome->status != OutcomeStatus::kOk && random_.Below(3) == 0)
          task.state = "dead";
        if (random_.Below(20) == 0) task.arrived_ms.reset();
        if (random_.Below(40) == 0) task.outcome.reset();
    }
  }

  Outcome MakeOutcome(const TaskView& task) {
    Outcome outcome;
    outcome.status = OutcomeStatus::kOk;
    outcome.latency_ms = random_.Unit() * 1000;
    if (random_.Below(4) == 0) outcome.usage.cost_usd = random_.Unit();
    if (random_.Below(4) == 0) {
      outcome.status = kStatuses[random_.Below(std::size(kStatuses))];
      return outcome;
    }
    if (task.task.stage == Stage::kGenerate) {
      if (random_.Below(20) == 0) return outcome;  // ok without an answer
      std::vector<std::string> names;
      for (std::uint64_t i = random_.Below(3); i > 0; --i) {
        names.emplace_back(kNames[random_.Below(std::size(kNames))]);
      }
      outcome.answer = MakeAnswer(names);
      if (random_.Below(2) == 0) outcome.answer->option = random_.Below(2) == 0 ? "A" : "b";
      return outcome;
    }
    for (const std::string& label : task.labels) {
      Grade grade;
      grade.label = random_.Below(20) == 0 ? "ZZ2" : label;
      grade.grade = random_.Unit();
      if (random_.Below(4) == 0) grade.grade = random_.Below(2) == 0 ? 0.0 : 1.0;
      if (random_.Below(30) == 0) grade.grade = std::numeric_limits<double>::quiet_NaN();
      if (random_.Below(30) == 0) grade.grade = -1e308;
      grade.harm = random_.Below(10) == 0;
      outcome.grades.push_back(grade);
      if (random_.Below(20) == 0) outcome.grades.push_back(grade);
    }
    return outcome;
  }

  void Look(std::int64_t now) {
    const CaseState before = view_.state;
    const Plan plan = Advance(view_, council_, now);
    Check(plan, before, now);
    if (random_.Below(10) == 0) return;  // this aggregator died before it could write
    ApplyPlan(view_, plan);
    const Plan again = Advance(view_, council_, now);
    EXPECT_TRUE(again.empty()) << "a second look at the same record asks for nothing";
    EXPECT_EQ(again.timer_ms.has_value(), !IsFinal(view_.state));
  }

  void Check(const Plan& plan, CaseState before, std::int64_t now) {
    const CaseState after = plan.state.value_or(before);
    if (before == CaseState::kCancelled) {
      EXPECT_TRUE(plan.empty());
    }
    if (IsFinal(before)) {
      EXPECT_TRUE(IsFinal(after)) << StateName(after);
    }
    EXPECT_EQ(plan.timer_ms.has_value(), !IsFinal(after));
    if (plan.timer_ms) {
      EXPECT_GT(*plan.timer_ms, now);
    }
    if (now >= kDeadline) {
      EXPECT_TRUE(IsFinal(after));
    }
    if (plan.publish) {
      EXPECT_EQ(plan.state, plan.publish->status);
      CheckRecommendation(*plan.publish);
    } else {
      EXPECT_TRUE(!plan.state || *plan.state == CaseState::kReviewing);
    }
    for (const NewTask& task : plan.tasks) CheckTask(task, now);
  }

  void CheckTask(const NewTask& task, std::int64_t now) {
    EXPECT_EQ(task.task.stage, Stage::kReview);
    EXPECT_GT(task.deadline_ms, now);
    ASSERT_TRUE(task.packet.has_value());
    ASSERT_EQ(task.labels.size(), task.authors.size());
    ASSERT_EQ(task.labels.size(), task.packet->answers.size());
    EXPECT_FALSE(task.labels.empty());
    EXPECT_EQ(std::set<std::string>(task.labels.begin(), task.labels.end()).size(),
              task.labels.size());
    EXPECT_EQ(std::count(task.authors.begin(), task.authors.end(), task.task.model), 0);
    for (const TaskView& existing : view_.tasks) EXPECT_FALSE(existing.task == task.task);
  }

  static void CheckShare(double value) {
    EXPECT_GE(value, 0.0);  // also false for NaN
    EXPECT_LE(value, 1.0);
  }

  void CheckRecommendation(const Recommendation& rec) {
    EXPECT_EQ(rec.revision, static_cast<std::int64_t>(view_.recommendations.size()) + 1);
    EXPECT_FALSE(rec.reason.empty());
    if (rec.support) CheckShare(*rec.support);
    double total = 0;
    double last = 1.0;
    for (const Candidate& candidate : rec.candidates) {
      CheckShare(candidate.support);
      EXPECT_LE(candidate.support, last);
      last = candidate.support;
      total += candidate.support;
      if (candidate.grade) CheckShare(*candidate.grade);
      EXPECT_FALSE(candidate.models.empty());
    }
    EXPECT_LE(total, 1.0 + 1e-9);
    for (const FieldAgreement& field : rec.agreement) CheckShare(field.agreement);
    for (const ModelResult& model : rec.models) {
      if (model.grade) CheckShare(*model.grade);
      if (model.grade_variance) CheckShare(*model.grade_variance);
      if (model.reliability) CheckShare(*model.reliability);
    }
    const bool recommends =
        rec.status == CaseState::kComplete || rec.status == CaseState::kDegraded;
    EXPECT_EQ(recommends, rec.no_medication || !rec.ingredients.empty());
    EXPECT_EQ(rec.medications.empty(), rec.ingredients.empty());
    EXPECT_EQ(rec.score.has_value(), recommends && view_.gold_medications.has_value());
    if (rec.status == CaseState::kComplete) {
      EXPECT_TRUE(rec.missing.empty());
    }
    if (recommends) {
      for (const SafetyFlag& flag : rec.safety) EXPECT_NE(flag.severity, "contraindicated");
    }
    EXPECT_EQ(rec.models.size(), view_.ensemble.size());
  }

  SeededRandom random_;
  Council council_;
  CaseView view_;
};

TEST(AdvancePropertyTest, EveryRandomLifeKeepsTheRules) {
  // CONSILIUM_SEED=n repeats one life.
  const char* const only = std::getenv("CONSILIUM_SEED");
  if (only != nullptr) {
    RandomLife(std::strtoull(only, nullptr, 10)).Run();
    return;
  }
  std::map<std::string, int> ends;
  int revised = 0;
  int rounds = 0;
  for (std::uint64_t seed = 1; seed <= 300; ++seed) {
    SCOPED_TRACE("CONSILIUM_SEED=" + std::to_string(seed));
    RandomLife life(seed);
    life.Run();
    if (HasFailure()) return;
    ++ends[StateName(life.view().state)];
    if (life.view().recommendations.size() > 1) ++revised;
    if (!life.view().tasks.empty() && life.view().tasks.back().task.round > 1) ++rounds;
  }
  // The lives are varied enough to mean something.
  for (const char* state : {"complete", "degraded", "insufficient", "failed", "cancelled"}) {
    EXPECT_GE(ends[state], 3) << state;
  }
  EXPECT_GE(revised, 10);
  EXPECT_GE(rounds, 10);
}

}  // namespace
}  // namespace consilium
