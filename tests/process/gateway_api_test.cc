// The JSON API of the gateway, through the real programs and sockets.
#include <gtest/gtest.h>
#include <unistd.h>

#include <nlohmann/json.hpp>
#include <set>
#include <string>

#include "shared/ids.h"
#include "tests/support/cluster_config.h"
#include "tests/support/cluster_process.h"
#include "tests/support/http_exchange.h"

namespace consilium {
namespace {

using nlohmann::json;

const char* const kJson = "Content-Type: application/json";
const char* const kLines = "Content-Type: application/x-ndjson";

class GatewayApiTest : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    folder_ = new TestFolder();
    SimulatedOptions options;
    options.gateway = true;
    cluster_ = new ClusterProcess(folder_->Write("c.toml", SimulatedCluster(options)));
    ASSERT_EQ(cluster_->Start(), "");
  }
  static void TearDownTestSuite() {
    delete cluster_;
    delete folder_;
  }

  static WireExchange Ask(const std::string& method, const std::string& path,
                          const std::string& body = "", std::vector<std::string> headers = {}) {
    WireOptions options;
    options.headers = std::move(headers);
    options.silent_after = std::chrono::seconds(30);
    return Exchange(cluster_->http(), method, path, body, options);
  }
  static json Problem(const WireExchange& exchange) {
    EXPECT_NE(exchange.head.find("application/problem+json"), std::string::npos) << exchange.head;
    return json::parse(exchange.body);
  }
  // One that the demo's models know.
  static std::string CaseOf(int number, const std::string& id = "") {
    json demo = JsonLines(DemoCases(number)).back();
    json flat;
    for (const char* key : {"text", "question", "patient"}) flat[key] = demo[key];
    if (!id.empty()) flat["id"] = id;
    return flat.dump();
  }

  static TestFolder* folder_;
  static ClusterProcess* cluster_;
};
TestFolder* GatewayApiTest::folder_ = nullptr;
ClusterProcess* GatewayApiTest::cluster_ = nullptr;

TEST_F(GatewayApiTest, ACaseIsAcceptedWithItsPlaceAndItsRecommendationCanBeWaitedFor) {
  const auto accepted = Ask("POST", "/v1/cases", CaseOf(1, "api-1"), {kJson});
  ASSERT_EQ(accepted.status, 202) << accepted.body;
  EXPECT_NE(accepted.head.find("Location: /v1/cases/api-1\r\n"), std::string::npos)
      << accepted.head;
  EXPECT_EQ(json::parse(accepted.body)["id"], "api-1");
  const auto done = Ask("GET", "/v1/cases/api-1/recommendation?wait=30s");
  ASSERT_EQ(done.status, 200) << done.body;
  const json recommendation = json::parse(done.body);
  EXPECT_EQ(recommendation["case_id"], "api-1");
  EXPECT_TRUE(recommendation["simulated"].get<bool>());
  const json view = json::parse(Ask("GET", "/v1/cases/api-1").body);
  EXPECT_EQ(view["source"], "http");
  EXPECT_EQ(view["recommendations"].size(), 1u);
}

TEST_F(GatewayApiTest, TheSameCaseAgainIsTheSameOneAndAnotherUnderItsIdIsAConflict) {
  ASSERT_EQ(Ask("POST", "/v1/cases", CaseOf(2, "api-2"), {kJson}).status, 202);
  const auto again = Ask("POST", "/v1/cases", CaseOf(2, "api-2"), {kJson});
  EXPECT_EQ(again.status, 200);
  EXPECT_TRUE(json::parse(again.body)["duplicate"].get<bool>());
  const auto other = Ask("POST", "/v1/cases", CaseOf(3, "api-2"), {kJson});
  EXPECT_EQ(other.status, 409);
  EXPECT_EQ(Problem(other)["code"], "conflict");
}

TEST_F(GatewayApiTest, AnIdempotencyKeyMakesOneCaseOfManyRequests) {
  std::set<std::string> ids;
  for (int i = 0; i < 5; ++i) {
    const auto reply = Ask("POST", "/v1/cases", CaseOf(4), {kJson, "Idempotency-Key: abc-1"});
    EXPECT_EQ(reply.status, i == 0 ? 202 : 200) << reply.body;
    ids.insert(json::parse(reply.body)["id"]);
  }
  EXPECT_EQ(ids.size(), 1u);
  EXPECT_EQ(Ask("POST", "/v1/cases", CaseOf(4), {kJson, "Idempotency-Key: a b"}).status, 400);
}

TEST_F(GatewayApiTest, WhatIsWrongIsNamed) {
  const auto check = [](const std::string& body, const std::string& detail) {
    const auto reply = Ask("POST", "/v1/cases", body, {kJson});
    EXPECT_EQ(reply.status, 400) << body;
    const json problem = Problem(reply);
    EXPECT_EQ(problem["detail"], detail);
    EXPECT_EQ(problem["status"], 400);
    EXPECT_EQ(problem["code"], "invalid");
  };
  check("[]", "expected a JSON object");
  check("{\"id\":\"x\"}", "text: missing");
  check(R"({"text":"a","alergies":[]})",
        "alergies: unknown field, expected one of id, text, question, options, patient, kind, "
        "deadline_s, strategy, ensemble_size, models, gold_medications");
  check(R"({"text":"a","patient":{"alergies":[]}})",
        "patient.alergies: unknown field, expected one of age, sex, allergies, medications, "
        "pregnant, egfr, weight_kg");
  check(R"({"text":"a","deadline_s":"soon"})", "deadline_s = \"soon\", expected a number");
  EXPECT_EQ(Ask("POST", "/v1/cases", CaseOf(1), {"Content-Type: text/plain"}).status, 415);
  EXPECT_EQ(Ask("GET", "/v1/cases/none-such").status, 404);
  EXPECT_EQ(Ask("GET", "/v1/cases/api-1?wait=forever").status, 400);
  EXPECT_EQ(Ask("GET", "/v1/nothing").status, 404);
  const auto put = Ask("PUT", "/v1/cases/x", "{}", {kJson});
  EXPECT_EQ(put.status, 405);
  EXPECT_NE(put.head.find("Allow: GET, DELETE"), std::string::npos) << put.head;
}

TEST_F(GatewayApiTest, LinesAreAnsweredOneByOneByTheirNumber) {
  std::string lines;
  for (int i = 1; i <= 20; ++i) lines += CaseOf(i, "line-" + std::to_string(i)) + "\n";
  lines += "\n{\"txt\":1}\nnot json\n" + CaseOf(21, "line-21");  // the last one without its end
  const auto reply = Ask("POST", "/v1/cases", lines, {kLines});
  ASSERT_EQ(reply.status, 200) << reply.body;
  std::map<int, json> by_line;
  for (const json& line : JsonLines(reply.body)) by_line[line["line"].get<int>()] = line;
  EXPECT_EQ(by_line.size(), 23u);
  for (int i = 1; i <= 20; ++i) {
    EXPECT_EQ(by_line[i]["status"], 202);
    EXPECT_EQ(by_line[i]["id"], "line-" + std::to_string(i));
  }
  EXPECT_EQ(by_line.count(21), 0u) << "an empty line is none";
  EXPECT_EQ(by_line[22]["status"], 400);
  EXPECT_EQ(by_line[23]["code"], "invalid");
  EXPECT_EQ(by_line[24]["id"], "line-21");
}

TEST_F(GatewayApiTest, CasesAreListedInPagesAndByState) {
  for (int i = 1; i <= 5; ++i) {
    ASSERT_LE(Ask("POST", "/v1/cases", CaseOf(i, "list-" + std::to_string(i)), {kJson}).status,
              202);
  }
  std::set<std::string> seen;
  std::string path = "/v1/cases?limit=2";
  for (int pages = 0; pages < 100 && !path.empty(); ++pages) {
    const auto page = Ask("GET", path);
    ASSERT_EQ(page.status, 200) << page.body;
    const json body = json::parse(page.body);
    EXPECT_LE(body["items"].size(), 2u);
    for (const json& item : body["items"]) {
      EXPECT_TRUE(seen.insert(item["id"]).second) << "twice: " << item["id"];
    }
    const std::size_t link = page.head.find("Link: <");
    EXPECT_EQ(link == std::string::npos, body["next"].is_null());
    path = link == std::string::npos
               ? ""
               : page.head.substr(link + 7, page.head.find('>', link) - link - 7);
  }
  for (int i = 1; i <= 5; ++i) EXPECT_EQ(seen.count("list-" + std::to_string(i)), 1u);
  const json failed = json::parse(Ask("GET", "/v1/cases?state=failed").body);
  EXPECT_TRUE(failed["items"].empty());
  const auto detail = [](const std::string& place) {
    const auto reply = Ask("GET", place);
    EXPECT_EQ(reply.status, 400) << place;
    return Problem(reply)["detail"].get<std::string>();
  };
  EXPECT_EQ(
      detail("/v1/cases?state=happy"),
      "state = \"happy\", expected one of accepted, generating, reviewing, complete, degraded, "
      "insufficient, failed, cancelled");
  EXPECT_EQ(detail("/v1/cases?stat=failed"),
            "\"stat\": unknown parameter, expected one of after, kind, limit, source, state");
  EXPECT_EQ(detail("/v1/cases/list-1?wiat=30s"),
            "\"wiat\": unknown parameter, expected one of wait");
  EXPECT_EQ(detail("/openapi.json?deep=1"), "\"deep\": unknown parameter, expected none");
  EXPECT_EQ(Ask("GET", "/healthz?t=1&t=2").status, 200) << "a probe goes around caches";
  EXPECT_EQ(Ask("GET", "/readyz?t=1").status, 200);
}

TEST_F(GatewayApiTest, WhatWasRightIsRecordedAndACaseIsWithdrawn) {
  ASSERT_EQ(Ask("POST", "/v1/cases", CaseOf(6, "judge-1"), {kJson}).status, 202);
  ASSERT_EQ(Ask("GET", "/v1/cases/judge-1?wait=30s").status, 200);
  const std::string outcome =
      R"({"by":"dr-a","verdict":"stated","medications":["warfarin"],"reason":""})";
  const auto said = Ask("POST", "/v1/cases/judge-1/outcome", outcome, {kJson});
  ASSERT_EQ(said.status, 200) << said.body;
  EXPECT_EQ(json::parse(said.body)["count"], 1);
  EXPECT_TRUE(
      json::parse(Ask("POST", "/v1/cases/judge-1/outcome", outcome, {kJson}).body)["duplicate"]
          .get<bool>());
  const auto misspelt =
      Ask("POST", "/v1/cases/judge-1/outcome",
          R"({"by":"dr-a","verdict":"stated","medicatons":["warfarin"]})", {kJson});
  EXPECT_EQ(Problem(misspelt)["detail"],
            "\"medicatons\": unknown field, expected some of by, verdict, medications, reason, "
            "revision");
  EXPECT_EQ(Problem(Ask("DELETE", "/v1/cases/judge-1?withdraw=maybe"))["detail"],
            "withdraw = \"maybe\", expected true or false");
  EXPECT_EQ(Ask("DELETE", "/v1/cases/judge-1?withdrw=true").status, 400);
  const auto ended = Ask("DELETE", "/v1/cases/judge-1");
  EXPECT_EQ(ended.status, 409);
  EXPECT_EQ(
      Problem(ended)["detail"],
      "case judge-1 has ended before: it is complete; ?withdraw=true takes back what it said");
  ASSERT_EQ(Ask("DELETE", "/v1/cases/judge-1?withdraw=true&reason=retracted").status, 200);
  const json view = json::parse(Ask("GET", "/v1/cases/judge-1").body);
  EXPECT_EQ(view["state"], "cancelled");
  EXPECT_TRUE(view["recommendations"].back()["medications"].empty());
}

// Reads Server-Sent Events until all of `cases` were in one; every event that came.
std::vector<json> ReadEvents(int fd, std::set<std::string> cases, std::string& last_id) {
  std::string in;
  std::vector<json> events;
  while (!cases.empty()) {
    char bytes[65536];
    const ssize_t got = ::read(fd, bytes, sizeof bytes);
    if (got <= 0) break;
    in.append(bytes, static_cast<std::size_t>(got));
    events.clear();
    std::size_t at = 0;
    while ((at = in.find("data: {", at)) != std::string::npos) {
      const std::size_t end = in.find('\n', at);
      if (end == std::string::npos) break;
      events.push_back(json::parse(in.substr(at + 6, end - at - 6)));
      cases.erase(events.back()["case"].get<std::string>());
      at = end;
    }
    const std::size_t id = in.rfind("\nid: ");
    if (id != std::string::npos) last_id = in.substr(id + 5, in.find('\n', id + 5) - id - 5);
  }
  EXPECT_TRUE(cases.empty()) << "no event of " << *cases.begin();
  return events;
}

TEST_F(GatewayApiTest, EventsComeInOrderAndAreResumedWhereTheyEnded) {
  const int fd = SendRequest(cluster_->http(), "GET", "/v1/events", "");
  std::string head(12, ' ');
  ASSERT_EQ(::read(fd, head.data(), 12), 12);
  EXPECT_EQ(head, "HTTP/1.1 200");
  std::set<std::string> sent;
  for (int i = 1; i <= 3; ++i) {
    sent.insert("event-" + std::to_string(i));
    ASSERT_EQ(Ask("POST", "/v1/cases", CaseOf(i, *sent.rbegin()), {kJson}).status, 202);
  }
  std::string last_id;
  const auto first = ReadEvents(fd, sent, last_id);
  ::close(fd);
  for (std::size_t i = 0; i < first.size(); ++i) {
    EXPECT_EQ(first[i]["version"], 1);
    EXPECT_EQ(first[i]["sequence"], i + 1) << "a client that misses one sees it";
    EXPECT_EQ(first[i]["recommendation"]["case_id"], first[i]["case"]);
  }
  ASSERT_FALSE(last_id.empty());
  // What is published while nobody listens is there afterwards.
  sent.clear();
  for (int i = 4; i <= 6; ++i) {
    const std::string id = "event-" + std::to_string(i);
    sent.insert(id);
    ASSERT_EQ(Ask("POST", "/v1/cases", CaseOf(i, id), {kJson}).status, 202);
    ASSERT_EQ(Ask("GET", "/v1/cases/" + id + "?wait=30s").status, 200);
  }
  const int again =
      SendRequest(cluster_->http(), "GET", "/v1/events", "", {"Last-Event-ID: " + last_id});
  for (const json& event : ReadEvents(again, sent, last_id)) {
    EXPECT_EQ(event["type"], "recommendation");
  }
  ::close(again);
}

TEST_F(GatewayApiTest, WhatWasLearnedHealthAndMetricsAreThere) {
  EXPECT_EQ(Ask("GET", "/healthz").status, 200);
  EXPECT_EQ(Ask("GET", "/readyz").status, 200);
  EXPECT_EQ(Ask("GET", "/v1/ensembles").status, 200);
  EXPECT_EQ(Ask("GET", "/v1/trust").status, 200);
  const auto metrics = Ask("GET", "/metrics");
  EXPECT_NE(metrics.body.find("consilium_gateway_http_requests_total{"), std::string::npos);
  EXPECT_NE(metrics.body.find("consilium_cases{what=\"balanced\"} 1\n"), std::string::npos);
}

TEST_F(GatewayApiTest, APageOfTheWebCannotSpeakUnderANameOfItsOwn) {
  const auto status_of = [](const std::string& hosts) {
    const int fd = SendRaw(cluster_->http(), "GET /v1/trust HTTP/1.1\r\n" + hosts + "\r\n");
    const int status = ReadReply(fd).status;
    ::close(fd);
    return status;
  };
  EXPECT_EQ(status_of("Host: localhost:7380\r\n"), 200);
  EXPECT_EQ(status_of("Host: [::1]:7380\r\n"), 200);
  EXPECT_EQ(status_of("Host: evil.example\r\n"), 421);
  EXPECT_EQ(status_of("Host: localhost\r\nHost: evil.example\r\n"), 400);
  EXPECT_EQ(status_of(""), 400);
}

}  // namespace
}  // namespace consilium
