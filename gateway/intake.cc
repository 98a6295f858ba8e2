#include "gateway/intake.h"

#include <algorithm>
#include <charconv>
#include <map>
#include <set>
#include <string_view>
#include <utility>

#include "gateway/clinical/patient_key.h"
#include "shared/codec.h"
#include "shared/log.h"
#include "shared/seal.h"

namespace consilium {
namespace {

constexpr milliseconds kTimeout{20000};
// A context that others change all the time: so often it is looked at again.
constexpr int kLooksMax = 50;
constexpr milliseconds kOpenPlansEvery{15000};
// Longer than a message takes that is still being worked at.
constexpr milliseconds kOpenIdle{60000};
constexpr std::int64_t kOpenPlansAtOnce = 16;

milliseconds Hours(double hours) {
  return milliseconds(static_cast<std::int64_t>(hours * 3'600'000));
}

// A plan as it is stored: when it was made, and itself.
std::string StoredPlan(const AdmissionPlan& plan, std::int64_t now_ms) {
  return Sealed(std::to_string(now_ms) + " " + Pack(plan));
}
struct PlanFrom {
  AdmissionPlan plan;
  std::int64_t made_ms = 0;
};
Result<PlanFrom> ReadPlan(const std::string& stored) {
  const auto bytes = Opened(stored);
  if (!bytes) return bytes.error();
  PlanFrom from;
  const auto [rest, problem] =
      std::from_chars(bytes->data(), bytes->data() + bytes->size(), from.made_ms);
  const auto at = static_cast<std::size_t>(rest - bytes->data());
  if (problem != std::errc() || at >= bytes->size() || *rest != ' ') {
    return Invalid("a stored plan does not begin with its time");
  }
  Result<AdmissionPlan> plan = Unpack<AdmissionPlan>(bytes->substr(at + 1));
  if (!plan) return plan.error();
  from.plan = std::move(*plan);
  return from;
}

std::string ReasonOf(const Withdrawal& gone) {
  return gone.by.empty() ? gone.why : gone.why + " by " + gone.by;
}

bool HasAll(const std::vector<std::string>& names, const std::vector<std::string>& wanted) {
  const std::set<std::string_view> known(names.begin(), names.end());
  return std::all_of(wanted.begin(), wanted.end(),
                     [&](const std::string& name) { return known.count(name) > 0; });
}

// What passes by itself: the sender sends again.
bool Passes(ErrorCode code) {
  return code == ErrorCode::kQueueFull || code == ErrorCode::kUnavailable ||
         code == ErrorCode::kDraining || code == ErrorCode::kTimeout ||
         code == ErrorCode::kForbidden || code == ErrorCode::kInternal;
}

}  // namespace

struct Intake::Job {
  FeedMessage message;
  Done done;
  std::size_t record = 0;
  int looks = 0;
  std::string name;  // of the record's plan in Redis
  PlanKeys keys;
  std::set<std::string> withdrawn;  // cases that were asked for and no longer stand
  std::string stands;               // the one that was asked for and does
  std::vector<AdmittedRecord> admitted;
};

Result<PlanSettings> Intake::SettingsOf(const Config& config) {
  PlanSettings settings;
  Result<Routing> routing =
      ParseRouting(config.gateway.cases.empty() ? DefaultRouting() : config.gateway.cases);
  if (!routing) return Error{ErrorCode::kInvalid, "gateway.cases = " + routing.error().text};
  settings.routing = std::move(*routing);
  settings.authorities = config.gateway.authorities;
  settings.context_ms = Hours(config.gateway.context_h).count();
  settings.case_bytes_max = static_cast<std::size_t>(config.broker.case_bytes_max);
  return settings;
}

Intake::Intake(Loop& loop, BusLink& bus, RedisLoop& redis, const Config& config,
               PlanSettings settings)
    : loop_(loop),
      bus_(bus),
      redis_(redis),
      store_(redis.redis()),
      settings_(std::move(settings)),
      remember_(Hours(config.gateway.remember_h)),
      context_(std::max(Hours(config.gateway.context_h), milliseconds(1))),
      // An ended case is kept for retention_h, and it ends by its deadline.
      retention_(Hours(config.council.retention_h) +
                 milliseconds(static_cast<std::int64_t>(config.council.deadline_s_max * 1000))),
      open_plans_(loop, [this] { FinishOpenPlans(); }) {
  open_plans_.At(Now() + kOpenPlansEvery);
}

void Intake::Take(FeedMessage message, Done done) {
  const auto job = std::make_shared<Job>();
  job->message = std::move(message);
  job->done = std::move(done);
  NextRecord(job);
}

void Intake::NextRecord(const JobPtr& job) {
  job->record = job->admitted.size();
  if (job->record == job->message.records.size()) {
    return job->done(std::move(job->admitted), {});
  }
  job->name = MessageKey(job->message) + "-" + std::to_string(job->record);
  job->keys = KeysOf(job->message, job->record, settings_);
  job->looks = 0;
  job->withdrawn.clear();
  job->stands.clear();
  Look(job);
}

void Intake::Look(const JobPtr& job) {
  FeedQuestion question;
  question.message = job->name;
  question.message_id = MessageIdKey(job->message).value_or("");
  if (!question.message_id.empty()) question.message_id += "-" + std::to_string(job->record);
  question.case_id = FeedCaseId(job->message, job->record);
  question.patients = job->keys.contexts;
  question.documents = job->keys.documents;
  store_.Look(question, [this, job](Result<FeedView> view) {
    if (!view.ok()) return Fail(job, view.error(), {});
    // Nobody hears yes to what may be lost, also not to what comes again: it may have come first
    // before this was noticed.
    if (const std::string why = redis_.Trouble(); !why.empty()) {
      return Fail(job, {ErrorCode::kUnavailable, why}, {});
    }
    if (view->plan) return Carry(job, *view->plan, true);
    Admit(job, *view);
  });
  redis_.PumpSoon();
}

// A case that was withdrawn since is not the same as a new one.
void Intake::CheckSame(const JobPtr& job, const std::string& case_id) {
  store_.WithdrawnFor(case_id, [this, job, case_id](Result<std::optional<std::string>> reason) {
    if (!reason.ok()) return Fail(job, reason.error(), {});
    if (*reason) {
      job->withdrawn.insert(case_id);
    } else {
      job->stands = case_id;
    }
    LookAgain(job);
  });
  redis_.PumpSoon();
}

void Intake::LookAgain(const JobPtr& job) {
  if (++job->looks < kLooksMax) return Look(job);
  constexpr std::int64_t kRetryMs = 1000;
  Fail(job,
       {ErrorCode::kUnavailable, "what is known of the patient changes faster than it can be read"},
       kRetryMs);
}

void Intake::Admit(const JobPtr& job, const FeedView& view) {
  PlanLookup lookup;
  lookup.now_ms = view.now_ms;
  lookup.id_reused = view.id_reused;
  lookup.withdrawn = job->withdrawn;
  if (view.case_withdrawn) lookup.withdrawn.insert(FeedCaseId(job->message, job->record));
  for (std::size_t i = 0; i < job->keys.contexts.size(); ++i) {
    if (!view.patients[i].bytes) continue;
    Result<PatientContext> context = UnpackSealed<PatientContext>(*view.patients[i].bytes);
    if (!context)
      return Fail(job,
                  {ErrorCode::kInternal,
                   "what is kept of a patient cannot be read: " + context.error().text},
                  {});
    lookup.contexts.emplace(job->keys.contexts[i], std::move(*context));
  }
  for (std::size_t i = 0; i < job->keys.documents.size(); ++i) {
    if (!view.documents[i].bytes) continue;
    Result<DocumentState> state = UnpackSealed<DocumentState>(*view.documents[i].bytes);
    if (!state)
      return Fail(job,
                  {ErrorCode::kInternal,
                   "what is kept of a document cannot be read: " + state.error().text},
                  {});
    lookup.documents.emplace(job->keys.documents[i], std::move(*state));
  }
  if (PlanKeys more = KeysOf(job->message, job->record, settings_, lookup);
      !HasAll(job->keys.documents, more.documents)) {
    job->keys = std::move(more);
    return LookAgain(job);
  }
  Result<AdmissionPlan> plan = PlanAdmission(job->message, job->record, lookup, settings_);
  if (!plan) return Fail(job, plan.error(), {});
  if (!plan->same_as.empty() && job->stands != plan->same_as) return CheckSame(job, plan->same_as);

  Admission admission;
  admission.door = job->message.door;
  admission.message = job->name;
  admission.message_id = MessageIdKey(job->message).value_or("");
  if (!admission.message_id.empty()) admission.message_id += "-" + std::to_string(job->record);
  const std::string stored = StoredPlan(*plan, view.now_ms);
  admission.plan = stored;
  admission.forget = plan->forget;
  const std::set<std::string> forget(plan->forget.begin(), plan->forget.end());
  std::map<std::string, std::string> contexts;
  for (const ContextChange& change : plan->contexts) {
    contexts[change.key] = PackSealed(change.context);
  }
  std::map<std::string, std::string> documents;
  for (const DocumentChange& change : plan->documents) {
    documents[change.key] = PackSealed(change.state);
  }
  // Whatever was looked at must still be so, also where it stays as it is.
  const auto changes =
      [](const std::vector<std::string>& names, const std::vector<StoredValue>& seen,
         const std::map<std::string, std::string>& made, const std::set<std::string>& without) {
        std::vector<ValueChange> all;
        for (std::size_t i = 0; i < names.size(); ++i) {
          ValueChange change{names[i], seen[i].version, {}};
          const auto found = made.find(names[i]);
          if (found != made.end() && without.count(names[i]) == 0) change.bytes = found->second;
          all.push_back(std::move(change));
        }
        return all;
      };
  admission.patients = changes(job->keys.contexts, view.patients, contexts, forget);
  admission.documents = changes(job->keys.documents, view.documents, documents, {});
  for (const Withdrawal& gone : plan->withdraw) {
    admission.withdrawn.push_back({gone.case_id, ReasonOf(gone)});
  }
  if (plan->origin) admission.cases.push_back({plan->origin->case_id, PackSealed(*plan->origin)});
  admission.remember_ms = remember_.count();
  admission.context_ms = context_.count();
  admission.retention_ms = retention_.count();
  store_.Admit(admission, [this, job, stored](Result<AdmitReply> reply) {
    if (!reply.ok()) return Fail(job, reply.error(), {});
    switch (reply->kind) {
      case AdmitReply::Kind::kAdmitted:
        return Carry(job, stored, false);
      case AdmitReply::Kind::kSeen:
        return Carry(job, reply->plan, true);
      case AdmitReply::Kind::kMoved:
        LookAgain(job);
    }
  });
  redis_.PumpSoon();
}

// From here on the plan holds, whoever carries it out.
void Intake::Carry(const JobPtr& job, const std::string& stored, bool again) {
  Result<PlanFrom> from = ReadPlan(stored);
  if (!from)
    return Fail(job, {ErrorCode::kInternal, "a stored plan cannot be read: " + from.error().text},
                {});
  AdmittedRecord record;
  record.plan = std::move(from->plan);
  if (record.plan.refusal && !again) {
    store_.Count(job->message.door + ":refused", 1, [](const Result<Nothing>&) {});
    redis_.PumpSoon();
  }
  record.admitted_ms = from->made_ms;
  record.again = again;
  job->admitted.push_back(std::move(record));
  Submit(job);
}

void Intake::Submit(const JobPtr& job) {
  AdmittedRecord& record = job->admitted.back();
  if (!record.plan.request) return Withdraw(job, 0);
  bus_.Ask<SubmitReply>(SubmitRequest{*record.plan.request}, kTimeout,
                        [this, job](Result<SubmitReply> reply, std::optional<std::int64_t> retry) {
                          if (!reply.ok() && Passes(reply.error().code))
                            return Fail(job, reply.error(), retry);
                          job->admitted.back().submitted = std::move(reply);
                          CheckStands(job);
                        });
}

// A later message may have withdrawn the case before the broker had it.
void Intake::CheckStands(const JobPtr& job) {
  const std::string& case_id = job->admitted.back().plan.request->id;
  store_.WithdrawnFor(case_id, [this, job](Result<std::optional<std::string>> reason) {
    if (!reason.ok()) return Fail(job, reason.error(), {});
    if (!*reason) return Withdraw(job, 0);
    Cancel(job, job->admitted.back().plan.request->id, **reason, [this, job] { Withdraw(job, 0); });
  });
  redis_.PumpSoon();
}

void Intake::Withdraw(const JobPtr& job, std::size_t index) {
  const AdmissionPlan& plan = job->admitted.back().plan;
  if (index == plan.withdraw.size()) {
    store_.Finish(job->name, [](const Result<Nothing>&) {});
    redis_.PumpSoon();
    return NextRecord(job);
  }
  const Withdrawal& gone = plan.withdraw[index];
  Cancel(job, gone.case_id, ReasonOf(gone), [this, job, index] { Withdraw(job, index + 1); });
}

void Intake::Cancel(const JobPtr& job, const std::string& case_id, const std::string& reason,
                    std::function<void()> then) {
  CancelRequest request;
  request.id = case_id;
  request.withdraw = true;
  request.reason = reason;
  bus_.Ask<CancelReply>(request, kTimeout,
                        [this, job, then = std::move(then)](Result<CancelReply> reply,
                                                            std::optional<std::int64_t> retry) {
                          // One that is not there ended long ago, or finds its mark when it comes.
                          if (!reply.ok() && reply.error().code != ErrorCode::kNotFound) {
                            return Fail(job, reply.error(), retry);
                          }
                          then();
                        });
}

void Intake::Fail(const JobPtr& job, const Error& error,
                  std::optional<std::int64_t> retry_after_ms) {
  job->done(error, retry_after_ms);
}

// What a gateway that died had admitted and its sender never sent again.
void Intake::FinishOpenPlans() {
  open_plans_.At(Now() + kOpenPlansEvery);
  store_.TakeOpenPlans(kOpenIdle, kOpenPlansAtOnce, [this](Result<std::vector<OpenPlan>> plans) {
    if (!plans.ok()) return;
    for (OpenPlan& open : *plans) {
      const auto job = std::make_shared<Job>();
      job->name = open.message;
      job->message.records.resize(1);  // this one is the last
      job->done = [name = open.message](const Result<std::vector<AdmittedRecord>>& done,
                                        std::optional<std::int64_t> /*retry*/) {
        LogInfo("plan_taken_up", {{"message", name.substr(0, 16)},
                                  {"code", done.ok() ? "ok" : ErrorName(done.error().code)}});
      };
      Carry(job, open.plan, true);
    }
  });
  redis_.PumpSoon();
}

}  // namespace consilium
