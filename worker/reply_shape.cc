#include "worker/reply_shape.h"

#include <algorithm>
#include <string>
#include <utility>

#include "worker/json_object.h"
#include "shared/text.h"

namespace consilium {
namespace {

using Json = nlohmann::json;

struct Keys {
  std::string_view keys[6];  // the first as the prompt asks for it
};
constexpr Keys kFields[] = {
    // in the order of Field
    {{"ingredient", "drug", "name", "medication", "drug_name", "active_ingredient"}},
    {{"dose", "dosage"}},
    {{"unit", "units", "dose_unit"}},
    {{"route", "route_of_administration"}},
    {{"frequency", "freq"}},
    {{"duration"}},
    {{"indication"}},
    {{"option", "answer", "choice", "selected_option", "answer_choice"}},
    {{"rationale", "reason", "reasoning", "explanation", "justification"}},
    {{"cautions", "caution", "warnings", "precautions", "monitoring"}},
    {{"confidence"}},
    {{"label", "id", "answer", "answer_id", "answer_label"}},
    {{"grade", "score", "rating", "mark"}},
    {{"comment", "reason", "rationale", "explanation", "justification", "feedback"}},
    {{"harm", "harmful", "serious_harm"}},
};

constexpr std::string_view kMedicationLists[] = {"medications", "medication",    "meds",
                                                 "drugs",       "prescriptions", "recommendations"};
constexpr std::string_view kGradeLists[] = {"grades", "scores", "ratings", "marks", "reviews"};
constexpr std::string_view kWrappers[] = {
    "answer",       "recommendation", "result",     "response", "output",
    "final_answer", "arguments",      "parameters", "function", "json"};
constexpr int kWrappersMax = 3;  // objects and strings, one in the other: more would be an attack

std::string FoldedKey(std::string_view key) {
  std::string folded = LowerAscii(Trimmed(key));
  std::replace(folded.begin(), folded.end(), '-', '_');
  std::replace(folded.begin(), folded.end(), ' ', '_');
  return folded;
}

// Exactly this key, else one that differs from it in case, hyphens and spaces only.
const Json* Find(const Json& object, std::string_view key) {
  const auto exact = object.find(std::string(key));
  if (exact != object.end()) return &*exact;
  for (const auto& [name, value] : object.items()) {
    if (FoldedKey(name) == key) return &value;
  }
  return nullptr;
}

bool Has(const Json& object, Field field) { return FindMember(object, field).value != nullptr; }

bool IsMedication(const Json& item) {
  return item.is_object() && FindMember(item, Field::kIngredient).value != nullptr &&
         FindMember(item, Field::kIngredient).value->is_string();
}
bool IsGrade(const Json& item) {
  return item.is_object() && Has(item, Field::kLabel) && Has(item, Field::kGrade);
}

bool AllAre(const Json& list, bool (*is)(const Json&)) {
  return list.is_array() && !list.empty() && std::all_of(list.begin(), list.end(), is);
}

bool StatesRegimen(const Json& object) {
  return Has(object, Field::kDose) || Has(object, Field::kRoute) ||
         Has(object, Field::kFrequency) || Has(object, Field::kDuration);
}

std::string_view ListKey(ReplyKind kind) {
  return kind == ReplyKind::kAnswer ? kMedicationLists[0] : kGradeLists[0];
}

// The list of an answer under a synonym of its key.
std::optional<Json> SynonymousList(const Json& object, ReplyKind kind) {
  if (kind == ReplyKind::kGrades) {
    for (const std::string_view key : kGradeLists) {
      const Json* list = Find(object, key);
      if (list != nullptr && AllAre(*list, IsGrade)) return *list;
    }
    return std::nullopt;
  }
  for (const std::string_view key : kMedicationLists) {
    const Json* list = Find(object, key);
    if (list == nullptr) continue;
    if (key == kMedicationLists[0]) return *list;
    // Advice of other kinds stands there as well.
    if (key == "recommendations" && !AllAre(*list, IsMedication)) continue;
    // {"medication": "aspirin", "dose": "81 mg"} is one medication.
    if (list->is_string() && StatesRegimen(object)) return Json::array({object});
    if (list->is_array() || list->is_string() || IsMedication(*list)) return *list;
  }
  return std::nullopt;
}

// Whether a reply begins here: at the beginning of the text or of fenced code.
bool OpensReply(std::string_view before) {
  before = Trimmed(before);
  const std::size_t line = before.rfind('\n') == before.npos ? 0 : before.rfind('\n') + 1;
  return before.empty() || before.substr(line, 3) == "```";
}

class Search {
 public:
  Search(ReplyKind kind, bool complete) : kind_(kind), complete_(complete) {}

  std::optional<Json> InText(std::string_view text) {
    JsonInText found = Read(text);
    // A bare list says nothing of whose medications it names: it counts as the whole reply only.
    bare_list_ = found.values.size() == 1 && OpensReply(text.substr(0, found.first_at));
    for (const Json& value : found.values) {
      const Json& object = value.is_array() && !value.empty() ? value.front() : value;
      if (!first_ && object.is_object()) first_ = object;
    }
    // Beside an object that was cut, anything less clear may be about the patient's own
    // medications.
    const std::string key(ListKey(kind_));
    if (found.unread) {
      std::erase_if(found.values, [&](const Json& value) { return !value.contains(key); });
    }
    const bool cut = found.unread_behind;
    if (std::optional<Json> reply = Only(std::move(found.values), 0)) {
      ambiguous = ambiguous || cut;
      return reply;
    }
    return std::move(first_);
  }

  std::size_t bytes_read = 0;
  bool ambiguous = false;

 private:
  JsonInText Read(std::string_view text) {
    JsonInText found = FindJson(text, complete_);
    bytes_read += found.bytes_read;
    return found;
  }

  // The one reply among `values`; `ambiguous` when there are several that differ.
  std::optional<Json> Only(std::vector<Json> values, int wrappers) {
    const std::string key(ListKey(kind_));
    std::optional<Json> only;
    const auto take = [&](std::optional<Json> reply) {
      if (only && reply && *reply != *only) ambiguous = true;
      if (!only) only = std::move(reply);
    };
    const auto asked_for = [&](const Json& value) {
      return value.is_object() && value.contains(key);
    };
    const auto others = std::stable_partition(values.begin(), values.end(), asked_for);
    std::for_each(values.begin(), others, [&](Json& value) { take(std::move(value)); });
    // Beside the key that was asked for, a synonym may name the patient's own medications.
    const bool synonyms = synonyms_;
    synonyms_ = synonyms_ && !only;
    std::for_each(others, values.end(), [&](Json& value) { take(Open(value, wrappers)); });
    synonyms_ = synonyms;
    return only;
  }

  std::optional<Json> Open(Json& value, int wrappers) {
    const std::string key(ListKey(kind_));
    if (value.is_array()) {
      const bool counts = synonyms_ && (bare_list_ || wrappers > 0);
      if (counts && AllAre(value, kind_ == ReplyKind::kAnswer ? IsMedication : IsGrade)) {
        return Json{{key, std::move(value)}};
      }
      return Only(value.get<std::vector<Json>>(), wrappers);
    }
    if (value.is_string() && wrappers > 0 && wrappers < kWrappersMax) {
      return Only(Read(value.get_ref<const std::string&>()).values, wrappers + 1);
    }
    if (!value.is_object()) return std::nullopt;
    if (value.contains(key)) return std::move(value);
    std::optional<Json> list = synonyms_ ? SynonymousList(value, kind_) : std::nullopt;
    if (list) {
      value[key] = *std::move(list);
      return std::move(value);
    }
    if (wrappers >= kWrappersMax) return std::nullopt;
    for (const std::string_view wrapper : kWrappers) {
      const Json* inner = Find(value, wrapper);
      if (inner == nullptr) continue;
      Json copy = *inner;
      if (std::optional<Json> reply = Open(copy, wrappers + 1)) return reply;
    }
    return std::nullopt;
  }

  ReplyKind kind_;
  bool complete_;
  bool synonyms_ = true;    // other keys than the one that was asked for count
  bool bare_list_ = false;  // the reply may be a list outside of any object
  std::optional<Json> first_;
};

}  // namespace

Member FindMember(const Json& object, Field field) {
  const auto& keys = kFields[static_cast<std::size_t>(field)].keys;
  for (const std::string_view key : keys) {
    if (key.empty()) break;
    if (const Json* value = Find(object, key)) return {value, key, key != keys[0]};
  }
  return {nullptr, keys[0], false};
}

FoundReply FindReply(std::string_view text, ReplyKind kind, bool complete) {
  Search search(kind, complete);
  std::optional<Json> object = search.InText(text);
  return {std::move(object), search.ambiguous, search.bytes_read};
}

}  // namespace consilium
