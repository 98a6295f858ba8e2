#include "gateway/fhir/datatypes.h"

#include <algorithm>
#include <charconv>

#include "shared/text.h"

namespace consilium {
namespace {

bool IsTypeName(std::string_view text) {
  return text.size() >= 3 && text.size() <= 64 && text[0] >= 'A' && text[0] <= 'Z' &&
         std::all_of(text.begin(), text.end(),
                     [](char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); });
}

// R4: [A-Za-z0-9\-\.]{1,64}. Longer ones and underscores are seen; they name a thing all the same.
bool IsId(std::string_view text) {
  return !text.empty() && text.size() <= 128 && std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '.' || c == '_';
  });
}

std::string ReadTiming(const FhirNode& timing) {
  std::string named = ReadConcept(timing.Object("code")).text;
  if (!named.empty()) return named;
  const FhirNode repeat = timing.Object("repeat");
  std::string text;
  const std::string frequency = repeat.Number("frequency").value_or("");
  const std::string period = repeat.Number("period").value_or("");
  const std::string unit = repeat.Text("periodUnit");
  if (!period.empty() && !unit.empty()) {
    text = (frequency.empty() ? "1" : frequency) + "x per " + (period == "1" ? "" : period + " ") +
           unit;
  }
  for (const std::string& when : repeat.Texts("when")) text += (text.empty() ? "" : ", ") + when;
  return text;
}

}  // namespace

void AddPart(std::string& list, std::string_view label, std::string_view part) {
  if (part.empty()) return;
  if (!list.empty()) list += "; ";
  list += label;
  list += part;
}

FhirConcept ReadConcept(const FhirNode& concept_node, std::string_view preferred) {
  FhirConcept result;
  result.text = std::string(Trimmed(concept_node.Text("text")));
  std::string display;
  int best = 0;  // 1: has a code, 2: chosen by a user, 3: of the preferred system
  for (const FhirNode& coding : concept_node.Objects("coding")) {
    const std::string code = coding.Text("code");
    const std::string system = coding.Text("system");
    const std::string shown = coding.Text("display");
    if (display.empty()) display = shown;
    if (code.empty()) continue;
    const bool chosen = coding.Flag("userSelected").value_or(false);
    const int rank = !preferred.empty() && system == preferred ? 3 : chosen ? 2 : 1;
    if (rank <= best) continue;
    best = rank;
    result.code = code;
    result.system = system;
    if (!shown.empty()) display = shown;
  }
  if (result.text.empty()) result.text = std::string(Trimmed(display));
  if (result.text.empty()) result.text = result.code;
  return result;
}

bool HasCoding(const FhirNode& concept_node, std::string_view system, std::string_view code) {
  const FhirValue* const codings = concept_node ? concept_node.value()->Find("coding") : nullptr;
  if (codings == nullptr) return false;
  return std::any_of(codings->items.begin(), codings->items.end(), [&](const FhirValue& coding) {
    return coding.TextOf("code") == code && coding.TextOf("system") == system;
  });
}

std::string ReadStatusConcept(const FhirNode& concept_node, std::string_view system,
                              const std::vector<std::string_view>& allowed) {
  if (!concept_node) return "";
  std::string expected;
  for (const std::string_view one : allowed) {
    if (!expected.empty()) expected += ", ";
    expected += one;
  }
  for (const FhirNode& coding : concept_node.Objects("coding")) {
    const std::string stated = coding.Text("system");
    if (stated != system && !stated.empty()) continue;
    std::string code = coding.Code("code", allowed);
    if (!code.empty()) return code;
  }
  concept_node.Refuse("code-invalid", "",
                      "expected a code of " + std::string(system) + ": " + expected);
  return "";
}

std::string ReadConceptTexts(const FhirNode& parent, const char* name) {
  std::string all;
  for (const FhirNode& item : parent.Objects(name)) {
    const std::string text = ReadConcept(item).text;
    if (text.empty()) continue;
    if (!all.empty()) all += ", ";
    all += text;
  }
  return all;
}

FhirQuantity ReadQuantity(const FhirNode& quantity) {
  FhirQuantity result;
  const std::optional<std::string> value = quantity.Number("value");
  if (!value) return result;
  const std::string comparator = quantity.Code("comparator", {"<", "<=", ">=", ">"});
  result.value = comparator + *value;
  if (comparator.empty()) {
    double number = 0;
    const auto read = std::from_chars(value->data(), value->data() + value->size(), number);
    if (read.ec == std::errc()) {
      result.number = number;
    } else {
      quantity.Refuse("value", "value", "expected a number that a double can hold");
    }
  }
  const bool ucum = quantity.Text("system") == kUcum;
  const std::string code = quantity.Text("code");
  result.unit = ucum && !code.empty() ? code : quantity.Text("unit");
  if (result.unit.empty()) result.unit = code;
  return result;
}

std::string IdentifierKey(std::string_view system, std::string_view value) {
  if (value.empty()) return "";
  return std::string(system) + "|" + std::string(value);
}

std::string ReadIdentifierKey(const FhirNode& identifier) {
  return IdentifierKey(identifier.Text("system"), identifier.Text("value"));
}

std::string FhirReference::Key() const {
  if (!id.empty()) return type + "/" + id;
  if (!value.empty()) return IdentifierKey(system, value);
  return text;
}

FhirReference ParseReference(std::string_view text) {
  FhirReference result;
  result.stated = true;
  if (text.substr(0, 1) == "#") {
    result.text = std::string(text);
    result.fragment = std::string(text.substr(1));
    return result;
  }
  const std::size_t version = text.find("/_history/");
  if (version != text.npos) text = text.substr(0, version);
  result.text = std::string(text);
  constexpr std::string_view kBy = "?identifier=";
  if (const std::size_t by = text.find(kBy); by != text.npos) {
    result.type = std::string(text.substr(0, by));
    const std::string_view token = text.substr(by + kBy.size());
    const std::size_t bar = token.find('|');
    if (bar != token.npos && token.find('&') == token.npos) {
      result.system = std::string(token.substr(0, bar));
      result.value = std::string(token.substr(bar + 1));
    }
    return result;
  }
  if (text.substr(0, 4) == "urn:") return result;
  const std::size_t before_id = text.rfind('/');
  if (before_id == text.npos || before_id == 0) return result;
  const std::size_t before_type = text.rfind('/', before_id - 1);
  const std::size_t type_at = before_type == text.npos ? 0 : before_type + 1;
  const std::string_view type = text.substr(type_at, before_id - type_at);
  const std::string_view id = text.substr(before_id + 1);
  if (!IsTypeName(type) || !IsId(id)) return result;
  result.type = std::string(type);
  result.id = std::string(id);
  if (before_type != text.npos) result.base = std::string(text.substr(0, before_type));
  return result;
}

FhirReference ReadReference(const FhirNode& reference) {
  if (!reference) return {};
  FhirReference result = ParseReference(reference.Text("reference"));
  result.display = reference.Text("display");
  const FhirNode identifier = reference.Object("identifier");
  if (identifier && result.value.empty()) {
    result.system = identifier.Text("system");
    result.value = identifier.Text("value");
  }
  const std::string type = reference.Text("type");
  if (result.type.empty()) {
    result.type = type;
  } else if (!type.empty() && type != result.type) {
    reference.Refuse("value", "type", "is another than that of the reference");
  }
  return result;
}

std::string ReadDosage(const FhirNode& dosage) {
  std::string text(Trimmed(dosage.Text("text")));
  if (!text.empty()) return text;
  std::string parts;
  const auto add = [&](const std::string& part) {
    if (part.empty()) return;
    if (!parts.empty()) parts += ", ";
    parts += part;
  };
  for (const FhirNode& rate : dosage.Objects("doseAndRate")) {
    const FhirQuantity dose = ReadQuantity(rate.Object("doseQuantity"));
    add(dose.unit.empty() && !dose.value.empty() ? "dose " + dose.value : dose.Text());
    const FhirNode range = rate.Object("doseRange");
    std::string both = ReadQuantity(range.Object("low")).Text();
    const std::string high = ReadQuantity(range.Object("high")).Text();
    if (!both.empty() && !high.empty()) both += " to ";
    both += high;
    add(both);
  }
  add(ReadConcept(dosage.Object("route")).text);
  add(ReadTiming(dosage.Object("timing")));
  if (dosage.Flag("asNeededBoolean").value_or(false)) add("as needed");
  const std::string need = ReadConcept(dosage.Object("asNeededCodeableConcept")).text;
  if (!need.empty()) add("as needed for " + need);
  add(dosage.Text("patientInstruction"));
  return parts;
}

std::string ReadTimeChoice(const FhirNode& parent, const std::string& name) {
  std::string time = parent.Time((name + "DateTime").c_str());
  if (time.empty()) time = parent.Object((name + "Period").c_str()).Time("start");
  return time;
}

std::string ReadAnnotations(const FhirNode& parent) {
  std::string all;
  for (const FhirNode& note : parent.Objects("note")) AddPart(all, "", Trimmed(note.Text("text")));
  return all;
}

}  // namespace consilium
