// A broker on a private redis-server, with clients and scripted workers around it, all turned by
// the test's own thread.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "broker/broker.h"
#include "shared/codec.h"
#include "shared/ids.h"
#include "shared/limits.h"
#include "tests/support/private_redis.h"

namespace consilium {

class TestClient {
 public:
  TestClient(ZmqContext& context, const std::string& endpoint, const BusKeys& keys = {})
      : socket_(context, endpoint, keys) {}

  void Send(Frame frame) { unsent_.push_back(std::move(frame)); }
  template <class Message>
  std::string Send(const Message& message) {
    std::string request = "r" + std::to_string(++count_);
    Send(MakeFrame(message, request));
    return request;
  }
  void Turn() {
    while (!unsent_.empty() && socket_.Send(unsent_.front()) == SendResult::kSent) {
      unsent_.erase(unsent_.begin());
    }
    while (auto frame = socket_.Receive()) {
      if (frame->ok()) replies_[(*frame)->request].push_back(**frame);
    }
  }
  // The reply to a request, once it is here.
  const Frame* Reply(const std::string& request) const {
    const auto found = replies_.find(request);
    return found == replies_.end() ? nullptr : &found->second.front();
  }
  std::size_t Replies(const std::string& request) const {
    const auto found = replies_.find(request);
    return found == replies_.end() ? 0 : found->second.size();
  }

 private:
  DealerSocket socket_;
  std::vector<Frame> unsent_;
  std::map<std::string, std::vector<Frame>> replies_;
  int count_ = 0;
};

// Says hello and heartbeats as a worker does, and leaves the work to the test.
class ScriptedWorker {
 public:
  ScriptedWorker(ZmqContext& context, const std::string& endpoint, std::string name,
                 std::string model, std::int64_t slots, const BusKeys& keys = {})
      : socket_(context, endpoint, keys) {
    hello_.worker = std::move(name);
    hello_.model = std::move(model);
    hello_.provider = "simulated";
    hello_.placement = "local";
    hello_.slots = slots;
  }

  void Turn() {
    while (auto frame = socket_.Receive()) {
      if (frame->ok() && !deaf) Take(**frame);
    }
    if (silent || Now() < next_) return;
    const Heartbeat beat{hello_.slots, InFlight(), ""};
    hello_.in_flight = beat.in_flight;
    const bool sent =
        socket_.Send(welcomed ? MakeFrame(beat) : MakeFrame(hello_)) == SendResult::kSent;
    next_ = Now() + (sent ? milliseconds(limits::kHeartbeat) : milliseconds(20));
  }

  // False while there is no connection.
  template <class Message>
  bool Send(const Message& message) {
    return socket_.Send(MakeFrame(message)) == SendResult::kSent;
  }
  void Finish(const TaskMessage& task, Outcome outcome) {
    EXPECT_TRUE(Send(ResultMessage{task.task, task.fence, std::move(outcome), std::nullopt}));
  }
  // It failed and asks to be tried again.
  void Retry(const TaskMessage& task, Outcome outcome, std::int64_t in_ms = 10) {
    EXPECT_TRUE(Send(ResultMessage{task.task, task.fence, std::move(outcome), in_ms}));
  }
  void GiveUp(const TaskMessage& task, Outcome outcome) {
    EXPECT_TRUE(Send(ResultMessage{task.task, task.fence, std::move(outcome), std::nullopt,
                                   /*dead_letter=*/true}));
  }
  void Slots(std::int64_t slots) {
    hello_.slots = slots;
    next_ = Now();
  }
  // The acknowledgement of a task under its fence, once it is here.
  std::string Disposition(const TaskMessage& task) const {
    for (const ResultAck& ack : acks) {
      if (ack.task == task.task && ack.fence == task.fence) return ack.disposition;
    }
    return "";
  }
  bool Holds(const std::string& ref) const { return held_.count(ref) > 0; }

  std::vector<TaskMessage> tasks;  // in order of arrival
  std::vector<ResultAck> acks;
  std::vector<CancelTask> cancels;
  std::vector<ErrorMessage> errors;
  bool welcomed = false;
  bool draining = false;  // as the broker last said
  int asked_who = 0;
  bool silent = false;     // sends nothing by itself
  bool deaf = false;       // reads and forgets
  bool forgetful = false;  // lists nothing in heartbeats
  std::size_t most_held = 0;

 private:
  void Take(const Frame& frame) {
    if (frame.type == Welcome::kType) {
      welcomed = true;
      draining = Unpack<Welcome>(frame.body)->draining;
    } else if (frame.type == HeartbeatReply::kType) {
      draining = Unpack<HeartbeatReply>(frame.body)->draining;
    } else if (frame.type == WhoAreYou::kType) {
      ++asked_who;
      welcomed = false;
      next_ = Now();
    } else if (frame.type == TaskMessage::kType) {
      tasks.push_back(*Unpack<TaskMessage>(frame.body));
      held_[tasks.back().task] = tasks.back().fence;
      most_held = std::max(most_held, held_.size());
    } else if (frame.type == ResultAck::kType) {
      acks.push_back(*Unpack<ResultAck>(frame.body));
      held_.erase(acks.back().task);
    } else if (frame.type == CancelTask::kType) {
      cancels.push_back(*Unpack<CancelTask>(frame.body));
      held_.erase(cancels.back().task);
    } else if (frame.type == ErrorMessage::kType) {
      errors.push_back(*Unpack<ErrorMessage>(frame.body));
    }
  }
  std::vector<HeldTask> InFlight() const {
    std::vector<HeldTask> held;
    if (!forgetful) {
      for (const auto& [task, fence] : held_) held.push_back({task, fence});
    }
    return held;
  }

  DealerSocket socket_;
  Hello hello_;
  std::map<std::string, std::int64_t> held_;
  TimePoint next_;
};

class BrokerRig : public testing::Test {
 protected:
  BrokerRig() {
    config_.broker.clients = "tcp://127.0.0.1:0";
    config_.broker.workers = "tcp://127.0.0.1:0";
    for (const char* model : {"alpha", "bravo"}) {
      BackendConfig backend;
      backend.model = model;
      backend.placement = "local";
      config_.backends.push_back(backend);
    }
  }

  // Starts the broker with config_ and waits until it is ready to lease.
  void Start() {
    broker_ = std::make_unique<Broker>(config_, Addresses(), context_);
    // A port that a broker has just left is free a moment later.
    Status bound = broker_->Bind();
    for (const TimePoint give_up = Now() + std::chrono::seconds(10); !bound && Now() < give_up;) {
      broker_ = std::make_unique<Broker>(config_, Addresses(), context_);
      bound = broker_->Bind();
    }
    ASSERT_TRUE(bound.ok()) << bound.error().text;
    config_.broker.clients = broker_->clients();
    config_.broker.workers = broker_->workers();
    PumpUntil("the broker is ready", [this] { return broker_->ready(); });
  }
  void Stop() { broker_.reset(); }
  // Where the shards are.
  virtual std::vector<RedisAddress> Addresses() const { return {redis_.address()}; }

  TestClient& AddClient(const BusKeys& keys = {}) {
    clients_.push_back(std::make_unique<TestClient>(context_, config_.broker.clients, keys));
    return *clients_.back();
  }
  // Joined and welcomed, unless the broker refuses it.
  ScriptedWorker& AddWorker(const std::string& name, const std::string& model, std::int64_t slots,
                            const BusKeys& keys = {}) {
    workers_.push_back(std::make_unique<ScriptedWorker>(context_, config_.broker.workers, name,
                                                        model, slots, keys));
    ScriptedWorker& worker = *workers_.back();
    PumpUntil(name + " is greeted", [&] { return worker.welcomed || !worker.errors.empty(); });
    return worker;
  }

  void Turn() {
    if (broker_) broker_->Turn(milliseconds(2));
    for (const auto& client : clients_) client->Turn();
    for (const auto& worker : workers_) worker->Turn();
  }
  void PumpUntil(const std::string& what, const std::function<bool()>& condition) {
    const TimePoint give_up = Now() + std::chrono::seconds(60);
    while (!condition()) {
      ASSERT_LT(Now(), give_up) << "waited in vain until " << what;
      Turn();
    }
  }
  // For what must not happen: gives it the chance.
  void PumpFor(milliseconds time) {
    for (const TimePoint until = Now() + time; Now() < until;) Turn();
  }

  // The reply to a message, or the error it got.
  template <class Reply, class Message>
  Result<Reply> Ask(TestClient& client, const Message& message) {
    return AnswerTo<Reply>(client, client.Send(message));
  }
  template <class Reply>
  Result<Reply> AnswerTo(TestClient& client, const std::string& request) {
    PumpUntil("a reply comes", [&] { return client.Reply(request) != nullptr; });
    const Frame* frame = client.Reply(request);
    if (frame == nullptr) return Error{ErrorCode::kTimeout, "no reply"};
    if (frame->type == ErrorMessage::kType) {
      last_error_ = *Unpack<ErrorMessage>(frame->body);
      return Error{ErrorFromName(last_error_.code), last_error_.text};
    }
    EXPECT_EQ(frame->type, Reply::kType);
    return Unpack<Reply>(frame->body);
  }

  static CaseRequest CaseOf(const std::string& id, std::vector<std::string> models = {"alpha"}) {
    CaseRequest request;
    request.id = id;
    request.vignette.text = "A 54-year-old man with a productive cough.";
    request.models = std::move(models);
    request.gold_medications = std::vector<std::string>{"amoxicillin"};
    return request;
  }
  SubmitReply Submit(TestClient& client, const CaseRequest& request) {
    const auto reply = Ask<SubmitReply>(client, SubmitRequest{request});
    EXPECT_TRUE(reply.ok()) << reply.error().text;
    return reply.ok() ? *reply : SubmitReply{};
  }
  CaseView Fetch(TestClient& client, const std::string& id) {
    const auto view = Ask<CaseView>(client, FetchRequest{id});
    EXPECT_TRUE(view.ok()) << view.error().text;
    return view.ok() ? *view : CaseView{};
  }

  static Outcome Answered() {
    Outcome outcome;
    outcome.status = OutcomeStatus::kOk;
    outcome.answer.emplace();
    outcome.answer->medications.push_back({"amoxicillin", "500", "mg", "oral", "tid", "7 d", ""});
    return outcome;
  }
  static Outcome Failed(bool retryable) {
    Outcome outcome;
    outcome.status = retryable ? OutcomeStatus::kError : OutcomeStatus::kRefused;
    outcome.code = retryable ? "http_500" : "content_filter";
    outcome.retryable = retryable;
    return outcome;
  }

  PrivateRedis redis_;
  ZmqContext context_;
  Config config_;
  std::unique_ptr<Broker> broker_;
  std::vector<std::unique_ptr<TestClient>> clients_;
  std::vector<std::unique_ptr<ScriptedWorker>> workers_;
  ErrorMessage last_error_;
};

}  // namespace consilium
