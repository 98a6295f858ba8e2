// `consilium feed` against scripted receivers that answer, refuse, break and are silent.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <csignal>
#include <filesystem>
#include <functional>
#include <mutex>
#include <nlohmann/json.hpp>
#include <set>
#include <string>
#include <vector>

#include "shared/file.h"
#include "tests/support/cluster_process.h"
#include "tests/support/scripted_http.h"
#include "tests/support/scripted_mllp.h"
#include "tests/unit/cli/columns.h"

namespace consilium {
namespace {

using nlohmann::json;
using std::chrono::seconds;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;
using testing::StartsWith;

std::string Message(const std::string& id) {
  return "MSH|^~\\&|HIS|WARD|||20261128||ADT^A01|" + id + "|P|2.5\rPID|1||" + id + "^^^H^MR\r";
}

std::vector<std::string> IdsOf(const ScriptedMllp& server) {
  std::vector<std::string> ids;
  for (const std::string& one : server.Messages()) ids.push_back(ScriptedMllp::ControlId(one));
  return ids;
}

MllpStep Accept(const std::string& message, std::size_t /*nth*/) {
  return {ScriptedMllp::Ack(message, "AA")};
}

CommandResult Feed(std::vector<std::string> arguments, const Variables& variables = {}) {
  arguments.insert(arguments.begin(), "feed");
  return RunningCommand("consilium", arguments, variables).Wait(seconds(120));
}

json Summary(const CommandResult& result) {
  // The last line; before it are errors.
  const std::size_t end = result.out.find_last_not_of('\n');
  const std::size_t begin = result.out.rfind('\n', end);
  return json::parse(result.out.substr(begin == std::string::npos ? 0 : begin + 1), nullptr,
                     /*allow_exceptions=*/false);
}

// --- HL7 v2

TEST(FeedMllpTest, AFolderIsSentInTheOrderOfItsNamesAndEveryMessageIsAcknowledged) {
  TestFolder folder;
  std::filesystem::create_directory(folder.File("b"));
  folder.Write("c.hl7", Message("m4"));
  folder.Write("a.txt", "\x0b" + Message("m1") + "\x1c\r\x0b" + Message("m2") + "\x1c\r");
  folder.Write("b/1.hl7", Message("m3"));
  folder.Write("notes.txt", "Do not forget the milk.");
  folder.Write("blank.hl7", "\n");
  folder.Write("d.hl7.part", Message("m9"));
  ScriptedMllp server(Accept);
  const CommandResult result = Feed({folder.path(), "--mllp", server.host_and_port()});
  EXPECT_EQ(result.exit_code, 0) << result.err;
  EXPECT_THAT(IdsOf(server), ElementsAre("m1", "m2", "m3", "m4"));
  EXPECT_EQ(server.connections(), 1u);
  EXPECT_EQ(result.out,
            "  door    messages  accepted  refused  not sent\n"
            "  HL7 v2         4         4        0         0\n");
  EXPECT_THAT(result.err, HasSubstr("2 files are left out, as nothing in them can be fed:\n"
                                    "consilium:   " +
                                    folder.File("blank.hl7") +
                                    " (empty)\n"
                                    "consilium:   " +
                                    folder.File("notes.txt") + " (of no known form)\n"));
}

TEST(FeedMllpTest, WhatIsRefusedIsNamedWithItsFileNumberAndCode) {
  TestFolder folder;
  const std::string file = folder.Write("a.hl7", Message("m1") + Message("m2") + Message("m3"));
  ScriptedMllp server([](const std::string& message, std::size_t nth) {
    return nth == 2 ? MllpStep{ScriptedMllp::Ack(message, "AR", "|no such version")}
                    : Accept(message, nth);
  });
  const CommandResult result = Feed({file, "--mllp", server.host_and_port()});
  EXPECT_EQ(result.exit_code, 1);
  EXPECT_THAT(result.err, HasSubstr(file + ", message 2: refused, AR: no such version\n"));
  EXPECT_THAT(IdsOf(server), ElementsAre("m1", "m2", "m3")) << "the others go on";
  EXPECT_THAT(result.out, HasSubstr("  Refused     1 AR\n"));
  ExpectAtMost80Columns(result.out);
}

TEST(FeedMllpTest, TheSameMessageIsSentAgainUntilItsOwnAnswerHasCome) {
  TestFolder folder;
  const std::string file = folder.Write("a.hl7", Message("m1") + Message("m2"));
  ScriptedMllp server([](const std::string& message, std::size_t nth) -> MllpStep {
    switch (nth) {
      case 1:
        return {"", 0, true};  // closes
      case 2:
        return {"", 0, false, true};  // resets
      case 3:
        return {};  // is silent
      case 4:
        return {"\x0bnonsense\x1c\r"};
      case 5:
        return {ScriptedMllp::Ack(Message("other"), "AA")};
      case 6:  // in pieces, and more than was asked for
        return {ScriptedMllp::Ack(message, "AA") + ScriptedMllp::Ack(message, "AA"), 30};
      default:
        return Accept(message, nth);
    }
  });
  const CommandResult result =
      Feed({file, "--mllp", server.host_and_port(), "--timeout", "1", "--json"});
  EXPECT_EQ(result.exit_code, 0) << result.err;
  EXPECT_THAT(IdsOf(server), ElementsAre("m1", "m1", "m1", "m1", "m1", "m1", "m2"));
  EXPECT_EQ(server.connections(), 7u) << "none is used again after a doubt";
  const json summary = Summary(result);
  EXPECT_EQ(summary.at("ended"), "done");
  EXPECT_EQ(summary.at("accepted"), 2);
  EXPECT_EQ(summary.at("sent_again"), 5);
}

TEST(FeedMllpTest, AMessageThatGetsNoAnswerIsSentAndSaidToBeUnconfirmed) {
  TestFolder folder;
  const auto silent = [](const std::string& id) {
    return "MSH|^~\\&|HIS|WARD|||20261128||ADT^A01|" + id + "|P|2.5|||NE|NE\rPID|1||7\r";
  };
  const std::string file =
      folder.Write("a.hl7", Message("m1") + silent("m2") + silent("m3") + Message("m4"));
  ScriptedMllp server([](const std::string& message, std::size_t nth) {
    return message.find("|NE|NE") == std::string::npos ? Accept(message, nth) : MllpStep{};
  });
  const CommandResult result = Feed({file, "--mllp", server.host_and_port(), "--json"});
  EXPECT_EQ(result.exit_code, 0) << result.err;
  EXPECT_THAT(IdsOf(server), ElementsAre("m1", "m2", "m3", "m4"));
  EXPECT_EQ(server.connections(), 1u);
  EXPECT_EQ(Summary(result).at("accepted"), 2);
  EXPECT_EQ(Summary(result).at("unconfirmed"), 2);
}

TEST(FeedMllpTest, AGatewayThatIsNotThereEndsTheFeedAndSaysHowFarItCame) {
  TestFolder folder;
  const std::string file = folder.Write("a.hl7", Message("m1") + Message("m2") + Message("m3"));
  folder.Write("b.hl7", Message("m4"));
  int port = 0;
  {
    ScriptedMllp gone(Accept);
    port = gone.port();
  }
  const CommandResult nobody =
      Feed({folder.path(), "--mllp", "127.0.0.1:" + std::to_string(port), "--retries", "1"});
  EXPECT_EQ(nobody.exit_code, 3);
  EXPECT_THAT(nobody.err, HasSubstr("127.0.0.1:" + std::to_string(port) + ": Connection refused"));

  ScriptedMllp server([](const std::string& message, std::size_t nth) {
    return nth == 1 ? Accept(message, nth) : MllpStep{"", 0, true};
  });
  const CommandResult result =
      Feed({folder.path(), "--mllp", server.host_and_port(), "--retries", "1", "--json"});
  EXPECT_EQ(result.exit_code, 3);
  const std::string summary = result.out.substr(result.out.find("{\"ended\""));
  const json said = json::parse(summary.substr(0, summary.find('\n')));
  EXPECT_EQ(said.at("ended"), "unreachable");
  EXPECT_EQ(said.at("accepted"), 1);
  EXPECT_EQ(said.at("not_sent"), 1);
  EXPECT_EQ(said.at("messages_left"), 1);
  EXPECT_EQ(said.at("files_left"), 1);
  EXPECT_THAT(result.err, HasSubstr("stopped after 1 messages had ended, 1 were not; 1 of the "
                                    "file at hand and 1 files were not begun."));
  EXPECT_THAT(result.out,
              HasSubstr(file + ", message 2: not sent, no_answer: " + server.host_and_port() +
                        ": it closed the connection before it "
                        "answered; does it speak MLLP there, and without TLS? "
                        "(tried 2 times)"));
}

TEST(FeedMllpTest, WhoWaitsForItsGatewaySaysSoAtOnceAndWhatWentWrongWhenItIsStopped) {
  TestFolder folder;
  folder.Write("a.hl7", Message("m1"));
  int port = 0;
  {
    ScriptedMllp gone(Accept);
    port = gone.port();
  }
  const std::string refused = "127.0.0.1:" + std::to_string(port) + ": Connection refused";
  RunningCommand feed("consilium", {"feed", folder.path(), "--follow", "--mllp",
                                    "127.0.0.1:" + std::to_string(port)});
  EXPECT_TRUE(Eventually([&] { return feed.ErrSoFar().find(refused) != std::string::npos; }));
  feed.Signal(SIGINT);
  const CommandResult result = feed.Wait(seconds(20));
  EXPECT_EQ(result.exit_code, 130);
  EXPECT_THAT(result.err, HasSubstr("consilium: " + refused + "; it is tried again\n"));
  EXPECT_THAT(result.err, HasSubstr("given up before its answer; last, " + refused + " (tried "));
  const CommandResult unknown =
      Feed({folder.path(), "--mllp", "no-such-host.invalid:2575", "--retries", "0"});
  EXPECT_EQ(unknown.exit_code, 3);
  EXPECT_THAT(unknown.err, HasSubstr("no address for \"no-such-host.invalid\": "));
}

TEST(FeedMllpTest, APortOfSomethingElseIsNamedAsSuch) {
  TestFolder folder;
  const std::string file = folder.Write("a.hl7", Message("m1"));
  const auto said_of = [&](const std::string& answer) {
    ScriptedMllp server([&](const std::string&, std::size_t) { return MllpStep{answer}; });
    return Feed({file, "--mllp", server.host_and_port(), "--retries", "0"}).err;
  };
  EXPECT_THAT(said_of("HTTP/1.1 400 Bad Request\r\n\r\n"),
              HasSubstr("it speaks HTTP, expected MLLP"));
  EXPECT_THAT(said_of(std::string("\x15\x03\x03\x00\x02\x02\x0a", 7)),
              HasSubstr("it speaks TLS, expected MLLP"));
}

TEST(FeedMllpTest, ARateIsKeptAndSeveralConnectionsShareTheWork) {
  TestFolder folder;
  std::string many;
  for (int i = 0; i < 40; ++i) many += Message("m" + std::to_string(i));
  const std::string file = folder.Write("a.hl7", many);
  ScriptedMllp server(Accept);
  const CommandResult slow =
      Feed({file, "--mllp", server.host_and_port(), "--rate", "20/s", "--json"});
  EXPECT_EQ(slow.exit_code, 0) << slow.err;
  EXPECT_GE(Summary(slow).at("seconds"), 39.0 / 20);
  ScriptedMllp fast(Accept);
  const CommandResult quick =
      Feed({file, "--mllp", fast.host_and_port(), "--rate", "100/s", "--json"});
  EXPECT_EQ(quick.exit_code, 0) << quick.err;
  EXPECT_GE(Summary(quick).at("seconds"), 0.38);
  EXPECT_LE(Summary(quick).at("seconds"), 1.5) << "and no slower than it says";
  ScriptedMllp other(Accept);
  const CommandResult wide =
      Feed({file, "--mllp", other.host_and_port(), "--connections", "4", "--repeat", "3"});
  EXPECT_EQ(wide.exit_code, 0) << wide.err;
  EXPECT_THAT(other.Messages(), SizeIs(120));
  EXPECT_LE(other.connections(), 4u);
}

TEST(FeedMllpTest, NewFilesAreTakenWhenTheyAreWholeAndARestartGoesOnWhereItWas) {
  TestFolder folder;
  TestFolder inbox;
  const std::string state = folder.File("state");
  inbox.Write("a.hl7", Message("m1"));
  ScriptedMllp server([](const std::string& message, std::size_t nth) {
    return ScriptedMllp::ControlId(message) == "m3" ? MllpStep{ScriptedMllp::Ack(message, "AR")}
                                                    : Accept(message, nth);
  });
  const std::vector<std::string> arguments = {
      "feed", inbox.path(), "--mllp", server.host_and_port(), "--follow", "--state", state};
  {
    RunningCommand feed("consilium", arguments);
    EXPECT_TRUE(Eventually([&] { return server.Messages().size() == 1; }));
    inbox.Write("b.hl7", Message("m2") + Message("m3"));
    inbox.Write("c.hl7.tmp", Message("m9"));
    EXPECT_TRUE(Eventually([&] { return server.Messages().size() == 3; }));
    std::filesystem::rename(inbox.File("c.hl7.tmp"), inbox.File("c.hl7"));
    EXPECT_TRUE(Eventually([&] { return server.Messages().size() == 4; }));
    feed.Signal(SIGINT);
    const CommandResult result = feed.Wait(seconds(20));
    EXPECT_EQ(result.exit_code, 130) << result.err;
    EXPECT_THAT(result.err, HasSubstr("stopped after 4 messages had ended"));
    EXPECT_THAT(result.err, HasSubstr("and " + state + " says where to go on"));
  }
  EXPECT_THAT(IdsOf(server), ElementsAre("m1", "m2", "m3", "m9"));
  inbox.Write("d.hl7", Message("m5"));
  RunningCommand feed("consilium", arguments);
  EXPECT_TRUE(Eventually([&] { return server.Messages().size() == 5; }));
  feed.Signal(SIGINT);
  EXPECT_THAT(feed.Wait(seconds(20)).out, HasSubstr("4 messages sent before (--state)"));
  EXPECT_EQ(IdsOf(server).back(), "m5");
}

TEST(FeedMllpTest, AFeedThatWasKilledGoesOnBehindTheLastAnswer) {
  TestFolder folder;
  std::string many;
  for (int i = 1; i <= 30; ++i) many += Message("m" + std::to_string(i));
  const std::string file = folder.Write("a.hl7", many);
  const std::string state = folder.File("state");
  ScriptedMllp server(Accept);
  const std::vector<std::string> arguments = {"feed",    file,  "--mllp", server.host_and_port(),
                                              "--state", state, "--rate", "20/s"};
  {
    RunningCommand feed("consilium", arguments);
    EXPECT_TRUE(Eventually([&] { return server.Messages().size() >= 10; }));
    feed.Signal(SIGKILL);
    feed.Wait(seconds(20));
  }
  RunningCommand feed("consilium", arguments);
  const CommandResult result = feed.Wait(seconds(60));
  EXPECT_EQ(result.exit_code, 0) << result.err;
  const std::vector<std::string> ids = IdsOf(server);
  EXPECT_THAT(std::set<std::string>(ids.begin(), ids.end()), SizeIs(30)) << "none was left out";
  EXPECT_LE(ids.size(), 31u) << "at most the one under way came twice";
}

// --- FHIR and cases

struct Asked {
  std::string path;
  std::string type;
  std::string token;
  std::string body;
};

// Answers by `answer` and keeps what was asked.
class HttpGateway {
 public:
  explicit HttpGateway(std::function<HttpStep(const HttpAsked&, std::size_t nth)> answer)
      : server_({}, [this, answer = std::move(answer)](const HttpAsked& asked) {
          std::size_t nth = 0;
          {
            const std::lock_guard lock(mutex_);
            const auto header = [&asked](const char* name) {
              const auto found = asked.headers.find(name);
              return found == asked.headers.end() ? "" : found->second;
            };
            asked_.push_back(
                {asked.path, header("content-type"), header("authorization"), asked.body});
            nth = asked_.size();
          }
          return answer(asked, nth);
        }) {}
  std::string url() const { return server_.url(); }
  std::vector<Asked> asked() const {
    const std::lock_guard lock(mutex_);
    return asked_;
  }

 private:
  mutable std::mutex mutex_;
  std::vector<Asked> asked_;
  ScriptedHttp server_;
};

HttpStep Step(int status, const std::string& body, std::vector<std::string> headers = {}) {
  HttpStep step;
  step.status = status;
  step.body = body;
  step.headers = std::move(headers);
  return step;
}

HttpStep Taken(const HttpAsked& asked, std::size_t /*nth*/) {
  if (asked.path == "/v1/cases") return Step(200, "{\"line\":1,\"status\":202}\n");
  return Step(202, R"({"resourceType":"OperationOutcome","issue":[]})");
}

TEST(FeedHttpTest, EachKindOfFileGoesToItsDoorWithItsTypeAndTheToken) {
  TestFolder folder;
  const std::string bundle = "{\"resourceType\":\"Bundle\",\n\"type\":\"collection\"}";
  folder.Write("a.json", bundle);
  folder.Write("b.json", "{\"resourceType\":\"Patient\",\n\"id\":\"1\"}");
  std::filesystem::create_directory(folder.File("export"));
  folder.Write("export/Observation.ndjson", "{\"resourceType\":\"Observation\"}\n");
  folder.Write("export/Patient.ndjson", "{\"resourceType\":\"Patient\"}");
  folder.Write("z.jsonl",
               "{\"id\":\"c1\",\"text\":\"A man.\"}\n{\"id\":\"c2\",\"text\":\"A boy.\"}\n");
  HttpGateway gateway(Taken);
  const CommandResult result =
      Feed({folder.path(), "--http", gateway.url() + "/", "--token-env", "FEED_TOKEN", "--json"},
           {{"FEED_TOKEN", "s3cret"}});
  EXPECT_EQ(result.exit_code, 0) << result.out << result.err;
  EXPECT_EQ(result.out.find("s3cret"), std::string::npos);
  const std::vector<Asked> asked = gateway.asked();
  ASSERT_THAT(asked, SizeIs(5));
  EXPECT_EQ(asked[0].path, "/fhir");
  EXPECT_EQ(asked[0].type, "application/fhir+json");
  EXPECT_EQ(asked[0].body, bundle);
  EXPECT_EQ(asked[1].path, "/fhir/bulk");
  EXPECT_EQ(asked[1].type, "application/fhir+ndjson");
  EXPECT_EQ(asked[1].body, "{\"resourceType\":\"Patient\", \"id\":\"1\"}\n");
  EXPECT_EQ(asked[2].path, "/fhir/bulk");
  EXPECT_EQ(asked[2].body, "{\"resourceType\":\"Observation\"}\n{\"resourceType\":\"Patient\"}\n")
      << "the files of one export together";
  EXPECT_EQ(asked[3].path, "/v1/cases");
  EXPECT_EQ(asked[3].type, "application/x-ndjson");
  EXPECT_THAT(asked[3].body, StartsWith("{\"id\":\"c1\",\"text\":\"A man.\""));
  for (const Asked& one : asked) EXPECT_EQ(one.token, "Bearer s3cret");
  const json doors = Summary(result).at("doors");
  EXPECT_EQ(doors.at("fhir").at("accepted"), 1);
  EXPECT_EQ(doors.at("bulk").at("accepted"), 2);
  EXPECT_EQ(doors.at("cases").at("accepted"), 2);
}

TEST(FeedHttpTest, AFullGatewayIsWaitedForAndWhatItRefusesIsNamed) {
  TestFolder folder;
  const std::string file = folder.Write(
      "a.jsonl", "{\"id\":\"c1\",\"text\":\"A man.\"}\n{\"id\":\"c2\",\"text\":\"A boy.\"}\n");
  HttpGateway gateway([](const HttpAsked& asked, std::size_t nth) -> HttpStep {
    if (nth == 1) return Step(503, R"({"detail":"drains"})", {"Retry-After: 1"});
    if (nth == 2) return Step(429, R"({"detail":"full"})");
    if (nth == 3) {
      return Step(200, R"({"line":1,"status":429,"code":"queue_full","retry_after_ms":50})");
    }
    if (nth == 4) return Step(500, "oops");
    if (nth == 5) return Taken(asked, nth);
    return Step(200, R"({"line":1,"status":409,"code":"conflict","detail":"other content"})");
  });
  const TimePoint begun = Now();
  const CommandResult result = Feed({file, "--http", gateway.url(), "--json"});
  EXPECT_GE(Now() - begun, seconds(2)) << "as long as it was told";
  EXPECT_EQ(result.exit_code, 1);
  EXPECT_THAT(gateway.asked(), SizeIs(6));
  EXPECT_THAT(result.out, HasSubstr(file + ", message 2: refused, conflict: other content"));
  EXPECT_EQ(Summary(result).at("codes"), json::parse(R"({"conflict":1})"));
  EXPECT_EQ(Summary(result).at("sent_again"), 4);
}

TEST(FeedHttpTest, AWrongTokenOrPlaceEndsTheFeedAndNothingIsRememberedAsSent) {
  TestFolder folder;
  folder.Write("a.jsonl",
               "{\"id\":\"c1\",\"text\":\"A man.\"}\n{\"id\":\"c2\",\"text\":\"A boy.\"}\n");
  folder.Write("b.json", R"({"resourceType":"Bundle","type":"collection"})");
  const std::string state = folder.File("state");
  HttpGateway gateway([](const HttpAsked& asked, std::size_t nth) {
    const std::string& token = asked.headers.at("authorization");
    if (!asked.path.starts_with("/v1") && !asked.path.starts_with("/fhir")) return Step(404, "");
    if (token == "Bearer old") return Step(401, R"({"detail":"no such token"})");
    if (token == "Bearer reads") return Step(403, R"({"detail":"the role does not allow this"})");
    return Taken(asked, nth);
  });
  const auto feed = [&](const std::string& token, const std::string& url,
                        const std::string& follow) {
    std::vector<std::string> arguments = {folder.path(), "--http",  url,  "--token-env",
                                          "FEED_TOKEN",  "--state", state};
    if (!follow.empty()) arguments.push_back(follow);
    return Feed(arguments, {{"FEED_TOKEN", token}});
  };
  for (const char* follow : {"", "--follow"}) {
    const CommandResult unknown = feed("old", gateway.url(), follow);
    EXPECT_EQ(unknown.exit_code, 4);
    EXPECT_THAT(unknown.err,
                HasSubstr("error[forbidden]: " + gateway.url() +
                          "/v1/cases: http_401: no such "
                          "token\n  the token in FEED_TOKEN is not one of role write"));
    EXPECT_THAT(unknown.out, HasSubstr("  cases         1         0        0         1\n"));
  }
  EXPECT_THAT(feed("reads", gateway.url(), "").err, HasSubstr("http_403: the role does not allow"));
  const CommandResult elsewhere = feed("new", gateway.url() + "/gateway", "");
  EXPECT_EQ(elsewhere.exit_code, 4);
  EXPECT_THAT(elsewhere.err, HasSubstr("error[not_found]: " + gateway.url() +
                                       "/gateway/v1/cases: http_404\n  no gateway takes messages "
                                       "there: --http names its scheme, host and port"));
  EXPECT_THAT(gateway.asked(), SizeIs(4)) << "one is enough to know";
  const CommandResult right = feed("new", gateway.url(), "");
  EXPECT_EQ(right.exit_code, 0) << right.err;
  EXPECT_THAT(gateway.asked(), SizeIs(7)) << "all of them";
}

TEST(FeedHttpTest, WhatWasRefusedStaysRefusedAndAnErrorThatMayPassIsSentAgainByTheNextFeed) {
  TestFolder folder;
  const std::string file = folder.Write(
      "a.jsonl", "{\"id\":\"c1\",\"text\":\"A man.\"}\n{\"id\":\"c2\",\"text\":\"A boy.\"}\n");
  const std::string state = folder.File("state");
  bool broken = true;
  HttpGateway gateway([&broken](const HttpAsked& asked, std::size_t nth) {
    if (asked.body.find("c1") != std::string::npos) {
      return Step(200, R"({"line":1,"status":409,"code":"conflict","detail":"other content"})");
    }
    return broken ? Step(500, "oops") : Taken(asked, nth);
  });
  const std::vector<std::string> arguments = {file, "--http", gateway.url(), "--state", state};
  const CommandResult first = Feed(arguments);
  EXPECT_EQ(first.exit_code, 1);
  EXPECT_THAT(first.err, HasSubstr(file + ", message 2: not sent, http_500"));
  EXPECT_THAT(gateway.asked(), SizeIs(5));
  broken = false;
  const CommandResult second = Feed(arguments);
  EXPECT_EQ(second.exit_code, 1) << "one was refused";
  EXPECT_THAT(second.out, HasSubstr("  cases         1         1        0         0\n"));
  const std::string before = "sent before (--state), 1 of them refused";
  EXPECT_THAT(second.out, HasSubstr("1 message " + before));
  const CommandResult third = Feed(arguments);
  EXPECT_EQ(third.exit_code, 1);
  EXPECT_THAT(third.out, HasSubstr("2 messages " + before));
  EXPECT_THAT(gateway.asked(), SizeIs(6));
}

TEST(FeedHttpTest, AnAnswerIsWaitedForAsLongAsItIsSaid) {
  TestFolder folder;
  const std::string file = folder.Write("a.jsonl", "{\"id\":\"c1\",\"text\":\"A man.\"}\n");
  HttpGateway gateway([](const HttpAsked& asked, std::size_t nth) {
    HttpStep step = Taken(asked, nth);
    step.first = seconds(20);
    return step;
  });
  const TimePoint begun = Now();
  const CommandResult result =
      Feed({file, "--http", gateway.url(), "--timeout", "0.5", "--retries", "1"});
  EXPECT_EQ(result.exit_code, 3);
  EXPECT_LT(Now() - begun, seconds(15));
  EXPECT_THAT(result.err, HasSubstr("no answer began within 500 ms"));
}

TEST(FeedHttpTest, CasesBecomeMessagesOfHl7WhereThatIsAskedFor) {
  ScriptedMllp server(Accept);
  const std::string demo = CONSILIUM_SOURCE_DIR "/configs/demo/vignettes.jsonl";
  const CommandResult result = Feed({demo, "--as", "mdm", "--mllp", server.host_and_port()});
  EXPECT_EQ(result.exit_code, 0) << result.err;
  ASSERT_THAT(server.Messages(), SizeIs(72));
  EXPECT_THAT(server.Messages()[0], HasSubstr("|MDM^T02^MDM_T02|demo-001|P|"));
  EXPECT_THAT(server.Messages()[0], HasSubstr("\rPID|1||demo-001^^^CONSILIUM-DEMO^PI||"));
  for (const std::string& one : server.Messages()) {
    EXPECT_EQ(one.find("\rPID|1||demo-001^^^CONSILIUM-DEMO^PI||^^^^^^U||19"), std::string::npos);
  }
}

// --- mistakes

TEST(FeedUsageTest, MistakesAreToldBeforeAnythingIsSent) {
  TestFolder folder;
  const std::string hl7 = folder.Write("a.hl7", Message("m1"));
  const std::string cases = folder.Write("c.jsonl", "{\"text\":\"A man.\"}");
  const std::string other = folder.Write("x.pdf", "%PDF");
  ScriptedMllp server(Accept);
  const std::string mllp = server.host_and_port();
  const auto says = [&](std::vector<std::string> arguments, const std::string& text) {
    const CommandResult result = Feed(std::move(arguments));
    EXPECT_EQ(result.exit_code, 2) << text << "\n" << result.err;
    EXPECT_THAT(result.err, HasSubstr(text));
  };
  says({hl7}, "expected --mllp HOST:PORT, --http URL, or both");
  says({hl7, cases, "--mllp", mllp}, cases + " (cases) needs --http URL, or --as mdm with --mllp");
  says({hl7, "--http", "http://127.0.0.1:1"}, hl7 + " (hl7) needs --mllp HOST:PORT");
  says({other, "--mllp", mllp}, other + ": expected HL7 v2 (");
  says({folder.Write("e.hl7", ""), "--mllp", mllp}, folder.File("e.hl7") + ": empty, expected");
  says({hl7, "--mllp", mllp, "--as", "mdm"}, "--as mdm is for cases, and no file has any");
  says({cases, "--http", "https://127.0.0.1:1", "--ca-file", folder.File("no.pem")},
       "--ca-file = \"" + folder.File("no.pem") + "\", expected a readable file");
  says({folder.File("nothing"), "--mllp", mllp},
       folder.File("nothing") + ": expected a file or a folder");
  says({hl7, "--mllp", "127.0.0.1"}, "--mllp = \"127.0.0.1\", expected HOST:PORT");
  says({hl7, "--mllp", "127.0.0.1:99999"}, "expected HOST:PORT with a port in 1..65535");
  says({hl7, "--mllp", "8.8.8.8:2575"}, "8.8.8.8 is a public address");
  says({hl7, "--mllp", mllp, "--http", "http://8.8.8.8:80"}, "--http: ");
  says({hl7, "--mllp", mllp, "--rate", "fast"}, "--rate = \"fast\", expected messages a second");
  says({hl7, "--http", "http://127.0.0.1:1", "--token-env", "NOT_THERE_AT_ALL"},
       "--token-env: the environment has no NOT_THERE_AT_ALL");
  TestFolder empty;
  says({empty.path(), "--mllp", mllp}, "no file to feed in " + empty.path());
  EXPECT_THAT(server.Messages(), IsEmpty());
}

}  // namespace
}  // namespace consilium
