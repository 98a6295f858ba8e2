#include "tests/support/llm_answers.h"

#include <algorithm>
#include <array>
#include <cctype>

#include "shared/ids.h"
#include "tests/support/llm_forms.h"

namespace consilium {
namespace {

using Json = nlohmann::json;

struct Drug {
  const char* ingredient;
  const char* dose;
};
constexpr std::array<Drug, 6> kDrugs = {{{"amoxicillin", "500"},
                                         {"metformin", "500"},
                                         {"ramipril", "5"},
                                         {"omeprazole", "20"},
                                         {"paracetamol", "1000"},
                                         {"doxycycline", "100"}}};

std::string Between(const std::string& text, const std::string& after, const std::string& before) {
  const std::size_t at = text.find(after);
  if (at == std::string::npos) return text;
  const std::size_t start = at + after.size();
  return text.substr(start, text.find(before, start) - start);
}

// What does not change with the delimiter of a prompt.
std::string CaseText(const Asked& asked) {
  return Between(asked.user, "Text:\n", "\nKnown about the patient:");
}

// The first letter of a closed choice, e.g. of "A) aspirin"; null if there is none.
Json OptionOf(const Asked& asked) {
  const std::size_t at = asked.user.find("\nOptions:\n");
  if (at == std::string::npos) return nullptr;
  const std::string line = asked.user.substr(at + 10, asked.user.find('\n', at + 10) - at - 10);
  const std::size_t end = line.find(") ");
  return end == std::string::npos ? Json() : Json(line.substr(0, end));
}

Json GenerateAnswer(const Asked& asked) {
  const std::string text = CaseText(asked);
  SeededRandom of_case(0, text);
  SeededRandom of_model(0, asked.key.model + "\n" + text);
  std::size_t drug = of_case.Below(kDrugs.size());
  if (of_model.Below(10) >= 7) drug = (drug + 1) % kDrugs.size();
  const Json medication = {{"ingredient", kDrugs.at(drug).ingredient},
                           {"dose", kDrugs.at(drug).dose},
                           {"unit", "mg"},
                           {"route", "oral"},
                           {"frequency", "once a day"},
                           {"duration", "5 days"},
                           {"indication", "as described"}};
  return {{"medications", Json::array({medication})},
          {"option", OptionOf(asked)},
          {"rationale", "It fits what is described."},
          {"cautions", ""},
          {"confidence", 0.5 + static_cast<double>(of_model.Below(50)) / 100.0}};
}

Json ReviewAnswer(const Asked& asked) {
  Json grades = Json::array();
  for (const std::string& label : LabelsOf(asked)) {
    SeededRandom random(0, asked.key.model + "\n" + label + "\n" + CaseText(asked));
    grades.push_back({{"label", label},
                      {"grade", static_cast<double>(5 + random.Below(6)) / 10.0},
                      {"comment", "Reasonable."},
                      {"harm", false}});
  }
  return {{"grades", grades}};
}

// The type of a schema that allows several: the first that is not null.
std::string TypeOf(const Json& schema) {
  const auto found = schema.find("type");
  std::string type;
  if (found != schema.end() && found->is_string()) type = found->get<std::string>();
  if (found != schema.end() && found->is_array()) {
    for (const Json& one : *found) {
      if (one.is_string() && one != "null" && type.empty()) type = one.get<std::string>();
    }
  }
  // Gemini writes them in capitals.
  std::transform(type.begin(), type.end(), type.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  if (type.empty() && schema.contains("properties")) return "object";
  return type;
}

}  // namespace

Json FitSchema(const Json& schema, const Json& preferred) {
  if (!schema.is_object()) return preferred;
  if (schema.contains("const")) return schema["const"];
  for (const char* key : {"enum", "anyOf", "oneOf"}) {
    if (!schema.contains(key) || !schema[key].is_array() || schema[key].empty()) continue;
    const Json& choices = schema[key];
    if (key[0] != 'e') return FitSchema(choices.front(), preferred);
    return std::find(choices.begin(), choices.end(), preferred) != choices.end() ? preferred
                                                                                 : choices.front();
  }
  const std::string type = TypeOf(schema);
  if (type == "object") {
    Json made = Json::object();
    const Json properties = schema.value("properties", Json::object());
    for (const auto& [name, inner] : properties.items()) {
      const bool known = preferred.is_object() && preferred.contains(name);
      // A null that is preferred is allowed: our own answers hold it only where it may be.
      if (known && preferred[name].is_null()) {
        made[name] = nullptr;
      } else {
        made[name] = FitSchema(inner, known ? preferred[name] : Json());
      }
    }
    return made;
  }
  if (type == "array") {
    const Json items = schema.value("items", Json());
    Json made = Json::array();
    if (!preferred.is_array()) {
      made.push_back(FitSchema(items, Json()));
    } else {
      for (const Json& item : preferred) made.push_back(FitSchema(items, item));
    }
    return made;
  }
  if (type == "string") return preferred.is_string() ? preferred : Json("text");
  if (type == "number") return preferred.is_number() ? preferred : Json(0.5);
  if (type == "integer") return preferred.is_number_integer() ? preferred : Json(1);
  if (type == "boolean") return preferred.is_boolean() ? preferred : Json(true);
  return preferred;
}

std::string ValidAnswer(const Asked& asked) {
  Json answer;
  if (asked.key.stage == "generate") answer = GenerateAnswer(asked);
  if (asked.key.stage == "review") answer = ReviewAnswer(asked);
  if (!asked.schema.is_null()) answer = FitSchema(asked.schema, answer);
  if (!answer.is_null()) return Dump(answer);
  return asked.rung == LlmRung::kText ? "The council is ready." : R"({"ready":"yes"})";
}

}  // namespace consilium
