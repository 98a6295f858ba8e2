// Who may ask the gateway: bearer tokens and their roles; EHRs that sign.
#include <gtest/gtest.h>

#include <algorithm>
#include <ctime>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "shared/base64url.h"
#include "shared/ids.h"
#include "tests/support/client_keys.h"
#include "tests/support/gateway_rig.h"
#include "tests/support/hook_body.h"

namespace consilium {
namespace {

class GatewayTokensTest : public GatewayRig {};

TEST_F(GatewayTokensTest, EachRoleMayDoItsPartAndATokenThatIsTakenOffNothingMore) {
  const auto line = [](const std::string& token, const std::string& role) {
    return Sha256Hex(token) + " " + role + " " + role + "er\n";
  };
  const std::string file =
      folder_.Write("tokens", "# who\n" + line("r-secret", "read") + line("w-secret", "write"));
  SimulatedOptions options;
  options.gateway_lines = "tokens_file = \"" + file + "\"";
  Start(options);
  const auto ask = [&](const std::string& method, const std::string& path,
                       const std::string& token) {
    std::vector<std::string> headers = {"Content-Type: application/json"};
    if (!token.empty()) headers.push_back("Authorization: Bearer " + token);
    return Ask(method, path, method == "POST" ? R"({"id":"t-1","text":"A cough."})" : "", headers);
  };
  EXPECT_EQ(ask("GET", "/healthz", "").status, 200) << "health is for everybody";
  const auto unknown = ask("GET", "/v1/trust", "");
  EXPECT_EQ(unknown.status, 401);
  EXPECT_NE(unknown.head.find("WWW-Authenticate: Bearer"), std::string::npos);
  EXPECT_EQ(ask("GET", "/v1/trust", "x-secret").status, 401);
  EXPECT_EQ(ask("GET", "/v1/trust", "r-secret").status, 200);
  const auto reader = ask("POST", "/v1/cases", "r-secret");
  EXPECT_EQ(reader.status, 403);
  EXPECT_EQ(nlohmann::json::parse(reader.body)["detail"],
            "reader has the role read, needed is write");
  EXPECT_EQ(ask("POST", "/v1/cases", "w-secret").status, 202);
  const auto view = ask("GET", "/v1/cases/t-1", "r-secret");
  EXPECT_EQ(nlohmann::json::parse(view.body)["source"], "http:writeer");
  EXPECT_EQ(ask("GET", "/fhir/Bundle/t-1", "").status, 401);
  folder_.Write("tokens", line("w-secret", "write"));
  EXPECT_TRUE(Eventually([&] { return ask("GET", "/v1/trust", "r-secret").status == 401; },
                         std::chrono::seconds(10)));
  folder_.Write("tokens", "nonsense\n");
  EXPECT_TRUE(Eventually(
      [&] { return cluster_->LogOf("gateway").find("tokens_unreadable") != std::string::npos; },
      std::chrono::seconds(10)));
  EXPECT_EQ(ask("GET", "/v1/trust", "w-secret").status, 200) << "a mistake changes nothing";
  const std::string log = cluster_->LogOf("gateway");
  EXPECT_EQ(log.find("secret"), std::string::npos) << "no token is ever logged";
}

// What a token is made of; each in the form that it is sent in, and what the payload says.
std::vector<std::string> PartsOf(const std::string& token, const std::string& jti) {
  std::vector<std::string> parts = {jti};
  for (std::size_t begin = 0; begin <= token.size();) {
    const std::size_t end = std::min(token.find('.', begin), token.size());
    parts.push_back(token.substr(begin, end - begin));
    begin = end + 1;
  }
  return parts;
}

TEST_F(GatewayTokensTest, NothingOfTheTokensAndCallsOfAnEhrIsEverLogged) {
  const std::string issuer = "https://ehr.example/fhir";
  const EvpKey key = MakeEcKey("P-384");
  const EvpKey others = MakeEcKey("P-384");
  const nlohmann::json jwk = EcJwk(key.get(), "known");
  const std::string keys = folder_.Write("jwks.json", nlohmann::json{{"keys", {jwk}}}.dump());
  Start({}, "[[cds_client]]\nissuer = \"" + issuer + "\"\nkeys_file = \"" + keys + "\"\n");
  const std::string path = "/cds-services/medication-council";
  const std::string place = "http://127.0.0.1:" + std::to_string(cluster_->http()) + path;
  const std::string body = MakeHookBody().dump();
  std::vector<std::string> secrets = {"Zimmermann",
                                      "Ottilie",
                                      "MRN-88123",
                                      "1974-12-25",
                                      "acquired pneumonia",
                                      "TopSecretToken",
                                      jwk["x"].get<std::string>(),
                                      jwk["y"].get<std::string>()};
  const auto token = [&](const std::string& jti, const nlohmann::json& claims, const EvpKey& by,
                         const std::string& kid = "known") {
    const std::int64_t now = std::time(nullptr);
    const nlohmann::json header = {{"alg", "ES384"}, {"typ", "JWT"}, {"kid", kid}};
    nlohmann::json payload = {{"iss", issuer},    {"aud", place}, {"iat", now},
                              {"exp", now + 120}, {"jti", jti},   {"sub", "Ottilie"}};
    payload.update(claims);
    return SignedToken(by.get(), header.dump(), payload.dump());
  };
  const auto ask = [&](const std::string& bearer, const std::string& jti) {
    for (const std::string& part : PartsOf(bearer, jti)) secrets.push_back(part);
    return Ask("POST", path, body,
               {"Content-Type: application/json", "Authorization: Bearer " + bearer})
        .status;
  };
  const nlohmann::json as_usual = nlohmann::json::object();
  const std::string good = token("jti-good-4711", as_usual, key);
  EXPECT_EQ(ask(good, "jti-good-4711"), 200);
  EXPECT_EQ(ask(good, "jti-good-4711"), 401) << "used twice";
  EXPECT_EQ(ask(token("jti-forged-4711", as_usual, others), "jti-forged-4711"), 401);
  EXPECT_EQ(ask(token("jti-other-4711", as_usual, key, "other"), "jti-other-4711"), 401);
  EXPECT_EQ(ask(token("jti-late-4711", {{"iat", 1000}, {"exp", 1100}}, key), "jti-late-4711"), 401);
  for (const char* claim : {"aud", "iss"}) {
    const std::string wrong = "https://wrong-4711.example";
    EXPECT_EQ(ask(token("jti-wrong-4711", {{claim, wrong}}, key), wrong), 401);
  }
  EXPECT_EQ(ask("no-token-at-all-4711", "jti-wrong-4711"), 401);
  EXPECT_EQ(ask("part-4711.parts-4711.Zimmermann", "parts-4711"), 401);
  const nlohmann::json items = Cases();
  ASSERT_EQ(items.size(), 1u) << "who is refused starts no case";
  EXPECT_TRUE(EndedCase(items[0]["id"]).contains("recommendations"));
  // What was wrong is told, to whoever runs it.
  const std::string log = cluster_->LogOf("gateway");
  for (const char* why : {"replayed", "bad_signature", "other_audience", "expired",
                          "unknown_issuer", "unknown_kid", "not_compact", "bad_header"}) {
    EXPECT_NE(log.find(why), std::string::npos) << why << " is not in " << log;
  }
  std::size_t logs = 0;
  for (const auto& file : std::filesystem::directory_iterator(cluster_->data() + "/log")) {
    const std::string name = file.path().stem();
    ++logs;
    for (const std::string& secret : secrets) {
      EXPECT_EQ(cluster_->LogOf(name).find(secret), std::string::npos)
          << name << " logged " << secret;
    }
  }
  EXPECT_GE(logs, 4u) << "gateway, broker, aggregator and workers have one";
}

TEST_F(GatewayTokensTest, ATokenWithSendersSpeaksForThemAndItselfAndForNobodyElse) {
  SimulatedOptions options;
  options.gateway_lines =
      "tokens_file = \"" +
      folder_.Write("tokens", Sha256Hex("e-secret") + " write ehr https://ehr.example/out\n" +
                                  Sha256Hex("m-secret") + " write engine\n" +
                                  Sha256Hex("r-secret") + " read desk\n") +
      "\"";
  Start(options);
  const auto send = [&](const std::string& token, const std::string& endpoint) {
    const std::string header =
        endpoint.empty() ? ""
                         : R"({"fullUrl":"urn:uuid:1","resource":{"resourceType":"MessageHeader",)"
                           R"("eventUri":"urn:e","source":{"endpoint":")" +
                               endpoint + R"("}}},)";
    return Ask("POST", "/fhir",
               R"({"resourceType":"Bundle","type":")" +
                   std::string(endpoint.empty() ? "collection" : "message") + R"(","entry":[)" +
                   header +
                   R"({"resource":{"resourceType":"Patient","id":"p1"}},{"resource":{)"
                   R"("resourceType":"Condition","clinicalStatus":{"coding":[{"code":"active",)"
                   R"("system":"http://terminology.hl7.org/CodeSystem/condition-clinical"}]},)"
                   R"("code":{"text":"gout"},"subject":{"reference":"Patient/p1"}}}]})",
               {"Content-Type: application/fhir+json", "Authorization: Bearer " + token});
  };
  const auto other = send("e-secret", "https://lab.example/out");
  EXPECT_EQ(other.status, 403) << other.body;
  EXPECT_NE(other.body.find("the token of ehr does not speak for this sender"), std::string::npos);
  EXPECT_NE(other.body.find("\"expression\""), std::string::npos)
      << "a feed goes on after what names a place, and ends after what does not";
  const auto reader = send("r-secret", "");
  EXPECT_EQ(reader.status, 403) << reader.body;
  EXPECT_EQ(reader.body.find("\"expression\""), std::string::npos) << reader.body;
  EXPECT_EQ(send("e-secret", "https://ehr.example/out").status, 202);
  EXPECT_EQ(send("e-secret", "").status, 202) << "itself";
  EXPECT_EQ(send("m-secret", "https://lab.example/out").status, 202) << "it forwards for many";
  EXPECT_NE(cluster_->LogOf("gateway").find("fhir_sender_refused"), std::string::npos);
}

}  // namespace
}  // namespace consilium
