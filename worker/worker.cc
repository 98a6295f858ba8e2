#include "worker/worker.h"

#include <poll.h>

#include <algorithm>
#include <utility>

#include "shared/ids.h"
#include "shared/limits.h"

namespace consilium {
namespace {

constexpr milliseconds kConfirmWait{
    4000};  // longer than a hello to a broker that came back may take
// libzmq hands messages to its own thread; a socket that is closed at once takes the last one
// along.
constexpr milliseconds kPartingWait{100};
// Heartbeats and the backend get their turn between so many messages.
constexpr int kMessagesPerTurn = 1024;
constexpr std::size_t kResultsPerTurn = 1024;

}  // namespace

Worker::Worker(WorkerOptions options, Backend& backend, Gate& gate, ZmqContext& context)
    : options_(std::move(options)),
      backend_(backend),
      gate_(gate),
      context_(context),
      inbox_(static_cast<std::size_t>(options_.backend.concurrency), {}),
      jitter_(0, "retries of " + options_.id),
      health_(options_.health),
      now_(Now()) {}

Status Worker::Connect() {
  std::vector<std::string> names;
  for (const std::string& endpoint : options_.brokers) {
    if (HasName(endpoint)) {
      names.push_back(endpoint);
    } else if (Status joined = Join(endpoint); !joined) {
      return joined;
    }
  }
  DivideSlots();
  if (!names.empty()) {
    names_ = std::make_unique<Resolver>(std::move(names), options_.look_up_every, options_.look_up);
  }
  return Ok();
}

Status Worker::Join(const std::string& endpoint) {
  auto socket = std::make_unique<DealerSocket>(context_, endpoint, options_.keys);
  if (Status connected = socket->status(); !connected) return connected;
  BrokerLink link(now_, SeededRandom(0, "hellos of " + options_.id + " to " + endpoint));
  Broker joined{endpoint, std::move(socket), std::move(link), true, false, ""};
  for (std::size_t i = 0; i < brokers_.size(); ++i) {
    if (brokers_[i].socket || !inbox_.Held(i).empty()) continue;
    brokers_[i] = std::move(joined);
    return Ok();
  }
  brokers_.push_back(std::move(joined));
  return Ok();
}

// Its tasks are another broker's by now, or become that of the next one that says welcome.
void Worker::Leave(std::size_t index) {
  LogInfo("broker_left", {{"broker", brokers_[index].endpoint}});
  brokers_[index].socket.reset();
}

void Worker::FollowNames() {
  const std::optional<Resolver::Found> found = names_ ? names_->Take() : std::nullopt;
  if (!found) return;
  if (!found->trouble.empty()) {
    LogWarn("broker_name_not_found",
            {{"text", found->trouble}, {"brokers", found->endpoints.size()}});
  }
  std::set<std::string> missing(found->endpoints.begin(), found->endpoints.end());
  for (Broker& broker : brokers_) {
    if (!broker.socket) continue;
    const bool given =
        !HasName(broker.endpoint) &&
        std::count(options_.brokers.begin(), options_.brokers.end(), broker.endpoint) > 0;
    broker.listed = missing.erase(broker.endpoint) > 0 || given;
  }
  for (const std::string& endpoint : missing) {
    if (const Status joined = Join(endpoint); joined) {
      LogInfo("broker_joined", {{"broker", endpoint}});
    } else {
      LogError("broker_not_joined", {{"broker", endpoint}, {"text", joined.error().text}});
    }
  }
  DivideSlots();
}

// A broker that is gone, or drains, takes no tasks from the worker's room for them. When all that
// are there drain, the first that works again finds its share in place.
void Worker::DivideSlots() {
  const auto there = [](const Broker& broker) { return broker.socket && !broker.link.gone(); };
  const bool any_works = std::any_of(brokers_.begin(), brokers_.end(), [&](const Broker& broker) {
    return there(broker) && !broker.draining;
  });
  const auto counts = [&](const Broker& broker) {
    return there(broker) && !(any_works && broker.draining);
  };
  const auto count = std::count_if(brokers_.begin(), brokers_.end(), counts);
  const std::vector<std::int64_t> shares =
      Inbox::DivideSlots(options_.backend.concurrency, static_cast<std::size_t>(count));
  std::vector<std::int64_t> slots;
  auto share = shares.begin();
  for (const Broker& broker : brokers_) slots.push_back(counts(broker) ? *share++ : 0);
  inbox_.SetSlots(std::move(slots));
  for (Broker& broker : brokers_) {
    if (there(broker)) broker.link.Hurry(now_);
  }
}

std::string Worker::Trouble() const {
  if (phase_ != Phase::kWorking) return "draining";
  const bool up = std::any_of(brokers_.begin(), brokers_.end(),
                              [](const Broker& broker) { return broker.link.up(); });
  return up ? "" : "no broker answers";
}

int Worker::Run(StopSignals& signals) {
  LogInfo("worker_started", {{"worker", options_.id},
                             {"model", options_.backend.model},
                             {"provider", options_.backend.provider},
                             {"slots", options_.backend.concurrency},
                             {"brokers", brokers_.size()}});
  std::vector<pollfd> polled;
  while (phase_ != Phase::kDone) {
    now_ = Now();
    const int stops = signals.Count();
    if (stops > 0 && phase_ == Phase::kWorking) BeginDrain();
    if (stops > 1) {
      LogWarn("worker_aborted", {{"running", inbox_.running()}});
      return 1;
    }
    const TimePoint due = Turn();
    if (phase_ == Phase::kDone) break;
    // Brokers and the connection to Redis come and go; poll() leaves out what is negative.
    polled.assign({{gate_.fd(), gate_.events(), 0},
                   {signals.fd(), POLLIN, 0},
                   {backend_.fd(), POLLIN, 0},
                   {names_ ? names_->fd() : -1, POLLIN, 0}});
    for (const Broker& broker : brokers_) {
      if (broker.socket) polled.push_back({broker.socket->fd(), POLLIN, 0});
    }
    poll(polled.data(), polled.size(), PollTimeoutMs(Now(), due));
    if (polled[0].revents != 0) gate_.OnReady(polled[0].revents);
  }
  SayGoodbye();
  LogInfo("worker_stopped", {{"worker", options_.id}, {"unconfirmed", inbox_.unconfirmed()}});
  return 0;
}

TimePoint Worker::Turn() {
  more_ = false;
  FollowNames();
  for (std::size_t i = 0; i < brokers_.size(); ++i) {
    if (!brokers_[i].socket) continue;
    Receive(i);
    Tend(i);
  }
  StartTasks();
  CollectOutcomes();
  SendResults();
  if (phase_ != Phase::kWorking) Drain();
  const TimePoint health_due = health_.Tell(Trouble(), now_);
  if (more_) return now_;
  TimePoint due = std::min({backend_due_, gate_due_, inbox_.next(), phase_ends_, health_due});
  for (const Broker& broker : brokers_) {
    if (broker.socket) due = std::min(due, broker.link.next());
  }
  return due;
}

template <class Message>
bool Worker::Send(std::size_t index, const Message& message) {
  const std::unique_ptr<DealerSocket>& socket = brokers_[index].socket;
  return socket && socket->Send(MakeFrame(message)) == SendResult::kSent;
}

void Worker::Tend(std::size_t index) {
  Broker& broker = brokers_[index];
  if (std::string refusal = broker.socket->refusal(); refusal != broker.refusal) {
    if (!refusal.empty()) {
      LogWarn("broker_unwilling", {{"broker", broker.endpoint}, {"text", refusal}});
    }
    broker.refusal = std::move(refusal);
  }
  if (broker.link.Tick(now_)) {
    LogWarn("broker_silent", {{"broker", broker.endpoint}});
    FindNewHome(index);
    DivideSlots();
  }
  if (broker.link.gone() && !broker.listed) return Leave(index);
  switch (broker.link.Due(now_)) {
    case BrokerLink::Duty::kNone:
      return;
    case BrokerLink::Duty::kHello:
      Greet(broker, index);
      return;
    case BrokerLink::Duty::kHeartbeat:
      broker.link.OnSent(
          Send(index, Heartbeat{inbox_.slots(index), inbox_.Held(index), gate_.Trouble(now_)}),
          now_);
      return;
  }
}

void Worker::Greet(Broker& broker, std::size_t index) {
  Hello hello;
  hello.worker = options_.id;
  hello.model = options_.backend.model;
  hello.provider = options_.backend.provider;
  hello.placement = options_.backend.placement;
  hello.simulated = backend_.simulated();
  hello.slots = inbox_.slots(index);
  hello.in_flight = inbox_.Held(index);
  broker.link.OnSent(Send(index, hello), now_);
}

// Another broker can renew the leases of one that is gone, and take the results.
void Worker::FindNewHome(std::size_t from) {
  std::optional<std::size_t> home;
  for (std::size_t to = 0; to < brokers_.size(); ++to) {
    if (to == from || !brokers_[to].link.up()) continue;
    if (!home || (brokers_[*home].draining && !brokers_[to].draining)) home = to;
  }
  if (home) TakeIn(from, *home);
}

void Worker::TakeIn(std::size_t from, std::size_t to) {
  const std::size_t moved = inbox_.Rehome(from, to);
  if (moved == 0) return;
  LogInfo("tasks_rehomed", {{"broker", brokers_[to].endpoint}, {"tasks", moved}});
  inbox_.ResendAll(to, now_);
  brokers_[to].link.Hurry(now_);
}

void Worker::Receive(std::size_t index) {
  for (int i = 0; i < kMessagesPerTurn; ++i) {
    const std::optional<Result<Frame>> frame = brokers_[index].socket->Receive();
    if (!frame) return;
    if (*frame) {
      OnFrame(index, **frame);
    } else if (unreadable_.Due()) {
      LogWarn("message_unreadable", {{"broker", brokers_[index].endpoint},
                                     {"text", frame->error().text},
                                     {"count", unreadable_.count()}});
    }
  }
  more_ = true;
}

void Worker::OnFrame(std::size_t index, const Frame& frame) {
  Broker& broker = brokers_[index];
  const bool back = broker.link.gone();
  broker.link.OnHeard(now_);
  if (back) DivideSlots();
  if (frame.type == HeartbeatReply::kType) {
    const Result<HeartbeatReply> reply = Unpack<HeartbeatReply>(frame.body);
    if (reply) OnDraining(broker, reply->draining);
    return;
  }
  if (frame.type == Welcome::kType) {
    broker.link.OnWelcome(now_);
    const Result<Welcome> welcome = Unpack<Welcome>(frame.body);
    if (welcome) OnDraining(broker, welcome->draining);
    inbox_.ResendAll(index, now_);
    for (std::size_t i = 0; i < brokers_.size(); ++i) {
      if (brokers_[i].link.gone()) TakeIn(i, index);
    }
    LogInfo("broker_welcomed", {{"broker", broker.endpoint}, {"slots", inbox_.slots(index)}});
    return;
  }
  if (frame.type == WhoAreYou::kType) return broker.link.OnWhoAreYou(now_);
  if (frame.type == TaskMessage::kType) return OnTask(index, frame);
  if (frame.type == Leaving::kType) {
    LogInfo("broker_leaves", {{"broker", broker.endpoint}});
    return FindNewHome(index);
  }
  Error problem;
  if (frame.type == ResultAck::kType) {
    const Result<ResultAck> ack = Unpack<ResultAck>(frame.body);
    if (ack) {
      inbox_.Confirm(ack->task, ack->fence);
      handed_back_.erase(ack->task);
      return;
    }
    problem = ack.error();
  } else if (frame.type == CancelTask::kType) {
    const Result<CancelTask> cancel = Unpack<CancelTask>(frame.body);
    if (cancel) {
      if (inbox_.Cancel(cancel->task, cancel->fence)) Abort(cancel->task);
      LogDebug("task_cancelled", {{"task", cancel->task}, {"fence", cancel->fence}});
      return;
    }
    problem = cancel.error();
  } else if (frame.type == ErrorMessage::kType) {
    // Never answered: two sides could go on for ever.
    const Result<ErrorMessage> error = Unpack<ErrorMessage>(frame.body);
    problem = error ? Error{ErrorFromName(error->code), error->text} : error.error();
  } else {
    problem = {ErrorCode::kUnsupported, "unknown message type"};
  }
  if (!refused_.Due()) return;
  LogWarn("broker_complained", {{"broker", broker.endpoint},
                                {"type", frame.type},
                                {"code", ErrorName(problem.code)},
                                {"text", problem.text},
                                {"count", refused_.count()}});
}

void Worker::OnDraining(Broker& broker, bool draining) {
  if (std::exchange(broker.draining, draining) == draining) return;
  LogInfo(draining ? "broker_drains" : "broker_works_again", {{"broker", broker.endpoint}});
  DivideSlots();
}

void Worker::OnTask(std::size_t index, const Frame& frame) {
  Result<TaskMessage> message = Unpack<TaskMessage>(frame.body);
  std::optional<Error> problem;
  if (!message) {
    problem = message.error();
  } else {
    const Result<TaskId> task = TaskFromRef(message->task);
    if (!task) {
      problem = task.error();
    } else if (task->model != options_.backend.model) {
      problem = Invalid("task of model " + task->model + ", expected " + options_.backend.model);
    } else if ((task->stage == Stage::kReview) != message->review.has_value()) {
      problem = Invalid("review: expected in a review and only there");
    } else {
      const HeldTask key{message->task, message->fence};
      if (inbox_.Offer(index, std::move(*message), *task, now_) == Inbox::Offered::kRelease) {
        HandBack({{index, key}}, /*abort=*/false);
      }
      return;
    }
  }
  // It is not listed in heartbeats, so the broker takes it back by itself.
  if (refused_.Due()) {
    LogError("task_refused", {{"broker", brokers_[index].endpoint},
                              {"code", ErrorName(problem->code)},
                              {"text", problem->text},
                              {"count", refused_.count()}});
  }
}

void Worker::Abort(const std::string& ref) {
  gate_.Cancel(ref);
  backend_.Cancel(ref);
}

void Worker::StartTasks() {
  while (std::optional<BackendCall> call = inbox_.Next()) gate_.Ask(std::move(*call), now_);
  Gate::Passed passed;
  gate_due_ = gate_.Run(now_, passed);
  for (const BackendCall& call : passed.go) {
    LogDebug("task_started",
             {{"case", call.task.case_id}, {"task", call.ref}, {"fence", call.fence}});
    backend_.Start(call, now_);
  }
  for (Completion& stopped : passed.stopped) {
    EndTask(stopped.ref, Labelled(std::move(stopped.outcome)));
  }
  if (!passed.stopped.empty() && inbox_.waiting() > 0) more_ = true;
}

void Worker::CollectOutcomes() {
  std::vector<Completion> ended;
  backend_due_ = backend_.Run(now_, ended);
  for (Completion& completion : ended) {
    gate_.End(completion, now_);
    EndTask(completion.ref, std::move(completion.outcome));
  }
  // A slot is free again, and a limit may be.
  if (!ended.empty() && (inbox_.waiting() > 0 || gate_.waiting())) more_ = true;
}

// An outcome that no call had.
Outcome Worker::Labelled(Outcome outcome) const {
  outcome.provider = options_.backend.provider;
  outcome.simulated = backend_.simulated();
  return outcome;
}

void Worker::EndTask(const std::string& ref, Outcome outcome) {
  const std::optional<Inbox::Attempt> attempt = inbox_.Running(ref);
  if (!attempt) return;  // cancelled
  outcome.model_asked = options_.backend.model;
  outcome.worker = options_.id;
  ReportFailure(ref, outcome);
  const auto left = std::chrono::duration_cast<milliseconds>(attempt->deadline - now_);
  const Verdict verdict =
      Judge(outcome, attempt->failed_before, left.count(), options_.backend, jitter_.Unit());
  inbox_.Finish(ref, std::move(outcome), verdict, now_);
}

void Worker::ReportFailure(const std::string& ref, const Outcome& outcome) {
  const bool failed = outcome.status != OutcomeStatus::kOk;
  if (failed && !failures_.Due()) return;
  Log(failed ? LogLevel::kWarn : LogLevel::kDebug, failed ? "call_failed" : "call_ended",
      {{"task", ref},
       {"status", kOutcomeStatusNames[static_cast<std::size_t>(outcome.status)]},
       {"code", outcome.code},
       {"text", outcome.text},
       {"latency_ms", outcome.latency_ms},
       {"failures", failures_.count()}});
}

void Worker::SendResults() {
  const std::vector<Inbox::Sending> due = inbox_.DueResults(now_, kResultsPerTurn);
  // What does not go out (no connection) is due again later, and at the next welcome.
  for (const Inbox::Sending& sending : due) Send(sending.link, sending.message);
  if (due.size() == kResultsPerTurn) more_ = true;
}

void Worker::HandBack(const std::vector<Inbox::Returning>& tasks, bool abort) {
  for (const Inbox::Returning& returning : tasks) {
    if (abort) Abort(returning.task.task);
    const bool sent =
        Send(returning.link, ReleaseMessage{returning.task.task, returning.task.fence});
    if (sent && phase_ != Phase::kWorking) handed_back_.insert(returning.task.task);
  }
}

void Worker::BeginDrain() {
  phase_ = Phase::kFinishing;
  phase_ends_ = now_ + options_.drain;
  LogInfo("worker_draining",
          {{"worker", options_.id}, {"running", inbox_.running()}, {"waiting", inbox_.waiting()}});
  HandBack(inbox_.Drain(), /*abort=*/false);
  // The brokers learn of it before they send more.
  for (Broker& broker : brokers_) broker.link.Hurry(now_);
}

void Worker::Drain() {
  if (phase_ == Phase::kFinishing && (inbox_.running() == 0 || now_ >= phase_ends_)) {
    HandBack(inbox_.GiveUpRunning(), /*abort=*/true);
    phase_ = Phase::kConfirming;
    phase_ends_ = now_ + kConfirmWait;
  }
  if (phase_ != Phase::kConfirming) return;
  const bool confirmed = inbox_.unconfirmed() == 0 && handed_back_.empty();
  if (confirmed || now_ >= phase_ends_) phase_ = Phase::kDone;
}

void Worker::SayGoodbye() {
  bool said = false;
  for (std::size_t i = 0; i < brokers_.size(); ++i) {
    if (Send(i, Goodbye{})) said = true;
  }
  if (said) poll(nullptr, 0, static_cast<int>(kPartingWait.count()));
}

}  // namespace consilium
