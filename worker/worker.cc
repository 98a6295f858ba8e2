#include "worker/worker.h"

#include <poll.h>

#include <algorithm>
#include <utility>

#include "shared/ids.h"
#include "shared/limits.h"

namespace consilium {
namespace {

constexpr milliseconds kConfirmWait{2000};
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
      inbox_(static_cast<std::size_t>(options_.backend.concurrency),
             Inbox::DivideSlots(options_.backend.concurrency, options_.brokers.size())),
      jitter_(0, "retries of " + options_.id),
      now_(Now()) {}

Status Worker::Connect() {
  for (const std::string& endpoint : options_.brokers) {
    auto socket = std::make_unique<DealerSocket>(context_, endpoint);
    if (Status connected = socket->status(); !connected) return connected;
    brokers_.push_back({endpoint, std::move(socket), BrokerLink(now_)});
  }
  return Ok();
}

int Worker::Run(StopSignals& signals) {
  LogInfo("worker_started", {{"worker", options_.id},
                             {"model", options_.backend.model},
                             {"provider", options_.backend.provider},
                             {"slots", options_.backend.concurrency},
                             {"brokers", brokers_.size()}});
  std::vector<pollfd> polled;
  polled.push_back({signals.fd(), POLLIN, 0});
  if (backend_.fd() >= 0) polled.push_back({backend_.fd(), POLLIN, 0});
  for (const Broker& broker : brokers_) polled.push_back({broker.socket->fd(), POLLIN, 0});
  // A connection to Redis comes and goes; poll() leaves out what is negative.
  polled.push_back({-1, 0, 0});
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
    pollfd& redis = polled.back();
    redis = {gate_.fd(), gate_.events(), 0};
    poll(polled.data(), polled.size(), PollTimeoutMs(Now(), due));
    if (redis.revents != 0) gate_.OnReady(redis.revents);
  }
  SayGoodbye();
  LogInfo("worker_stopped", {{"worker", options_.id}, {"unconfirmed", inbox_.unconfirmed()}});
  return 0;
}

TimePoint Worker::Turn() {
  more_ = false;
  for (std::size_t i = 0; i < brokers_.size(); ++i) {
    Receive(i);
    Tend(i);
  }
  StartTasks();
  CollectOutcomes();
  SendResults();
  if (phase_ != Phase::kWorking) Drain();
  if (more_) return now_;
  TimePoint due = std::min({backend_due_, gate_due_, inbox_.next(), phase_ends_});
  for (const Broker& broker : brokers_) due = std::min(due, broker.link.next());
  return due;
}

template <class Message>
bool Worker::Send(std::size_t index, const Message& message) {
  return brokers_[index].socket->Send(MakeFrame(message)) == SendResult::kSent;
}

void Worker::Tend(std::size_t index) {
  Broker& broker = brokers_[index];
  if (broker.link.Tick(now_)) {
    LogWarn("broker_silent", {{"broker", broker.endpoint}});
    FindNewHome(index);
  }
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
  for (std::size_t to = 0; to < brokers_.size(); ++to) {
    if (brokers_[to].link.up()) return TakeIn(from, to);
  }
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
  broker.link.OnHeard(now_);
  if (frame.type == HeartbeatReply::kType) return;
  if (frame.type == Welcome::kType) {
    broker.link.OnWelcome(now_);
    inbox_.ResendAll(index, now_);
    for (std::size_t i = 0; i < brokers_.size(); ++i) {
      if (brokers_[i].link.gone()) TakeIn(i, index);
    }
    LogInfo("broker_welcomed", {{"broker", broker.endpoint}, {"slots", inbox_.slots(index)}});
    return;
  }
  if (frame.type == WhoAreYou::kType) return broker.link.OnWhoAreYou(now_);
  if (frame.type == TaskMessage::kType) return OnTask(index, frame);
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
