// What an operator does to a running cluster of two brokers: cancels, drains, restarts, dead
// letters, and commands that find the broker that lives.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <poll.h>

#include <csignal>
#include <map>
#include <nlohmann/json.hpp>
#include <set>
#include <string>
#include <vector>

#include "shared/codec.h"
#include "shared/ids.h"
#include "shared/zmq.h"
#include "tests/support/cluster_config.h"
#include "tests/support/scripted_llm.h"
#include "tests/support/two_brokers.h"

namespace consilium {
namespace {

using nlohmann::json;
using std::chrono::seconds;
using testing::HasSubstr;

json Parsed(const CommandResult& result) {
  json parsed = json::parse(result.out, nullptr, /*allow_exceptions=*/false);
  EXPECT_TRUE(parsed.is_object()) << result.out << result.err;
  return parsed.is_object() ? parsed : json::object();
}

// One model at a scripted server.
std::string RealModel(const ScriptedLlm& llm, const std::string& more = "") {
  return "[ensemble]\nstrategy = \"all\"\n" + CouncilSection("deadline_s = 60\nquorum = 1\n") +
         "[[backend]]\nmodel = \"m\"\nprovider = \"openai\"\nplacement = \"local\"\nurl = \"" +
         llm.url() + "\"\nserved_as = [\"scripted-1\"]\nstream = false\nprompts = \"" +
         CONSILIUM_SOURCE_DIR "/configs/prompts\"\n" + more;
}

std::string ACase(const std::string& id) {
  return R"({"id":")" + id + R"(","text":"A man with a productive cough."})";
}

// Requests to one broker from the test's own thread.
class Dealer {
 public:
  Dealer(ZmqContext& context, const std::string& endpoint) : socket_(context, endpoint) {}

  template <class Message>
  void Send(const Message& message, const std::string& request) {
    const Frame frame = MakeFrame(message, request);
    EXPECT_TRUE(Eventually([&] { return socket_.Send(frame) == SendResult::kSent; }));
  }
  // What came, by request; waits at most `longest` for something.
  void Turn(milliseconds longest) {
    pollfd polled{socket_.fd(), POLLIN, 0};
    poll(&polled, 1, static_cast<int>(longest.count()));
    while (auto frame = socket_.Receive()) {
      if (frame->ok()) replies.emplace((*frame)->request, **frame);
    }
  }
  bool Await(const std::string& request) {
    const TimePoint until = Now() + seconds(60);
    while (replies.count(request) == 0 && Now() < until) Turn(milliseconds(20));
    return replies.count(request) > 0;
  }

  std::map<std::string, Frame> replies;

 private:
  DealerSocket socket_;
};

TEST(OperatorProcessTest, ACancelAtTheOtherBrokerClosesTheCallWithinASecond) {
  ScriptedLlm llm({LlmStep::Stalls()});
  TwoBrokers cluster(RealModel(llm));
  cluster.AddWorker("m");
  ASSERT_EQ(cluster.Run({"submit", "--no-wait", "-"}, ACase("c1")).exit_code, 0);
  ASSERT_TRUE(llm.WaitForRequests(1));
  // The broker that has not leased it.
  const json status = Parsed(cluster.Run({"status", "--json"}));
  std::string leaser;
  for (const json& broker : status.at("brokers")) {
    if (broker.at("leases") == 1) leaser = broker.at("id");
  }
  ASSERT_NE(leaser, "");
  const std::size_t other = status.at("broker") == leaser ? 1 : 0;
  ZmqContext context;
  Dealer dealer(context, cluster.clients(other));
  const TimePoint asked = Now();
  dealer.Send(CancelRequest{"c1"}, "r");
  EXPECT_TRUE(llm.WaitForClosed(1, seconds(10)));
  EXPECT_LT(Now() - asked, seconds(1));
  ASSERT_TRUE(dealer.Await("r"));
  EXPECT_TRUE(Unpack<CancelReply>(dealer.replies.at("r").body)->cancelled);
}

// F21: cancelled while it waits, while it is at a worker, and while its result comes in: each case
// is cancelled or has ended, and what the client was told is what is published.
TEST(OperatorProcessTest, ACancelledCaseIsNeverPublishedAsAnythingElse) {
  constexpr int kCases = 600;
  SimulatedOptions options;
  options.models = 1;
  options.ensemble = 1;
  options.latency_ms = 60;
  options.backend = "concurrency = 32\n";
  options.council = "quorum = 1\n";
  std::string config = SimulatedCluster(options);
  config.erase(config.find("concurrency = 8\n"), 16);
  TwoBrokers cluster(config);
  cluster.AddWorker("m1");
  ZmqContext context;
  Dealer submitter(context, cluster.clients(0));
  Dealer canceller(context, cluster.clients(1));
  SeededRandom random(7, "cancel races");
  std::multimap<TimePoint, std::string> due;
  const auto cancel_due = [&] {
    while (!due.empty() && due.begin()->first <= Now()) {
      canceller.Send(CancelRequest{due.begin()->second}, due.begin()->second);
      due.erase(due.begin());
    }
    canceller.Turn(milliseconds(0));
  };
  for (int i = 0; i < kCases; ++i) {
    SubmitRequest submit;
    submit.request.id = "c" + std::to_string(i);
    submit.request.vignette.text = "A man with a productive cough.";
    submitter.Send(submit, submit.request.id);
    ASSERT_TRUE(submitter.Await(submit.request.id));
    ASSERT_EQ(submitter.replies.at(submit.request.id).type, SubmitReply::kType);
    // At once, while it is at the worker, or about when its answer comes.
    const int kind = i % 3;
    const double after = kind == 0 ? 0 : kind == 1 ? 40 * random.Unit() : 40 + 160 * random.Unit();
    due.emplace(Now() + milliseconds(static_cast<int>(after)), submit.request.id);
    cancel_due();
  }
  while (!due.empty()) {
    cancel_due();
    submitter.Turn(milliseconds(1));
  }
  std::map<std::string, std::string> told;  // id -> how it ended
  int cancelled = 0;
  for (int i = 0; i < kCases; ++i) {
    const std::string id = "c" + std::to_string(i);
    ASSERT_TRUE(canceller.Await(id));
    const auto reply = Unpack<CancelReply>(canceller.replies.at(id).body);
    ASSERT_TRUE(reply.ok()) << canceller.replies.at(id).type;
    EXPECT_EQ(reply->cancelled, reply->state == CaseState::kCancelled);
    cancelled += reply->cancelled ? 1 : 0;
    told[id] = kCaseStateNames[static_cast<std::size_t>(reply->state)];
  }
  EXPECT_GT(cancelled, 50);
  EXPECT_LT(cancelled, kCases - 50) << "both happen, or the test shows nothing";
  json status;
  ASSERT_TRUE(Eventually([&] {
    status = Parsed(cluster.Run({"status", "--json"}));
    std::int64_t left = status.at("live").get<std::int64_t>();
    for (const json& lane : status.at("lanes")) {
      left += lane.at("waiting").get<std::int64_t>() + lane.at("leased").get<std::int64_t>();
    }
    return left == 0;
  })) << status.dump(1);
  EXPECT_TRUE(status.at("balanced").get<bool>());
  EXPECT_EQ(status.at("counters").value("cancelled", 0), cancelled);
  std::map<std::string, int> published;
  for (const json& item :
       JsonLines(cluster.Run({"watch", "--from-start", "--json", "--count", std::to_string(kCases)})
                     .out)) {
    const std::string id = item.at("case_id");
    ++published[id];
    EXPECT_EQ(item.at("status"), told[id]) << id;
  }
  EXPECT_EQ(published.size(), static_cast<std::size_t>(kCases));
  for (const auto& [id, times] : published) EXPECT_EQ(times, 1) << id;
}

// F23: every broker and every worker is told to stop and started again while cases come in.
TEST(OperatorProcessTest, ARollingRestartUnderLoadLosesAndCountsNothing) {
  constexpr int kCases = 60;
  SimulatedOptions options;
  options.models = 2;
  options.ensemble = 2;
  options.latency_ms = 400;
  TwoBrokers cluster(SimulatedCluster(options));
  std::vector<std::pair<std::string, std::size_t>> workers;
  for (const char* model : {"m1", "m1", "m2", "m2"}) {
    workers.emplace_back(model, cluster.AddWorker(model));
  }
  TestFolder folder;
  RunningCommand submit(
      "consilium",
      cluster.WithBrokers({"submit", "--json", folder.Write("c.jsonl", DemoCases(kCases))}));
  ASSERT_TRUE(Eventually([&] { return !JsonLines(submit.OutSoFar()).empty(); }))
      << submit.ErrSoFar();
  for (std::size_t broker = 0; broker < 2; ++broker) {
    cluster.broker(broker).Signal(SIGTERM);
    const CommandResult end = cluster.broker(broker).Wait(seconds(15));
    EXPECT_EQ(end.exit_code, 0) << end.err;
    EXPECT_THAT(end.err, HasSubstr("broker_stopped drained=1"));
    cluster.StartBroker(broker);
    ASSERT_TRUE(Eventually([&] { return cluster.Accepts(broker); }));
  }
  for (auto& [model, number] : workers) {
    const std::size_t next = cluster.AddWorker(model);
    cluster.worker(number).Signal(SIGTERM);
    const CommandResult end = cluster.worker(number).Wait(seconds(30));
    EXPECT_EQ(end.exit_code, 0) << end.err;
    number = next;
  }
  const CommandResult done = submit.Wait(seconds(120));
  EXPECT_EQ(done.exit_code, 0) << done.err;
  EXPECT_EQ(JsonLines(done.out).size(), static_cast<std::size_t>(kCases));
  const json status = Parsed(cluster.Run({"status", "--json"}));
  const json& counters = status.at("counters");
  EXPECT_EQ(counters.at("accepted"), kCases);
  for (const char* cause : {"crashed", "reaped", "orphaned", "dead", "expired"}) {
    EXPECT_EQ(counters.value(cause, 0), 0) << cause << counters;
  }
  EXPECT_TRUE(status.at("balanced").get<bool>());
  EXPECT_EQ(status.at("dead"), 0);
}

TEST(OperatorProcessTest, CommandsWorkWhileOneOfTwoBrokersIsDead) {
  SimulatedOptions options;
  options.models = 1;
  options.ensemble = 1;
  options.council = "quorum = 1\n";
  TwoBrokers cluster(SimulatedCluster(options));
  cluster.AddWorker("m1");
  cluster.broker(0).Signal(SIGKILL);
  cluster.broker(0).Wait(seconds(10));
  const TimePoint asked = Now();
  EXPECT_EQ(cluster.Run({"status", "--json"}).exit_code, 0);
  EXPECT_LT(Now() - asked, seconds(8));
  const CommandResult submit = cluster.Run({"submit", "--json", "-"}, DemoCases(5));
  EXPECT_EQ(submit.exit_code, 0) << submit.err;
  EXPECT_EQ(JsonLines(submit.out).size(), 5u);
  const CommandResult watch = cluster.Run({"watch", "--from-start", "--count", "5", "--json"});
  EXPECT_EQ(watch.exit_code, 0) << watch.err;
  EXPECT_EQ(JsonLines(watch.out).size(), 5u);
  // One that is alive and says nothing.
  cluster.StartBroker(0);
  ASSERT_TRUE(Eventually([&] { return cluster.Accepts(0); }));
  ASSERT_EQ(kill(cluster.broker(0).pid(), SIGSTOP), 0);
  const CommandResult again = cluster.Run({"submit", "--json", "-"}, DemoCases(5));
  EXPECT_EQ(again.exit_code, 0) << again.err;
  EXPECT_EQ(JsonLines(again.out).size(), 5u);
  ASSERT_EQ(kill(cluster.broker(0).pid(), SIGCONT), 0);
}

TEST(OperatorProcessTest, ADrainedBrokerSendsClientsToTheOtherOneUntilItWorksAgain) {
  ScriptedLlm llm({LlmStep::Stalls()});
  TwoBrokers cluster(RealModel(llm, "concurrency = 6\n"));
  cluster.AddWorker("m");
  const auto has_slots = [&](const std::multiset<int>& expected) {
    json status;
    const bool had = Eventually([&] {
      status = Parsed(cluster.Run({"status", "--json"}));
      std::multiset<int> slots;
      for (const json& worker : status.at("workers")) slots.insert(worker.at("slots").get<int>());
      return slots == expected;
    });
    EXPECT_TRUE(had) << status.at("workers");
  };
  has_slots({3, 3});
  const std::string first = cluster.clients(0);
  const auto drain = [&](std::vector<std::string> more) {
    std::vector<std::string> arguments = {"drain", "--json", "--broker", first};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return RunningCommand("consilium", arguments).Wait(seconds(60));
  };
  const json report = Parsed(drain({}));
  EXPECT_TRUE(report.value("drained", false)) << report;
  has_slots({0, 6});
  const CommandResult refused =
      RunningCommand("consilium", {"submit", "--no-wait", "--timeout", "3", "--broker", first, "-"},
                     {}, ACase("c1"))
          .Wait(seconds(60));
  EXPECT_NE(refused.exit_code, 0);
  const CommandResult other = cluster.Run({"submit", "--no-wait", "-"}, ACase("c1"));
  EXPECT_EQ(other.exit_code, 0) << other.err;
  const json status = Parsed(
      RunningCommand("consilium", {"status", "--json", "--broker", first}).Wait(seconds(20)));
  EXPECT_EQ(status.at("reason"), "this broker is draining");
  EXPECT_EQ(cluster.Run({"drain"}).exit_code, 2) << "of two brokers one must be named";
  EXPECT_FALSE(Parsed(drain({"--undo"})).at("draining").get<bool>());
  EXPECT_TRUE(cluster.Accepts(0));
  has_slots({3, 3});
}

// Asked how far it is, the next broker at the same place says so of itself.
TEST(OperatorProcessTest, ADrainIsOfTheBrokerThatWasAskedAndOfNoOtherInItsPlace) {
  ScriptedLlm llm({LlmStep::Stalls()});
  TwoBrokers cluster(RealModel(llm));
  ASSERT_EQ(cluster.Run({"submit", "--no-wait", "-"}, ACase("c1")).exit_code, 0);
  cluster.broker(1).Signal(SIGKILL);
  cluster.AddWorker("m");
  ASSERT_TRUE(llm.WaitForRequests(1));
  RunningCommand drain("consilium",
                       {"drain", "--json", "--limit", "600", "--broker", cluster.clients(0)});
  ASSERT_TRUE(Eventually([&] {
    return drain.ErrSoFar().find("1 task at workers") != std::string::npos;
  })) << drain.ErrSoFar();
  cluster.broker(0).Signal(SIGKILL);
  cluster.broker(0).Wait(seconds(10));
  cluster.StartBroker(0);
  const CommandResult end = drain.Wait(seconds(60));
  EXPECT_EQ(end.exit_code, 4) << end.out << end.err;
  EXPECT_THAT(end.out + end.err, HasSubstr("which answers in its place and goes on"));
  EXPECT_TRUE(Eventually([&] { return cluster.Accepts(0); }));
}

// A call that the limit of the drain cuts goes on, and its result is taken by the other broker.
TEST(OperatorProcessTest, ACallThatOutlastsTheDrainIsNotLost) {
  SimulatedOptions options;
  options.models = 1;
  options.ensemble = 1;
  options.latency_ms = 4000;
  options.more = "latency_sigma = 0.0\n";
  options.council = "quorum = 1\n";
  options.broker = "drain_ms = 200\n";
  TwoBrokers cluster(SimulatedCluster(options));
  cluster.AddWorker("m1");
  ASSERT_EQ(cluster.Run({"submit", "--no-wait", "-"}, DemoCases(6)).exit_code, 0);
  ASSERT_TRUE(Eventually([&] {
    const json status = Parsed(cluster.Run({"status", "--json"}));
    return status.at("lanes").at(0).at("leased") == 6;
  }));
  cluster.broker(0).Signal(SIGTERM);
  EXPECT_EQ(cluster.broker(0).Wait(seconds(10)).exit_code, 0);
  json status;
  ASSERT_TRUE(Eventually([&] {
    status = Parsed(cluster.Run({"status", "--json"}));
    return status.at("live") == 0;
  })) << status.dump(1);
  for (int i = 1; i <= 6; ++i) {
    const json view = Parsed(cluster.Run({"show", "--json", "demo-00" + std::to_string(i)}));
    EXPECT_EQ(view.at("tasks").at(0).at("leases"), 1) << view.at("tasks").at(0);
  }
  for (const char* cause : {"crashed", "reaped", "orphaned", "released"}) {
    EXPECT_EQ(status.at("counters").value(cause, 0), 0) << cause;
  }
}

TEST(OperatorProcessTest, DeadLettersAreLookedAtRequeuedAndPurgedFromTheCommandLine) {
  std::vector<LlmStep> steps(3, LlmStep::Fails(500, "oops"));
  steps.push_back(LlmStep::Says(R"({"medications":[{"ingredient":"amoxicillin"}]})"));
  ScriptedLlm llm(steps);
  TwoBrokers cluster(RealModel(llm, "attempts_max = 1\nconcurrency = 1\nbreaker_share = 1.0\n"));
  cluster.AddWorker("m");
  for (const char* id : {"c1", "c2", "c3"}) {
    const CommandResult failed = cluster.Run({"submit", "--json", "-"}, ACase(id));
    EXPECT_EQ(failed.exit_code, 1) << failed.out << failed.err;
  }
  const json list = Parsed(cluster.Run({"dead", "list", "--json"}));
  ASSERT_EQ(list.at("items").size(), 3u) << list;
  const json& letter = list.at("items").at(0);
  EXPECT_EQ(letter.at("outcome").at("code"), "http_500");
  const std::string id = letter.at("id");
  const CommandResult table = cluster.Run({"dead", "list", "--model", "m", "--limit", "2"});
  EXPECT_THAT(table.out, HasSubstr("http_500"));
  EXPECT_THAT(table.err, HasSubstr("2 dead letters; go on with --after 0:"));
  EXPECT_EQ(Parsed(cluster.Run({"dead", "list", "--count", "--json"})).at("counts"),
            json::parse(R"([{"model":"m","code":"http_500","letters":3}])"));
  EXPECT_THAT(cluster.Run({"dead", "show", id}).out, HasSubstr("All errors"));
  EXPECT_EQ(cluster.Run({"dead", "show", "0:1-1"}).exit_code, 4);

  // A failed case becomes a revision by the late answer.
  const CommandResult requeued = cluster.Run({"dead", "requeue", id});
  EXPECT_EQ(requeued.exit_code, 0) << requeued.err;
  EXPECT_THAT(requeued.out, HasSubstr("(c1|generate|1|m): requeued, until "));
  EXPECT_THAT(cluster.Run({"dead", "requeue", id}).out, HasSubstr("was requeued before"));
  json view;
  EXPECT_TRUE(Eventually([&] {
    view = Parsed(cluster.Run({"show", "--json", "c1"}));
    return view.value("state", "failed") != "failed";
  })) << view.dump(1);
  ASSERT_EQ(view.at("recommendations").size(), 2u);
  EXPECT_EQ(view.at("recommendations").at(1).at("ingredients"), json::parse(R"(["amoxicillin"])"));
  EXPECT_EQ(cluster.Run({"dead", "requeue", "0:1-1"}).exit_code, 4);
  EXPECT_EQ(cluster.Run({"dead", "requeue"}).exit_code, 2);

  // Nobody can be asked: standard input is no terminal.
  const CommandResult unasked = cluster.Run({"dead", "purge", "--all"});
  EXPECT_EQ(unasked.exit_code, 2);
  EXPECT_THAT(unasked.err, HasSubstr("nobody can be asked whether 2 dead letters are meant"));
  EXPECT_EQ(Parsed(cluster.Run({"dead", "purge", "--all", "--yes", "--code", "other", "--json"}))
                .at("purged"),
            0);
  EXPECT_EQ(Parsed(cluster.Run({"dead", "purge", "--all", "--yes", "--json"})).at("purged"), 2);
  EXPECT_TRUE(Parsed(cluster.Run({"dead", "list", "--json"})).at("items").empty());
  EXPECT_TRUE(Parsed(cluster.Run({"status", "--json"})).at("balanced").get<bool>());
}

}  // namespace
}  // namespace consilium
