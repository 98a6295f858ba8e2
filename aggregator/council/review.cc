#include "aggregator/council/review.h"

#include <algorithm>
#include <map>
#include <set>
#include <tuple>
#include <utility>

#include "aggregator/council/anonymous.h"
#include "shared/ids.h"

namespace consilium {
namespace {

// Letters and digits that cannot be mistaken for each other, without vowels, so that no word
// appears.
constexpr std::string_view kLabelLetters = "BCDFGHJKLMNPQRTVWXZ";
constexpr std::string_view kLabelDigits = "2346789";

// Answers in one packet; shared/limits.h counts with as many.
constexpr std::size_t kPacketAnswersMax = 64;

// Who is asked first. A model without a worker is asked only when there are not enough others:
// nobody may be there to grade before the deadline.
enum class Tier {
  kMember,        // of the ensemble: it has read the case
  kIdle,          // of the pool
  kFailedMember,  // its own answer failed, and its grades may fail alike
  kAbsentMember,  // no worker
  kAbsentIdle,
};

struct Grader {
  std::string model;
  Tier tier = Tier::kAbsentIdle;
  std::size_t drawn = 0;  // place in the order drawn for this round
  std::vector<const UsableAnswer*> answers;
};

Tier TierOf(const std::string& model, const CaseView& view, const CaseRecord& record,
            const Council& council) {
  const bool live =
      std::any_of(council.pool.begin(), council.pool.end(),
                  [&](const PoolModel& other) { return other.model == model && other.live; });
  const bool member =
      std::find(view.ensemble.begin(), view.ensemble.end(), model) != view.ensemble.end();
  const bool answered = std::any_of(record.answers.begin(), record.answers.end(),
                                    [&](const UsableAnswer& a) { return a.model == model; });
  // Whoever answered this case has a worker, whatever the last sign of life says.
  if (member && answered) return Tier::kMember;
  if (!live) return member ? Tier::kAbsentMember : Tier::kAbsentIdle;
  if (!member) return Tier::kIdle;
  const bool ended =
      std::any_of(record.generate.begin(), record.generate.end(), [&](const TaskView* task) {
        return task->task.model == model && (task->state == "done" || task->state == "dead");
      });
  return ended ? Tier::kFailedMember : Tier::kMember;
}

std::string Words(const CaseView& view, std::int64_t round) {
  return view.id + "|" + std::to_string(round);
}

std::vector<Grader> DrawGraders(const CaseView& view, const CaseRecord& record,
                                const Council& council, std::int64_t round) {
  std::vector<std::string> models = AllModels(view, council);
  SeededRandom random(static_cast<std::uint64_t>(council.config.seed), Words(view, round));
  random.Shuffle(models);
  std::vector<Grader> graders;
  graders.reserve(models.size());
  for (std::string& model : models) {
    const Tier tier = TierOf(model, view, record, council);
    graders.push_back({std::move(model), tier, graders.size(), {}});
  }
  return graders;
}

// Gives `answer` to the `count` best placed graders: by tier, then whoever has least to do so far.
// False: there is none.
bool Assign(const UsableAnswer& answer, std::size_t count, std::vector<Grader>& graders) {
  std::vector<Grader*> others;
  for (Grader& grader : graders) {
    if (grader.model == answer.model || grader.answers.size() == kPacketAnswersMax) continue;
    others.push_back(&grader);
  }
  count = std::min(count, others.size());
  std::partial_sort(others.begin(), others.begin() + static_cast<std::ptrdiff_t>(count),
                    others.end(), [](const Grader* a, const Grader* b) {
                      return std::make_tuple(a->tier, a->answers.size(), a->drawn) <
                             std::make_tuple(b->tier, b->answers.size(), b->drawn);
                    });
  for (std::size_t i = 0; i < count; ++i) others[i]->answers.push_back(&answer);
  return count > 0;
}

std::string DrawLabel(SeededRandom& random) {
  std::string label;
  label += kLabelLetters[random.Below(kLabelLetters.size())];
  label += kLabelLetters[random.Below(kLabelLetters.size())];
  label += kLabelDigits[random.Below(kLabelDigits.size())];
  return label;
}

// The names by which an author could give itself away, the providers' spellings included.
std::vector<std::string> NamesToHide(const CaseView& view, const Council& council) {
  std::vector<std::string> names = AllModels(view, council);
  for (const TaskView& task : view.tasks) {
    if (!task.outcome) continue;
    names.push_back(task.outcome->model_asked);
    names.push_back(task.outcome->model_served);
  }
  return names;
}

}  // namespace

std::vector<std::string> AllModels(const CaseView& view, const Council& council) {
  std::vector<std::string> models = view.ensemble;
  for (const PoolModel& other : council.pool) models.push_back(other.model);
  std::sort(models.begin(), models.end());
  models.erase(std::unique(models.begin(), models.end()), models.end());
  return models;
}

std::vector<NewTask> PlanReviews(const CaseView& view, const CaseRecord& record,
                                 const Council& council, std::int64_t deadline_ms) {
  if (council.config.graders == 0) return {};
  const std::int64_t round = record.review_rounds + 1;
  std::vector<Grader> graders;
  std::map<std::string_view, Answer> packets;
  for (const UsableAnswer& answer : record.answers) {
    if (IsShown(record, answer.model)) continue;
    if (graders.empty()) graders = DrawGraders(view, record, council, round);
    const auto wanted = static_cast<std::size_t>(council.config.graders);
    if (Assign(answer, wanted, graders)) packets[answer.model];
  }
  if (packets.empty()) return {};
  const Anonymiser anonymiser(NamesToHide(view, council));
  for (const UsableAnswer& answer : record.answers) {
    const auto packet = packets.find(answer.model);
    if (packet != packets.end()) packet->second = anonymiser.Anonymise(*answer.answer);
  }

  std::vector<NewTask> tasks;
  for (Grader& grader : graders) {
    if (grader.answers.empty()) continue;
    SeededRandom random(static_cast<std::uint64_t>(council.config.seed),
                        Words(view, round) + "|" + grader.model);
    random.Shuffle(grader.answers);
    NewTask task;
    task.task = {view.id, Stage::kReview, round, grader.model};
    task.deadline_ms = deadline_ms;
    task.packet.emplace();
    std::set<std::string> used;
    for (const UsableAnswer* answer : grader.answers) {
      std::string label = DrawLabel(random);
      while (!used.insert(label).second) label = DrawLabel(random);
      task.packet->answers.push_back({label, packets[answer->model]});
      task.labels.push_back(std::move(label));
      task.authors.emplace_back(answer->model);
    }
    tasks.push_back(std::move(task));
  }
  std::sort(tasks.begin(), tasks.end(),
            [](const NewTask& a, const NewTask& b) { return a.task.model < b.task.model; });
  return tasks;
}

}  // namespace consilium
