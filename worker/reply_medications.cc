#include "worker/reply_medications.h"

#include <algorithm>
#include <initializer_list>
#include <iterator>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "shared/limits.h"
#include "worker/prescription.h"
#include "worker/reply_shape.h"
#include "worker/reply_values.h"
#include "shared/text.h"
#include "worker/text_clean.h"

namespace consilium {
namespace {

using Json = nlohmann::json;

bool IsOneOf(std::string_view text, std::initializer_list<std::string_view> words) {
  return std::find(words.begin(), words.end(), text) != words.end();
}

bool TakePrefix(std::string_view& text, std::string_view prefix) {
  if (text.substr(0, prefix.size()) != prefix) return false;
  text.remove_prefix(prefix.size());
  return true;
}

// "None", "No pharmacological treatment is indicated at this time.", "Watchful waiting".
bool MeansNone(std::string_view stated) {
  const std::string lower = LowerAscii(Trimmed(stated));
  std::string_view text = lower;
  if (!text.empty() && text.back() == '.') text.remove_suffix(1);
  for (const std::string_view when : {" at this time", " at present", " currently", " now"}) {
    if (text.size() > when.size() && text.substr(text.size() - when.size()) == when) {
      text.remove_suffix(when.size());
    }
  }
  if (IsOneOf(text, {"none", "nil", "n/a", "not applicable", "none needed", "none required",
                     "none indicated", "watchful waiting", "supportive care only",
                     "supportive care alone", "observation", "observation only",
                     "observation alone", "watch and wait"})) {
    return true;
  }
  if (!TakePrefix(text, "no ")) return false;
  constexpr std::string_view kSubjects[] = {"medications",
                                            "medication therapy",
                                            "medication",
                                            "drugs",
                                            "drug therapy",
                                            "drug treatment",
                                            "drug",
                                            "pharmacological treatment",
                                            "pharmacologic treatment",
                                            "pharmacological therapy",
                                            "pharmacologic therapy",
                                            "pharmacological intervention",
                                            "pharmacologic intervention",
                                            "pharmacotherapy",
                                            "treatment"};
  const auto subject = std::find_if(std::begin(kSubjects), std::end(kSubjects),
                                    [&](std::string_view word) { return TakePrefix(text, word); });
  if (subject == std::end(kSubjects)) return false;
  if (text.empty()) return *subject != "treatment";
  if (!TakePrefix(text, " is ") && !TakePrefix(text, " are ") && !TakePrefix(text, " ")) {
    return false;
  }
  return IsOneOf(text,
                 {"needed", "required", "indicated", "necessary", "recommended", "warranted"});
}

struct FieldOf {
  Field field;
  std::string Medication::*member;
};
constexpr FieldOf kFields[] = {
    {Field::kDose, &Medication::dose},         {Field::kUnit, &Medication::unit},
    {Field::kRoute, &Medication::route},       {Field::kFrequency, &Medication::frequency},
    {Field::kDuration, &Medication::duration}, {Field::kIndication, &Medication::indication},
};

bool StatesOnlyAName(const Medication& m) {
  return std::all_of(std::begin(kFields), std::end(kFields),
                     [&](const FieldOf& field) { return (m.*field.member).empty(); });
}

// A scalar as it is written; so is the only one of a list, and an amount with its unit as an
// object. Empty for the rest: a list may hold doses in turn, an object more than one number.
std::optional<std::string> AsField(const Json* value, Field field) {
  if (value != nullptr && value->is_array() && value->size() == 1) value = &value->front();
  const bool amount = value != nullptr && value->is_object() && field == Field::kDose;
  if (!amount || value->size() != 2) return AsText(value);
  std::string number;
  std::string unit;
  for (const auto& [name, part] : value->items()) {
    const std::string key = LowerAscii(name);
    std::string& into = IsOneOf(key, {"unit", "units"}) ? unit : number;
    if (&into == &number && !IsOneOf(key, {"amount", "value", "dose"})) return std::nullopt;
    if (!part.is_number() && !part.is_string()) return std::nullopt;
    into = Trimmed(*AsText(&part));
  }
  if (number.empty() || unit.empty()) return std::nullopt;
  return number + " " + unit;
}

// What an item of the list states, as it is written.
std::optional<ParseProblem> ReadItem(const Json& item, const std::string& path,
                                     Medication& medication) {
  if (item.is_string()) {
    medication.ingredient = item.get<std::string>();
    return std::nullopt;
  }
  if (!item.is_object()) return Mismatch(path + ": expected an object");
  const Member name = FindMember(item, Field::kIngredient);
  if (name.value != nullptr && !name.value->is_null()) {
    if (!name.value->is_string()) {
      return Mismatch(path + "." + std::string(name.key) + ": expected a string");
    }
    medication.ingredient = name.value->get<std::string>();
  }
  for (const FieldOf& field : kFields) {
    const Member member = FindMember(item, field.field);
    const std::optional<std::string> text = AsField(member.value, field.field);
    if (!text) {
      return Mismatch(path + "." + std::string(member.key) +
                      ": expected a string, a number or null");
    }
    medication.*field.member = Trimmed(CleanText(*text, /*lines=*/false));
  }
  return std::nullopt;
}

ParseProblem TooLong(const std::string& path, std::size_t bytes, std::size_t bytes_max) {
  return Mismatch(path + ": " + std::to_string(bytes) + " bytes, expected at most " +
                  std::to_string(bytes_max));
}

std::optional<ParseProblem> Add(Medication medication, const std::string& path, Answer& answer) {
  medication.ingredient = std::string(Trimmed(CleanText(medication.ingredient, /*lines=*/false)));
  TidyMedication(medication);
  medication.indication = CleanCut(medication.indication, kFieldBytesMax, /*lines=*/false);
  if (medication.ingredient.empty()) return Mismatch(path + ".ingredient: missing");
  // A name that is cut could be the name of something else, a dose another dose.
  if (medication.ingredient.size() > kIngredientBytesMax) {
    return TooLong(path + ".ingredient", medication.ingredient.size(), kIngredientBytesMax);
  }
  for (const FieldOf& field : kFields) {
    const std::size_t bytes = (medication.*field.member).size();
    if (bytes <= kFieldBytesMax) continue;
    return TooLong(path + "." + std::string(FindMember(Json::object(), field.field).key), bytes,
                   kFieldBytesMax);
  }
  answer.medications.push_back(std::move(medication));
  return std::nullopt;
}

std::optional<ParseProblem> ReadMedication(const Json& item, const std::string& path,
                                           Answer& answer) {
  Medication medication;
  if (auto problem = ReadItem(item, path, medication)) return problem;
  if (!StatesOnlyAName(medication)) return Add(std::move(medication), path, answer);
  for (std::string& part : SplitPrescriptions(CleanText(medication.ingredient, /*lines=*/true))) {
    Medication one;
    one.ingredient = std::move(part);
    if (auto problem = Add(std::move(one), path, answer)) return problem;
  }
  return std::nullopt;
}

bool IsBlank(const Json& value) {
  return value.is_null() ||
         (value.is_string() && Trimmed(value.get_ref<const std::string&>()).empty());
}

// null, "", or an object that has a key for the name and whose every value is blank.
bool IsBlankItem(const Json& item) {
  if (!item.is_object()) return IsBlank(item);
  return FindMember(item, Field::kIngredient).value != nullptr &&
         std::all_of(item.begin(), item.end(), IsBlank);
}

std::size_t Bytes(const Medication& m) {
  std::size_t bytes = m.ingredient.size();
  for (const FieldOf& field : kFields) bytes += (m.*field.member).size();
  return bytes;
}

ParseProblem TooMany(std::size_t items) {
  return Mismatch("medications: " + std::to_string(items) + " items, expected at most " +
                  std::to_string(limits::kMedicationsMax));
}

}  // namespace

std::optional<ParseProblem> ReadMedications(const Json& reply, bool closed, Answer& answer) {
  const auto stated = reply.find("medications");
  if (stated == reply.end()) return Mismatch("medications: missing");
  const Json list = stated->is_object() || stated->is_string() ? Json::array({*stated}) : *stated;
  const bool blank =
      list.is_null() || (list.is_array() && list.size() == 1 && IsBlankItem(list.front()));
  if (blank) {
    const Json* const option = FindMember(reply, Field::kOption).value;
    if (!closed || option == nullptr || IsBlank(*option)) return std::nullopt;
    return Mismatch("medications: blank beside an option, expected an array");
  }
  if (!list.is_array()) return Mismatch("medications: expected an array");
  if (list.size() > limits::kMedicationsMax) return TooMany(list.size());
  for (std::size_t i = 0; i < list.size(); ++i) {
    const std::string path = "medications[" + std::to_string(i) + "]";
    if (auto problem = ReadMedication(list[i], path, answer)) return problem;
    // One string may hold several.
    if (answer.medications.size() > limits::kMedicationsMax) {
      return TooMany(answer.medications.size());
    }
  }
  std::size_t bytes = 0;
  for (const Medication& medication : answer.medications) bytes += Bytes(medication);
  if (bytes > kMedicationBytesMax) {
    return Mismatch("medications: " + std::to_string(bytes) + " bytes, expected at most " +
                    std::to_string(kMedicationBytesMax));
  }
  if (answer.medications.size() == 1 && MeansNone(answer.medications[0].ingredient)) {
    answer.medications.clear();
  }
  return std::nullopt;
}

}  // namespace consilium
