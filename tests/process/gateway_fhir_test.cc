// FHIR through the real programs: a document and its correction by different routes.
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <optional>
#include <string>

#include "tests/support/cluster_config.h"
#include "tests/support/cluster_process.h"
#include "tests/support/http_exchange.h"

namespace consilium {
namespace {

using nlohmann::json;

// One that the simulated models know.
const std::string kText = JsonLines(DemoCases(1))[0]["text"];

json Identifier(const std::string& value) { return {{"system", "urn:doc"}, {"value", value}}; }
json Patient(const std::string& id) {
  return {{"resourceType", "Patient"},
          {"id", id},
          {"identifier", json::array({{{"system", "urn:hospital"}, {"value", id}}})}};
}
json Reference(const std::string& type, const std::string& id) {
  return {{"reference", type + "/" + id}};
}
json Document(const std::string& id, const std::string& patient, const std::string& master) {
  return {{"resourceType", "DocumentReference"},
          {"id", id},
          {"status", "current"},
          {"masterIdentifier", Identifier(master)},
          {"subject", Reference("Patient", patient)},
          {"content",
           json::array({{{"attachment",
                          {{"contentType", "text/html"}, {"data", "PHA+Q291Z2guPC9wPg=="}}}}})}};
}
json Composition(const std::string& id, const std::string& patient, const std::string& status,
                 const std::string& text) {
  return {{"resourceType", "Composition"},
          {"id", id},
          {"status", status},
          {"type", {{"text", "Note"}}},
          {"title", "Note"},
          {"subject", Reference("Patient", patient)},
          {"section", json::array({{{"text", {{"div", "<div><p>" + text + "</p></div>"}}}}})}};
}

class GatewayFhirTest : public testing::Test {
 protected:
  void SetUp() override {
    SimulatedOptions options;
    options.gateway = true;
    cluster_.emplace(folder_.Write("c.toml", SimulatedCluster(options)));
    ASSERT_EQ(cluster_->Start(), "");
  }
  // The case that it started; "" = none.
  std::string Post(const std::string& path, const std::string& body,
                   const std::string& type = "application/fhir+json") {
    WireOptions wire;
    wire.headers = {"Content-Type: " + type};
    const WireExchange reply = Exchange(cluster_->http(), "POST", path, body, wire);
    EXPECT_LT(reply.status, 300) << reply.body;
    const std::size_t at = reply.body.find("case fhir-");
    return at == std::string::npos ? "" : reply.body.substr(at + 5, 29);
  }
  std::string Transaction(const json& patient, const json& resource) {
    json bundle = {{"resourceType", "Bundle"}, {"type", "transaction"}};
    for (const json& one : {patient, resource}) {
      const std::string type = one["resourceType"];
      const std::string id = one["id"];
      bundle["entry"].push_back(
          {{"resource", one}, {"request", {{"method", "PUT"}, {"url", type + "/" + id}}}});
    }
    return Post("/fhir", bundle.dump());
  }
  std::string Message(const std::string& path, const json& patient, const json& resource) {
    json bundle = {{"resourceType", "Bundle"}, {"type", "message"}};
    bundle["entry"].push_back({{"resource",
                                {{"resourceType", "MessageHeader"},
                                 {"id", "m" + std::to_string(++messages_)},
                                 {"eventUri", "urn:notes"},
                                 {"source", {{"endpoint", "http://ehr.example/fhir"}}}}}});
    for (const json& one : {patient, resource}) bundle["entry"].push_back({{"resource", one}});
    return Post(path, bundle.dump());
  }
  std::string Bulk(const json& patient, const json& resource) {
    return Post("/fhir/bulk", patient.dump() + "\n" + resource.dump() + "\n",
                "application/fhir+ndjson");
  }
  std::string StateOf(const std::string& id) {
    const WireExchange reply = Exchange(cluster_->http(), "GET", "/v1/cases/" + id, "");
    return json::parse(reply.body)["state"];
  }

  TestFolder folder_;
  std::optional<ClusterProcess> cluster_;
  int messages_ = 0;
};

TEST_F(GatewayFhirTest, ACorrectionFindsItsDocumentByWhicheverRouteItComes) {
  const json patient = Patient("1");
  // A reference, put; its Composition, in a message; a reference that replaces that, in bulk; and
  // it is taken back in a message for another endpoint.
  const std::string first = Transaction(patient, Document("d1", "1", "7"));
  ASSERT_NE(first, "");
  json composition = Composition("c1", "1", "amended", kText);
  composition["identifier"] = Identifier("7");
  const std::string second = Message("/fhir/$process-message", patient, composition);
  ASSERT_NE(second, "");
  EXPECT_EQ(StateOf(first), "cancelled");
  json replacing = Document("d2", "1", "8");
  replacing["relatesTo"] =
      json::array({{{"code", "replaces"}, {"target", {{"identifier", Identifier("7")}}}}});
  const std::string third = Bulk(patient, replacing);
  ASSERT_NE(third, "");
  EXPECT_EQ(StateOf(second), "cancelled");
  json retracted = Document("d2", "1", "8");
  retracted["status"] = "entered-in-error";
  EXPECT_EQ(Message("/fhir/Bundle", patient, retracted), "");
  EXPECT_EQ(StateOf(third), "cancelled");
}

TEST_F(GatewayFhirTest, ACorrectionTouchesNoDocumentOfAnotherPatient) {
  const std::string first = Transaction(Patient("1"), Document("d1", "1", "7"));
  ASSERT_NE(first, "");
  json composition = Composition("c1", "2", "amended", kText);
  composition["identifier"] = Identifier("7");
  composition["relatesTo"] = json::array(
      {{{"code", "replaces"}, {"targetReference", Reference("DocumentReference", "d1")}}});
  EXPECT_NE(Message("/fhir", Patient("2"), composition), "");
  json retracted = Document("d1", "2", "7");
  retracted["status"] = "entered-in-error";
  EXPECT_EQ(Message("/fhir", Patient("2"), retracted), "");
  EXPECT_NE(StateOf(first), "cancelled");
}

}  // namespace
}  // namespace consilium
