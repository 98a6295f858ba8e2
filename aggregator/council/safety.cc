#include "aggregator/council/safety.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <set>
#include <tuple>
#include <utility>

#include "aggregator/council/allergy.h"
#include "aggregator/council/name_text.h"
#include "aggregator/council/safety_rules.h"
#include "aggregator/council/tsv.h"
#include "shared/text.h"

namespace consilium {

struct SafetyTables::Data {
  SafetyRules rules;
};

namespace {

// Years within which an unknown pregnancy is asked about.
constexpr double kFertileFrom = 12.0;
constexpr double kFertileTo = 55.0;

enum class Sex { kUnknown, kFemale, kMale };

Sex SexOf(const Patient& patient) {
  if (!patient.sex) return Sex::kUnknown;
  const std::string sex = KeyOf(*patient.sex);
  for (const char* word : {"female", "f", "woman", "girl", "w"}) {
    if (sex == word) return Sex::kFemale;
  }
  for (const char* word : {"male", "m", "man", "boy"}) {
    if (sex == word) return Sex::kMale;
  }
  return Sex::kUnknown;
}

std::optional<double> Finite(const std::optional<double>& number) {
  return number && std::isfinite(*number) ? number : std::nullopt;
}

// "12", "29.5"
std::string Plain(double number) {
  std::string text = std::to_string(number);
  text.erase(text.find_last_not_of('0') + 1);
  if (text.back() == '.') text.pop_back();
  return text;
}

std::string List(const std::vector<std::string>& names) {
  std::string text;
  for (const std::string& name : names) {
    if (!text.empty()) text += ", ";
    text += Quoted(name);
  }
  return text;
}

// One screen: collects what each table says, once per fact.
class Screening {
 public:
  Screening(const SafetyRules& rules, const MedicationTable& medications,
            const std::vector<std::string>& ingredients, const Patient& patient)
      : rules_(rules),
        medications_(medications),
        patient_(patient),
        current_(ReadMedications(patient.medications, rules, medications)),
        age_(Finite(patient.age)),
        egfr_(Finite(patient.egfr)) {
    for (const std::string& name : ingredients) {
      (IsKnown(name, medications) ? recommended_ : unscreened_).push_back(name);
    }
  }

  std::vector<SafetyFlag> Run() {
    Allergies();
    Pairs();
    Pregnancy();
    Renal();
    Age();
    Unknowns();
    std::sort(found_.begin(), found_.end(), [](const Found& a, const Found& b) {
      return std::tie(b.severity, a.id.file, a.id.line, a.flag.ingredients, a.flag.text) <
             std::tie(a.severity, b.id.file, b.id.line, b.flag.ingredients, b.flag.text);
    });
    std::vector<SafetyFlag> flags;
    flags.reserve(found_.size());
    for (Found& one : found_) flags.push_back(std::move(one.flag));
    return flags;
  }

 private:
  struct Found {
    Severity severity;
    RowId id;
    SafetyFlag flag;
  };

  void Flag(const char* code, Severity severity, const RowId& id,
            std::vector<std::string> ingredients, std::string text) {
    SafetyFlag flag;
    flag.code = code;
    flag.severity = kSeverityNames[static_cast<std::size_t>(severity)];
    flag.ingredients = std::move(ingredients);
    flag.text = std::move(text);
    flag.rule = id.line > 0 ? id.Text() : id.file;
    found_.push_back({severity, id, std::move(flag)});
  }
  // A rule of this file rather than of a table.
  static RowId Rule(const char* name) { return {name, 0}; }

  bool Match(const Targets& targets, const std::string& name) const {
    return targets.Match(name, medications_);
  }
  bool IsIn(const std::string& name, const std::string& group) const {
    const auto& classes = medications_.ClassesOf(name);
    return name == group || std::binary_search(classes.begin(), classes.end(), group);
  }

  // --- allergies

  // What one stated allergy means for one drug; the worst is kept per allergen and drug.
  struct Verdict {
    const char* code = "allergy";
    Severity severity = Severity::kInfo;
    RowId id;
    std::string text;
  };
  static void Worse(std::optional<Verdict>& worst, Verdict verdict) {
    if (!worst || verdict.severity > worst->severity) worst = std::move(verdict);
  }

  static std::string StatedAs(const StatedAllergy& allergy) {
    const std::string stated = "stated as " + Quoted(allergy.stated);
    switch (allergy.manner) {
      case StatedAllergy::Manner::kIntolerance:
        return "intolerance " + stated;
      case StatedAllergy::Manner::kFamily:
        return "allergy in the family " + stated;
      case StatedAllergy::Manner::kDenied:
        return "denial " + stated;
      case StatedAllergy::Manner::kAllergy:
        break;
    }
    return "allergy " + stated;
  }

  static bool Applies(const AllergyRow& row, const StatedAllergy& allergy) {
    if (row.reactions.empty()) return allergy.manner == StatedAllergy::Manner::kAllergy;
    return std::any_of(row.reactions.begin(), row.reactions.end(), [&](const std::string& one) {
      return std::find(allergy.reactions.begin(), allergy.reactions.end(), one) !=
             allergy.reactions.end();
    });
  }

  // `same` = the drug is the allergen or belongs to it; `listed` = the row is about the allergen.
  template <class Listed>
  std::optional<Verdict> Judge(const StatedAllergy& allergy, const std::string& drug, bool same,
                               const RowId& rule, Listed listed) const {
    using Manner = StatedAllergy::Manner;
    std::optional<Verdict> worst;
    if (same) {
      const Severity severity = allergy.manner == Manner::kAllergy ? Severity::kContraindicated
                                : allergy.manner == Manner::kIntolerance ? Severity::kCaution
                                                                         : Severity::kInfo;
      Worse(worst, {"allergy", severity, rule, ""});
    }
    if (allergy.manner == Manner::kFamily || allergy.manner == Manner::kDenied) return worst;
    for (const AllergyRow& row : rules_.allergies) {
      if (!Applies(row, allergy) || !listed(row.allergens) || !Match(row.against, drug)) continue;
      Worse(worst, {same ? "allergy" : "cross_reaction", row.severity, row.id, row.text});
    }
    return worst;
  }

  void Allergies() {
    // (allergen, drug) -> the worst over all statements
    std::map<std::pair<std::string, std::string>, std::pair<Severity, std::size_t>> known;
    for (const std::string& stated : patient_.allergies) {
      const StatedAllergy allergy = ReadAllergy(stated, rules_, medications_);
      for (const std::string& part : allergy.unknown) unknown_allergies_.insert(part);
      const auto report = [&](const std::string& allergen, const std::string& drug,
                              const std::optional<Verdict>& verdict) {
        if (!verdict) return;
        std::string text = drug + ": " + StatedAs(allergy);
        if (!verdict->text.empty()) text += "; " + verdict->text;
        const auto [old, fresh] =
            known.try_emplace({allergen, drug}, verdict->severity, found_.size());
        if (fresh) {
          Flag(verdict->code, verdict->severity, verdict->id, {drug}, std::move(text));
        } else if (verdict->severity > old->second.first) {
          const std::size_t place = old->second.second;
          Flag(verdict->code, verdict->severity, verdict->id, {drug}, std::move(text));
          found_[place] = std::move(found_.back());
          found_.pop_back();
          old->second.first = verdict->severity;
        }
      };
      for (const std::string& drug : recommended_) {
        for (const std::string& name : allergy.ingredients) {
          report(name, drug,
                 Judge(allergy, drug, drug == name, Rule("same_ingredient"),
                       [&](const Targets& allergens) { return Match(allergens, name); }));
        }
        for (const std::string& name : allergy.classes) {
          report(
              name, drug,
              Judge(allergy, drug, IsIn(drug, name), Rule("same_class"),
                    [&](const Targets& allergens) { return allergens.classes.count(name) > 0; }));
        }
        for (const std::string& name : allergy.groups) {
          const auto members = rules_.groups.find(name);
          const bool same = members != rules_.groups.end() && Match(members->second, drug);
          report(name, drug,
                 Judge(allergy, drug, same, Rule("same_class"),
                       [&](const Targets& allergens) { return allergens.groups.count(name) > 0; }));
        }
      }
    }
  }

  // --- pairs: interactions, QT, duplicates

  struct Drug {
    std::string name;
    bool recommended = false;
    bool current = false;
    std::vector<bool> a;  // by interaction row
    std::vector<bool> b;
    std::vector<bool> duplicates;  // by row
    const SingleRow* qt = nullptr;
  };

  std::vector<Drug> Drugs() const {
    std::map<std::string, Drug> drugs;
    for (const std::string& name : recommended_) drugs[name].recommended = true;
    for (const std::string& name : current_.names) drugs[name].current = true;
    std::vector<Drug> list;
    for (auto& [name, drug] : drugs) {
      drug.name = name;
      for (const PairRow& row : rules_.interactions) {
        drug.a.push_back(Match(row.a, name));
        drug.b.push_back(Match(row.b, name));
      }
      for (const SingleRow& row : rules_.duplicates) {
        drug.duplicates.push_back(Match(row.targets, name));
      }
      for (const SingleRow& row : rules_.qt) {
        if (!Match(row.targets, name)) continue;
        if (drug.qt == nullptr || row.severity > drug.qt->severity) drug.qt = &row;
      }
      list.push_back(std::move(drug));
    }
    return list;
  }

  void Pairs() {
    const std::vector<Drug> drugs = Drugs();
    for (std::size_t i = 0; i < drugs.size(); ++i) {
      if (drugs[i].recommended && drugs[i].current) {
        Flag("duplicate", Severity::kCaution, Rule("same_ingredient"), {drugs[i].name},
             drugs[i].name + ": the patient already takes it");
      }
      for (std::size_t j = i + 1; j < drugs.size(); ++j) {
        if (drugs[i].recommended || drugs[j].recommended) Pair(drugs[i], drugs[j]);
      }
    }
  }

  void Pair(const Drug& first, const Drug& second) {
    // Named first: the recommended one.
    const Drug& x = first.recommended ? first : second;
    const Drug& y = first.recommended ? second : first;
    const std::vector<std::string> names = {first.name, second.name};
    const std::string head =
        x.name + " with " + y.name + (y.recommended ? " (both recommended): " : " (taken): ");
    const PairRow* worst = nullptr;
    for (std::size_t row = 0; row < rules_.interactions.size(); ++row) {
      if (!((x.a[row] && y.b[row]) || (x.b[row] && y.a[row]))) continue;
      const PairRow& found = rules_.interactions[row];
      if (worst == nullptr || found.severity > worst->severity) worst = &found;
    }
    if (worst != nullptr) {
      Flag("interaction", worst->severity, worst->id, names, head + worst->text);
    }
    const auto said = [&](Severity severity) {
      return worst != nullptr && worst->severity >= severity;
    };
    if (const auto severity = QtOf(x, y); severity && !said(*severity)) {
      const SingleRow& row = x.qt->severity >= y.qt->severity ? *x.qt : *y.qt;
      Flag("qt", *severity, row.id, names, head + "both prolong the QT interval");
    }
    const SingleRow* twice = nullptr;
    for (std::size_t row = 0; row < rules_.duplicates.size(); ++row) {
      if (!x.duplicates[row] || !y.duplicates[row]) continue;
      const SingleRow& found = rules_.duplicates[row];
      if (twice == nullptr || found.severity > twice->severity) twice = &found;
    }
    if (twice != nullptr && !said(twice->severity)) {
      Flag("duplicate", twice->severity, twice->id, names, head + twice->text);
    }
  }

  // Two drugs of high risk: contraindicated; two of known or high: high; one of them with a
  // possible: caution; two possible: nothing.
  static std::optional<Severity> QtOf(const Drug& x, const Drug& y) {
    if (x.qt == nullptr || y.qt == nullptr) return std::nullopt;
    const auto [less, more] = std::minmax(x.qt->severity, y.qt->severity);
    if (less == Severity::kContraindicated) return Severity::kContraindicated;
    if (less == Severity::kHigh) return Severity::kHigh;
    return more == Severity::kCaution ? std::nullopt : std::optional<Severity>(Severity::kCaution);
  }

  // --- the patient's state

  // The worst row that matches each recommended drug and passes `applies`.
  template <class Applies>
  void EachWorst(const std::vector<SingleRow>& rows, Applies applies,
                 void (Screening::*report)(const std::string&, const SingleRow&)) {
    for (const std::string& drug : recommended_) {
      const SingleRow* worst = nullptr;
      for (const SingleRow& row : rows) {
        if (!applies(row) || !Match(row.targets, drug)) continue;
        if (worst == nullptr || row.severity > worst->severity) worst = &row;
      }
      if (worst != nullptr) (this->*report)(drug, *worst);
    }
  }

  void Pregnancy() {
    if (patient_.pregnant.has_value()) {
      if (*patient_.pregnant) {
        EachWorst(
            rules_.pregnancy, [](const SingleRow&) { return true; }, &Screening::Pregnant);
      }
      return;
    }
    const Sex sex = SexOf(patient_);
    if (sex == Sex::kMale || (age_ && (*age_ < kFertileFrom || *age_ > kFertileTo))) return;
    // Where even the sex is unknown, only about the drugs that are never given.
    const Severity least = sex == Sex::kFemale ? Severity::kHigh : Severity::kContraindicated;
    EachWorst(
        rules_.pregnancy, [&](const SingleRow& row) { return row.severity >= least; },
        &Screening::PerhapsPregnant);
  }
  void Pregnant(const std::string& drug, const SingleRow& row) {
    Flag("pregnancy", row.severity, row.id, {drug}, drug + ": pregnant; " + row.text);
  }
  void PerhapsPregnant(const std::string& drug, const SingleRow& row) {
    const bool female = SexOf(patient_) == Sex::kFemale;
    Flag("pregnancy", female ? Severity::kCaution : Severity::kInfo, row.id, {drug},
         drug + ": is the patient pregnant? Not stated; in pregnancy: " + row.text);
  }

  void Renal() {
    if (egfr_) {
      EachWorst(
          rules_.renal, [&](const SingleRow& row) { return *egfr_ < *row.below; },
          &Screening::LowEgfr);
    } else {
      EachWorst(
          rules_.renal,
          [](const SingleRow& row) { return row.severity == Severity::kContraindicated; },
          &Screening::UnknownEgfr);
    }
  }
  void LowEgfr(const std::string& drug, const SingleRow& row) {
    Flag("renal", row.severity, row.id, {drug},
         drug + ": eGFR " + Plain(*egfr_) + ", below " + Plain(*row.below) + "; " + row.text);
  }
  void UnknownEgfr(const std::string& drug, const SingleRow& row) {
    Flag("renal", Severity::kInfo, row.id, {drug},
         drug + ": eGFR not stated; below " + Plain(*row.below) + ": " + row.text);
  }

  void Age() {
    if (!age_) return;
    EachWorst(
        rules_.age,
        [&](const SingleRow& row) {
          return (!row.below || *age_ < *row.below) && (!row.from || *age_ >= *row.from);
        },
        &Screening::WrongAge);
  }
  void WrongAge(const std::string& drug, const SingleRow& row) {
    Flag("age", row.severity, row.id, {drug}, drug + ": age " + Plain(*age_) + "; " + row.text);
  }

  void Unknowns() {
    for (const std::string& part : unknown_allergies_) {
      Flag("unknown_allergy", Severity::kInfo, Rule("unknown_allergy"), {},
           "allergy " + Quoted(part) + " is not understood and was not screened");
    }
    if (!current_.unknown.empty()) {
      Flag("unknown_medication", Severity::kInfo, Rule("unknown_medication"), {},
           "current medications that are not in the table and were not screened: " +
               List(current_.unknown));
    }
    if (!unscreened_.empty()) {
      Flag("unknown_medication", Severity::kCaution, Rule("unknown_medication"), unscreened_,
           "recommended, not in the table and therefore not screened: " + List(unscreened_));
    }
  }

  const SafetyRules& rules_;
  const MedicationTable& medications_;
  const Patient& patient_;
  const StatedMedications current_;
  const std::optional<double> age_;
  const std::optional<double> egfr_;
  std::vector<std::string> recommended_;  // known: ingredients and classes
  std::vector<std::string> unscreened_;
  std::set<std::string> unknown_allergies_;
  std::vector<Found> found_;
};

}  // namespace

Result<SafetyTables> SafetyTables::Load(const std::string& folder,
                                        const MedicationTable& medications) {
  SafetyTexts texts;
  for (std::size_t i = 0; i < texts.size(); ++i) {
    auto text = ReadTableFile(folder + "/" + kSafetyFiles[i]);
    if (!text) return text.error();
    texts[i] = *std::move(text);
  }
  auto rules = BuildSafetyRules(texts, medications, folder + "/");
  if (!rules) return rules.error();
  auto data = std::make_shared<Data>();
  data->rules = *std::move(rules);
  return SafetyTables(std::move(data));
}

SafetyTables::SafetyTables(std::shared_ptr<const Data> data) : data_(std::move(data)) {}

std::vector<SafetyFlag> SafetyTables::Screen(const std::vector<std::string>& ingredients,
                                             const Patient& patient,
                                             const MedicationTable& medications) const {
  return Screening(data_->rules, medications, ingredients, patient).Run();
}

}  // namespace consilium
