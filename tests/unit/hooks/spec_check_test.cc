#include "tests/unit/hooks/spec_check.h"

#include <gtest/gtest.h>

#include <regex>
#include <set>

namespace consilium {
namespace {

using nlohmann::json;

enum class Must { kYes, kMay };
struct Row {
  const char* field;
  Must must;
  json::value_t type;
};
constexpr auto kText = json::value_t::string;
constexpr auto kObject = json::value_t::object;
constexpr auto kArray = json::value_t::array;
constexpr auto kBoolean = json::value_t::boolean;

const std::vector<Row> kServiceRows = {
    {"hook", Must::kYes, kText},        {"title", Must::kMay, kText},
    {"description", Must::kYes, kText}, {"id", Must::kYes, kText},
    {"prefetch", Must::kMay, kObject},  {"usageRequirements", Must::kMay, kText}};
const std::vector<Row> kCardRows = {{"uuid", Must::kMay, kText},
                                    {"summary", Must::kYes, kText},
                                    {"detail", Must::kMay, kText},
                                    {"indicator", Must::kYes, kText},
                                    {"source", Must::kYes, kObject},
                                    {"suggestions", Must::kMay, kArray},
                                    {"selectionBehavior", Must::kMay, kText},
                                    {"overrideReasons", Must::kMay, kArray},
                                    {"links", Must::kMay, kArray}};
const std::vector<Row> kSourceRows = {{"label", Must::kYes, kText},
                                      {"url", Must::kMay, kText},
                                      {"icon", Must::kMay, kText},
                                      {"topic", Must::kMay, kObject}};
const std::vector<Row> kSuggestionRows = {{"label", Must::kYes, kText},
                                          {"uuid", Must::kMay, kText},
                                          {"isRecommended", Must::kMay, kBoolean},
                                          {"actions", Must::kMay, kArray}};
const std::vector<Row> kActionRows = {{"type", Must::kYes, kText},
                                      {"description", Must::kYes, kText},
                                      {"resource", Must::kMay, kObject},
                                      {"resourceId", Must::kMay, kText}};
const std::vector<Row> kReasonRows = {
    {"code", Must::kYes, kText}, {"system", Must::kYes, kText}, {"display", Must::kYes, kText}};
const std::vector<Row> kLinkRows = {{"label", Must::kYes, kText},
                                    {"url", Must::kYes, kText},
                                    {"type", Must::kYes, kText},
                                    {"appContext", Must::kMay, kText}};
// FHIR R4, MedicationRequest: what this service may write; status, intent, medication[x] and
// subject are 1..1.
const std::vector<Row> kRequestRows = {{"resourceType", Must::kYes, kText},
                                       {"id", Must::kMay, kText},
                                       {"meta", Must::kMay, kObject},
                                       {"status", Must::kYes, kText},
                                       {"intent", Must::kYes, kText},
                                       {"medicationCodeableConcept", Must::kYes, kObject},
                                       {"subject", Must::kYes, kObject},
                                       {"encounter", Must::kMay, kObject},
                                       {"reasonCode", Must::kMay, kArray},
                                       {"note", Must::kMay, kArray},
                                       {"dosageInstruction", Must::kMay, kArray}};

class Checker {
 public:
  std::vector<std::string> problems;

  void Say(const std::string& where, const std::string& what) {
    problems.push_back(where + ": " + what);
  }
  void Rows(const json& object, const std::vector<Row>& rows, const std::string& where) {
    if (!object.is_object()) return Say(where, "no object");
    std::set<std::string> known;
    for (const Row& row : rows) {
      known.insert(row.field);
      const bool there = object.contains(row.field);
      if (!there && row.must == Must::kYes) Say(where + "." + row.field, "missing");
      if (there && object[row.field].type() != row.type) Say(where + "." + row.field, "type");
    }
    for (const auto& [name, value] : object.items()) {
      if (known.count(name) == 0) Say(where + "." + name, "not in the table");
    }
  }
  // Nothing null or empty anywhere, except the arrays that may be.
  void Empty(const json& value, const std::string& where) {
    if (value.is_null()) Say(where, "null");
    if (value.is_string() && value.get_ref<const std::string&>().empty()) Say(where, "empty text");
    if (value.is_structured() && value.empty()) Say(where, "empty");
    if (value.is_object()) {
      for (const auto& [name, one] : value.items()) Empty(one, where + "." + name);
    }
    if (value.is_array()) {
      for (std::size_t i = 0; i < value.size(); ++i) {
        Empty(value[i], where + "[" + std::to_string(i) + "]");
      }
    }
  }
  void OneOf(const json& object, const char* field, const std::set<std::string>& allowed,
             const std::string& where) {
    if (object.contains(field) && allowed.count(object[field].get<std::string>()) == 0) {
      Say(where + "." + field, "value " + object[field].get<std::string>());
    }
  }
  void Uuid(const json& object, const std::string& where) {
    static const std::regex form(
        "[0-9a-f]{8}-[0-9a-f]{4}-[1-8][0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}");
    if (!object.contains("uuid")) return;
    const std::string uuid = object["uuid"];
    if (!std::regex_match(uuid, form)) Say(where + ".uuid", "form");
    if (!uuids_.insert(uuid).second) Say(where + ".uuid", "twice");
  }
  void Absolute(const json& object, const char* field, const std::string& where) {
    static const std::regex form("https?://[A-Za-z0-9.:-]+(/[!-~]*)?");
    if (object.contains(field) && !std::regex_match(object[field].get<std::string>(), form)) {
      Say(where + "." + field, "no absolute URL");
    }
  }

  void Action(const json& action, const std::string& where) {
    Rows(action, kActionRows, where);
    OneOf(action, "type", {"create", "update", "delete"}, where);
    if (action.value("type", "") != "create") return;
    if (!action.contains("resource")) return Say(where + ".resource", "missing with create");
    const json& request = action["resource"];
    const std::string at = where + ".resource";
    Rows(request, kRequestRows, at);
    OneOf(request, "resourceType", {"MedicationRequest"}, at);
    OneOf(request, "status", {"draft"}, at);
    OneOf(request, "intent", {"proposal"}, at);
    if (!request.contains("subject") ||
        request["subject"].value("reference", "").substr(0, 8) != "Patient/") {
      Say(at + ".subject", "no reference to a patient");
    }
    if (request["medicationCodeableConcept"].value("text", "").empty()) {
      Say(at + ".medicationCodeableConcept", "no text");
    }
    if (request["meta"]["security"][0].value("code", "") != "AIAST") Say(at + ".meta", "no label");
  }
  void Suggestions(const json& card, const std::string& where) {
    if (!card.contains("suggestions")) {
      if (card.contains("selectionBehavior"))
        Say(where + ".selectionBehavior", "nothing to select");
      return;
    }
    if (!card.contains("selectionBehavior")) Say(where + ".selectionBehavior", "missing");
    OneOf(card, "selectionBehavior", {"at-most-one", "any"}, where);
    int recommended = 0;
    for (std::size_t i = 0; i < card["suggestions"].size(); ++i) {
      const json& one = card["suggestions"][i];
      const std::string at = where + ".suggestions[" + std::to_string(i) + "]";
      Rows(one, kSuggestionRows, at);
      Uuid(one, at);
      if (one.value("isRecommended", false)) ++recommended;
      for (std::size_t j = 0; one.contains("actions") && j < one["actions"].size(); ++j) {
        Action(one["actions"][j], at + ".actions[" + std::to_string(j) + "]");
      }
    }
    // cds-resp-1 of the specification's logical model.
    if (card.value("selectionBehavior", "") == "at-most-one" && recommended > 1) {
      Say(where + ".suggestions", "several recommended");
    }
  }
  void Card(const json& card, const std::string& where) {
    Rows(card, kCardRows, where);
    Uuid(card, where);
    std::size_t characters = 0;
    for (const char c : card.value("summary", "")) {
      characters += (static_cast<unsigned char>(c) & 0xc0) != 0x80 ? 1u : 0u;
    }
    if (characters >= 140) Say(where + ".summary", std::to_string(characters) + " characters");
    OneOf(card, "indicator", {"info", "warning", "critical"}, where);
    Rows(card["source"], kSourceRows, where + ".source");
    Absolute(card["source"], "url", where + ".source");
    Suggestions(card, where);
    for (std::size_t i = 0; card.contains("overrideReasons") && i < card["overrideReasons"].size();
         ++i) {
      Rows(card["overrideReasons"][i], kReasonRows,
           where + ".overrideReasons[" + std::to_string(i) + "]");
    }
    for (std::size_t i = 0; card.contains("links") && i < card["links"].size(); ++i) {
      const std::string at = where + ".links[" + std::to_string(i) + "]";
      Rows(card["links"][i], kLinkRows, at);
      OneOf(card["links"][i], "type", {"absolute", "smart"}, at);
      Absolute(card["links"][i], "url", at);
      if (card["links"][i].value("type", "") == "absolute" &&
          card["links"][i].contains("appContext"))
        Say(at + ".appContext", "with an absolute link");
    }
  }

 private:
  std::set<std::string> uuids_;
};

}  // namespace

std::vector<std::string> CheckDiscovery(const json& body) {
  Checker checker;
  checker.Rows(body, {{"services", Must::kYes, kArray}}, "body");
  std::set<std::string> seen;
  for (std::size_t i = 0; i < body.value("services", json::array()).size(); ++i) {
    const json& service = body["services"][i];
    const std::string at = "services[" + std::to_string(i) + "]";
    checker.Rows(service, kServiceRows, at);
    checker.Empty(service, at);
    if (!seen.insert(service.value("id", "") + " " + service.value("hook", "")).second) {
      checker.Say(at, "the same id and hook twice");
    }
    static const std::regex query(
        R"([A-Z][A-Za-z]+(/\{\{context\.\w+\}\}|\?[a-z_-]+=[^&]+(&[a-z_-]+=[^&]+)*))");
    static const std::regex token(R"(\{\{([^}]*)\}\})");
    const json prefetch = service.value("prefetch", json::object());
    for (const auto& [key, value] : prefetch.items()) {
      const std::string text = value.is_string() ? value.get<std::string>() : "";
      if (!std::regex_match(text, query)) checker.Say(at + ".prefetch." + key, "no read or search");
      for (std::sregex_iterator it(text.begin(), text.end(), token), end; it != end; ++it) {
        static const std::set<std::string> tokens = {"context.patientId", "context.encounterId",
                                                     "context.userId"};
        if (tokens.count((*it)[1]) == 0) checker.Say(at + ".prefetch." + key, "token");
      }
    }
  }
  return checker.problems;
}

std::vector<std::string> CheckCards(const json& body) {
  Checker checker;
  checker.Rows(body, {{"cards", Must::kYes, kArray}}, "body");
  const json& cards = body["cards"];
  for (std::size_t i = 0; cards.is_array() && i < cards.size(); ++i) {
    checker.Card(cards[i], "cards[" + std::to_string(i) + "]");
    checker.Empty(cards[i], "cards[" + std::to_string(i) + "]");
  }
  return checker.problems;
}

namespace {

using Problems = std::vector<std::string>;

// The example of the specification: what a checker refuses that the standard shows is wrong.
TEST(SpecCheckTest, TheSpecificationsOwnExamplePasses) {
  const json example = json::parse(R"({"cards":[
    {"uuid":"4e0a3a1e-3283-4575-ab82-028d55fe2719","summary":"Example Card","indicator":"info",
     "detail":"This is an example card.",
     "source":{"label":"Static CDS Service Example","url":"https://example.com",
               "icon":"https://example.com/img/icon-100px.png"},
     "links":[{"label":"Google","url":"https://google.com","type":"absolute"},
              {"label":"SMART Example App","url":"https://smart.example.com/launch","type":"smart",
               "appContext":"{}"}]},
    {"summary":"Another card","indicator":"warning","source":{"label":"Static CDS Service Example"},
     "overrideReasons":[{"code":"12354","system":"http://example.org/reasons","display":"No"}]}]})");
  EXPECT_EQ(CheckCards(example), Problems{});
}

TEST(SpecCheckTest, WhatTheTablesForbidIsFound) {
  const json bad =
      json::parse(R"({"cards":[{"indicator":"hard-stop","source":{"url":"javascript:x"},
    "suggestions":[{"label":"","actions":[{"type":"create","description":"x"}]}],"extra":1,
    "detail":null}]})");
  EXPECT_EQ(CheckCards(bad),
            (Problems{"cards[0].summary: missing", "cards[0].detail: type",
                      "cards[0].extra: not in the table", "cards[0].indicator: value hard-stop",
                      "cards[0].source.label: missing", "cards[0].source.url: no absolute URL",
                      "cards[0].selectionBehavior: missing",
                      "cards[0].suggestions[0].actions[0].resource: missing with create",
                      "cards[0].detail: null", "cards[0].suggestions[0].label: empty text"}));
}

}  // namespace
}  // namespace consilium
