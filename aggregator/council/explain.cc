#include "aggregator/council/explain.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>
#include <functional>
#include <map>
#include <utility>

#include "aggregator/council/decision.h"
#include "aggregator/council/regimen.h"
#include "shared/text.h"

namespace consilium {
namespace {

constexpr std::size_t kCommentBytesMax = 300;
constexpr std::size_t kNamedMax = 8;  // entries of one sentence

// "alpha", "alpha and beta", "alpha, beta and gamma".
std::string Listed(const std::vector<std::string>& names) {
  std::string text;
  for (std::size_t i = 0; i < names.size(); ++i) {
    if (i > 0) text += i + 1 == names.size() ? " and " : ", ";
    text += names[i];
  }
  return text;
}

int SeverityRank(const std::string& severity) {
  if (severity == "contraindicated") return 0;
  if (severity == "high") return 1;
  if (severity == "caution") return 2;
  return 3;
}

bool Contains(const std::vector<std::string>& items, const std::string& item) {
  return std::find(items.begin(), items.end(), item) != items.end();
}

std::vector<const PeerGrade*> GradesFor(const CaseRecord& record, std::string_view author) {
  std::vector<const PeerGrade*> grades;
  for (const PeerGrade& grade : record.grades) {
    if (grade.author == author) grades.push_back(&grade);
  }
  return grades;
}

void AddHarmSentences(const Cluster& leading, const CaseRecord& record,
                      std::vector<std::string>& dissent) {
  for (const WeighedAnswer* answer : leading.answers) {
    for (const PeerGrade* grade : GradesFor(record, answer->coded.model)) {
      if (!grade->harm) continue;
      std::string sentence(grade->reviewer);
      const std::string author(answer->coded.model);
      sentence +=
          answer == &leading.Best()
              ? " warns of serious harm in the leading answer, by " + author
              : " warns of serious harm in the answer of " + author + ", with the same medication";
      if (!grade->comment.empty()) sentence += ": " + Quoted(grade->comment, kCommentBytesMax);
      dissent.push_back(std::move(sentence));
    }
  }
}

std::vector<SafetyFlag> ReviewerFlags(const Cluster& leading, const CaseRecord& record) {
  const auto grades = GradesFor(record, leading.Best().coded.model);
  const auto warnings = std::count_if(grades.begin(), grades.end(),
                                      [](const PeerGrade* grade) { return grade->harm; });
  if (warnings == 0) return {};
  SafetyFlag flag;
  flag.code = "reviewer_harm_warning";
  flag.severity = "high";
  flag.ingredients = leading.Set().ingredients;
  flag.rule = "reviewers";
  flag.text = std::to_string(warnings) + " of " + std::to_string(grades.size()) +
              (grades.size() == 1 ? " reviewer" : " reviewers") + " of this answer " +
              (warnings == 1 ? "warns" : "warn") + " of serious harm";
  return {std::move(flag)};
}

struct Field {
  const char* name;
  Stated (*value)(const Medication& medication);
};
constexpr Field kFields[] = {{"dose", StatedDose},
                             {"route", StatedRoute},
                             {"frequency", StatedFrequency},
                             {"duration", StatedDuration}};

// `stated`: what each answer of the cluster states, with an empty key where it states nothing; the
// first is the recommended one. Adds nothing when nobody states anything. Statements that share a
// key are one value, written as the first of them.
void AddAgreement(std::string field, const std::vector<Stated>& stated,
                  std::vector<FieldAgreement>& agreement) {
  struct Value {
    std::string text;
    std::int64_t count = 0;
  };
  std::map<std::string, Value> values;
  std::int64_t total = 0;
  for (const Stated& one : stated) {
    if (one.key.empty()) continue;
    Value& value = values[one.key];
    if (value.count++ == 0) value.text = one.text;
    ++total;
  }
  if (total == 0) return;
  FieldAgreement added;
  added.field = std::move(field);
  if (!stated.front().key.empty()) {
    added.agreement =
        static_cast<double>(values[stated.front().key].count) / static_cast<double>(total);
  }
  std::vector<Value> ranked;
  ranked.reserve(values.size());
  for (auto& [key, value] : values) ranked.push_back(std::move(value));
  std::stable_sort(ranked.begin(), ranked.end(), [](const Value& a, const Value& b) {
    return a.count != b.count ? a.count > b.count : a.text < b.text;
  });
  for (Value& value : ranked) added.values.push_back(std::move(value.text));
  agreement.push_back(std::move(added));
}

// The medication of `answer` that has exactly these ingredients; the first, if there are several.
const Medication* FindMedication(const Answer& answer, const std::vector<std::string>& ingredients,
                                 const MedicationTable& table) {
  const auto found = std::find_if(
      answer.medications.begin(), answer.medications.end(), [&](const Medication& medication) {
        return CodeName(medication.ingredient, table).ingredients == ingredients;
      });
  return found == answer.medications.end() ? nullptr : &*found;
}

}  // namespace

std::string Decimal(double value, double other) {
  std::array<char, 32> text{};
  for (int digits = 2; digits <= 10; ++digits) {
    std::array<char, 32> against{};
    std::snprintf(text.data(), text.size(), "%.*f", digits, value);
    std::snprintf(against.data(), against.size(), "%.*f", digits, other);
    if (text != against || value == other) break;
  }
  return text.data();
}

std::string Describe(const Cluster& cluster) {
  const std::vector<std::string>& ingredients = cluster.Set().ingredients;
  if (!ingredients.empty()) return IngredientKey(ingredients);
  const std::string& option = cluster.Best().coded.option;
  return option.empty() ? "no medication" : "option " + option + " without a medication";
}

std::vector<Absence> ListMissing(const CaseView& view, const CaseRecord& record,
                                 const Weighing& weighing, std::int64_t now_ms) {
  std::vector<Absence> missing;
  for (const std::string& model : view.ensemble) {
    const auto task =
        std::find_if(record.generate.begin(), record.generate.end(),
                     [&](const TaskView* other) { return other->task.model == model; });
    if (task == record.generate.end()) {
      missing.push_back({model, "generate", "error", "no task of it is recorded"});
      continue;
    }
    TaskStanding standing = Judge(record, **task, now_ms);
    if (standing.ok()) continue;
    missing.push_back({model, "generate", std::move(standing.why), std::move(standing.text)});
  }
  for (const TaskView* task : record.review) {
    TaskStanding standing = Judge(record, *task, now_ms);
    if (standing.ok()) continue;
    if (task->task.round > 1) {
      standing.text = "round " + std::to_string(task->task.round) + ": " + standing.text;
    }
    missing.push_back(
        {task->task.model, "review", std::move(standing.why), std::move(standing.text)});
  }
  for (const WeighedAnswer& answer : weighing.answers) {
    if (answer.grade || !weighing.reviewed) continue;
    const std::string model(answer.coded.model);
    if (answer.counted) {
      missing.push_back({model, "generate", "not_graded", "nobody graded its answer"});
    } else {
      missing.push_back({model, "generate", "late",
                         "its answer came after the decision and nobody graded it yet"});
    }
  }
  return missing;
}

std::string Summary(const std::vector<Absence>& missing) {
  std::string text;
  for (std::size_t i = 0; i < missing.size() && i < kNamedMax; ++i) {
    const Absence& absence = missing[i];
    if (i > 0) text += ", ";
    text += absence.stage == "review" ? "grades of " : "answer of ";
    text += absence.model + " (" + absence.why + ")";
  }
  if (missing.size() > kNamedMax) {
    text += " and " + std::to_string(missing.size() - kNamedMax) + " more";
  }
  return text;
}

std::vector<std::string> ListDissent(const std::vector<Cluster>& clusters, const CaseRecord& record,
                                     const Weighing& weighing) {
  std::vector<std::string> dissent;
  for (auto cluster = clusters.begin() + 1; cluster != clusters.end(); ++cluster) {
    std::string sentence = Listed(cluster->Models()) + " would give " + Describe(*cluster);
    sentence += cluster->Best().grade
                    ? " (support " + Decimal(cluster->support, cluster->support) + ")"
                    : " (not graded)";
    dissent.push_back(std::move(sentence));
  }
  AddHarmSentences(clusters.front(), record, dissent);
  for (const auto& [reviewer, reliability] : weighing.reliability) {
    if (reliability >= kLowReliability) continue;
    dissent.push_back("reviewer " + reviewer + " agrees little with the others (reliability " +
                      Decimal(reliability, kLowReliability) + ")");
  }
  return dissent;
}

std::vector<SafetyFlag> ListFlags(const Cluster& leading, const CaseView& view,
                                  const CaseRecord& record, const Council& council) {
  const IngredientSet& set = leading.Set();
  std::vector<SafetyFlag> flags = set.flags;
  if (!set.ingredients.empty()) {
    for (SafetyFlag& flag :
         council.safety.Screen(set.ingredients, view.vignette.patient, council.medications)) {
      // Said already, with the name as it was stated.
      const bool said = flag.code == "unknown_medication" && !flag.ingredients.empty() &&
                        std::all_of(flag.ingredients.begin(), flag.ingredients.end(),
                                    [&](const std::string& name) {
                                      return std::any_of(set.flags.begin(), set.flags.end(),
                                                         [&](const SafetyFlag& known) {
                                                           return Contains(known.ingredients, name);
                                                         });
                                    });
      if (!said) flags.push_back(std::move(flag));
    }
  }
  for (SafetyFlag& flag : ReviewerFlags(leading, record)) flags.push_back(std::move(flag));
  std::stable_sort(flags.begin(), flags.end(), [](const SafetyFlag& a, const SafetyFlag& b) {
    return SeverityRank(a.severity) < SeverityRank(b.severity);
  });
  return flags;
}

std::vector<FieldAgreement> ListAgreement(const Cluster& winning, const MedicationTable& table) {
  std::vector<FieldAgreement> agreement;
  const std::vector<Medication>& medications = winning.Best().coded.answer->medications;
  for (const Medication& medication : medications) {
    const auto ingredients = CodeName(medication.ingredient, table).ingredients;
    std::vector<const Medication*> same;
    same.reserve(winning.answers.size());
    for (const WeighedAnswer* answer : winning.answers) {
      same.push_back(FindMedication(*answer->coded.answer, ingredients, table));
    }
    const std::string of = medications.size() > 1 ? IngredientKey(ingredients) + ": " : "";
    for (const Field& field : kFields) {
      std::vector<Stated> stated;
      stated.reserve(same.size());
      for (const Medication* other : same) {
        stated.push_back(other ? field.value(*other) : Stated());
      }
      AddAgreement(of + field.name, stated, agreement);
    }
  }
  std::vector<Stated> options;
  options.reserve(winning.answers.size());
  for (const WeighedAnswer* answer : winning.answers) {
    options.push_back({answer->coded.option, answer->coded.option});
  }
  AddAgreement("option", options, agreement);
  return agreement;
}

}  // namespace consilium
