// gateway/openapi.json says what the gateway has and sends: routes, roles, members of objects.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cctype>
#include <functional>
#include <nlohmann/json.hpp>
#include <set>
#include <string>

#include "gateway/gateway.h"
#include "openapi_document.h"
#include "shared/codec.h"
#include "tests/support/cluster_config.h"

namespace consilium {
namespace {

using nlohmann::json;
using testing::Contains;

const json& Document() {
  static const json document = json::parse(kOpenApiDocument);
  return document;
}

std::string Upper(std::string text) {
  for (char& c : text) c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  return text;
}

// The parameters of its query.
std::set<std::string> QueryOf(const json& operation) {
  std::set<std::string> names;
  for (json parameter : operation.value("parameters", json::array())) {
    if (parameter.contains("$ref")) {
      const std::string ref = parameter["$ref"];
      parameter = Document()["components"]["parameters"][ref.substr(ref.rfind('/') + 1)];
    }
    if (parameter["in"] == "query") names.insert(parameter["name"].get<std::string>());
  }
  return names;
}

TEST(OpenApiTest, HasEveryRouteOfTheServerWithItsRoleAndNoOther) {
  SimulatedOptions options;
  options.gateway = true;
  const Result<Config> config = ParseConfig(SimulatedCluster(options), "gateway.toml");
  ASSERT_TRUE(config.ok()) << config.error().text;
  ZmqContext context;
  BrokerAddress nobody;
  nobody.endpoints = {"tcp://127.0.0.1:1"};
  Gateway gateway(*config, nobody, RedisAddress(), context);
  const Status opened = gateway.Open();
  ASSERT_TRUE(opened.ok()) << opened.error().text;
  std::set<std::string> served;
  for (const std::string& route : gateway.Routes()) {
    const std::string path = route.substr(route.find(' ') + 1);
    // These describe themselves, as their standards say.
    if (path.starts_with("/fhir") || path.starts_with("/cds-services")) continue;
    EXPECT_TRUE(served.insert(route).second) << "twice: " << route;
  }
  std::vector<std::string> texts;
  for (const auto& [path, item] : Document()["paths"].items()) {
    for (const auto& [method, operation] : item.items()) {
      std::string& text = texts.emplace_back(Upper(method) + " " + path + " " +
                                             operation["x-role"].get<std::string>());
      for (const std::string& name : QueryOf(operation)) text += " " + name;
    }
  }
  EXPECT_EQ(std::set<std::string>(texts.begin(), texts.end()), served);
  EXPECT_THAT(served, Contains("GET /v1/cases read after kind limit source state"));
}

TEST(OpenApiTest, WhatIsOpenAsksForNoToken) {
  for (const auto& [path, item] : Document()["paths"].items()) {
    for (const auto& [method, operation] : item.items()) {
      const bool open = operation["x-role"] == "open";
      EXPECT_EQ(open, operation.contains("security") && operation["security"].empty()) << path;
      EXPECT_NE(open, operation["responses"].contains("401") || path == "/cases/{id}") << path;
    }
  }
}

TEST(OpenApiTest, IsOfThisVersion) {
  EXPECT_EQ(Document()["openapi"], "3.1.0");
  EXPECT_EQ(Document()["info"]["version"], CONSILIUM_VERSION);
}

// JSON is written from the lists of fields (shared/fields.h): all members, absent ones as null.
template <class T>
void ExpectMembers(const char* schema) {
  const json& described = Document()["components"]["schemas"][schema];
  std::set<std::string> members;
  for (const auto& [name, value] : described["properties"].items()) members.insert(name);
  std::set<std::string> sent;
  const json written = json::parse(ToJson(T{}));
  for (const auto& [name, value] : written.items()) sent.insert(name);
  EXPECT_EQ(members, sent) << schema;
  EXPECT_EQ(std::set<std::string>(described["required"].begin(), described["required"].end()), sent)
      << schema;
  EXPECT_EQ(described["additionalProperties"], false) << schema;
  // An absent optional is null, and nothing else is.
  for (const auto& [name, value] : written.items()) {
    const json& property = described["properties"][name];
    bool nullable = false;
    if (property.contains("type") && property["type"].is_array()) {
      nullable = property["type"][1] == "null";
    } else if (property.contains("anyOf")) {
      nullable = property["anyOf"][1]["type"] == "null";
    }
    EXPECT_EQ(nullable, value.is_null()) << schema << "." << name;
  }
}

TEST(OpenApiTest, HasEveryMemberOfWhatIsSentAndNoOther) {
  ExpectMembers<SubmitReply>("AcceptedCase");
  ExpectMembers<CaseView>("Case");
  ExpectMembers<Vignette>("Vignette");
  ExpectMembers<Patient>("Patient");
  ExpectMembers<TaskView>("Task");
  ExpectMembers<TaskId>("TaskId");
  ExpectMembers<Outcome>("Outcome");
  ExpectMembers<Answer>("Answer");
  ExpectMembers<Medication>("Medication");
  ExpectMembers<Grade>("Grade");
  ExpectMembers<Usage>("Usage");
  ExpectMembers<Recommendation>("Recommendation");
  ExpectMembers<Candidate>("Candidate");
  ExpectMembers<FieldAgreement>("FieldAgreement");
  ExpectMembers<SafetyFlag>("SafetyFlag");
  ExpectMembers<Absence>("Absence");
  ExpectMembers<ModelResult>("ModelResult");
  ExpectMembers<TrackRecord>("TrackRecord");
  ExpectMembers<VoteWeight>("VoteWeight");
  ExpectMembers<CalibrationKnot>("CalibrationKnot");
  ExpectMembers<Score>("Score");
  ExpectMembers<CaseOutcome>("CaseOutcome");
  ExpectMembers<OutcomeVoice>("OutcomeVoice");
  ExpectMembers<KnownRight>("KnownRight");
  ExpectMembers<CaseSummary>("CaseSummary");
  ExpectMembers<CaseOutcomeReply>("RecordedOutcome");
  ExpectMembers<CancelReply>("CancelledCase");
  ExpectMembers<ChemistryModel>("ChemistryModel");
  ExpectMembers<ChemistryPair>("ChemistryPair");
  ExpectMembers<ChemistryReport>("ChemistryReport");
  ExpectMembers<SeatingEntry>("SeatingEntry");
  ExpectMembers<SeatingBoard>("SeatingBoard");
  ExpectMembers<TrackRecords>("TrackRecords");
  EXPECT_EQ(Document()["components"]["schemas"]["CallParameters"]["required"].size(),
            json::parse(ToJson(Outcome{}))["parameters"].size());
}

// What is there to be used is used.
TEST(OpenApiTest, HasNoSchemaThatNothingNames) {
  std::set<std::string> named;
  const std::function<void(const json&)> walk = [&](const json& node) {
    if (node.is_object() && node.contains("$ref")) named.insert(node["$ref"].get<std::string>());
    if (node.is_structured()) {
      for (const json& child : node) walk(child);
    }
  };
  walk(Document());
  for (const char* kind : {"schemas", "responses", "parameters", "headers"}) {
    for (const auto& [name, value] : Document()["components"][kind].items()) {
      EXPECT_THAT(named, Contains("#/components/" + std::string(kind) + "/" + name));
    }
  }
}

}  // namespace
}  // namespace consilium
