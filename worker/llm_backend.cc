#include "worker/llm_backend.h"

#include <algorithm>
#include <ctime>
#include <deque>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "shared/ids.h"
#include "shared/text.h"
#include "shared/http/http_client.h"
#include "worker/llm/dialect.h"
#include "worker/llm/provider.h"
#include "worker/llm/reply_reader.h"
#include "worker/llm_target.h"
#include "worker/prompts.h"
#include "worker/text_clean.h"

namespace consilium {
namespace {

// Each parameter and rung that a server may refuse, and a second question.
constexpr int kRequestsMax = 9;
constexpr milliseconds kScoutWait{10000};
constexpr std::size_t kQuotedBytesMax = 8192;

class LlmBackend : public Backend {
 public:
  LlmBackend(BackendConfig config, std::unique_ptr<Provider> provider, LlmTarget target,
             PromptSet prompts, std::unique_ptr<HttpClient> http)
      : config_(std::move(config)),
        provider_(std::move(provider)),
        target_(std::move(target)),
        prompts_(std::move(prompts)),
        http_(std::move(http)),
        dialect_(*provider_, config_) {}

  bool simulated() const override { return false; }
  int fd() const override { return http_->fd(); }

  void Start(const BackendCall& call, TimePoint now) override {
    Cancel(call.ref);
    Running running;
    running.call = call;
    running.started = now;
    running.chat.prompt =
        RenderPrompt(FormOf(call.task.stage), call.vignette, call.review, RandomHexId());
    const auto [entry, added] = by_ref_.insert_or_assign(call.ref, std::move(running));
    if (!dialect_.known() && by_request_.empty() && waiting_.empty())
      hold_until_ = now + kScoutWait;
    if (MustWait(now)) {
      waiting_.push_back(call.ref);
    } else {
      Begin(entry->second, now);
    }
  }

  void Cancel(const std::string& ref) override {
    const auto found = by_ref_.find(ref);
    if (found == by_ref_.end()) return;
    if (found->second.request != 0) http_->Cancel(found->second.request);
    by_request_.erase(found->second.request);
    waiting_.erase(std::remove(waiting_.begin(), waiting_.end(), ref), waiting_.end());
    by_ref_.erase(found);
  }

  TimePoint Run(TimePoint now, std::vector<Completion>& ended) override {
    std::vector<HttpEnded> replies;
    TimePoint due = http_->Run(now, replies);
    for (HttpEnded& reply : replies) {
      if (OnReply(reply, now, ended)) due = now;
    }
    if (!waiting_.empty() && SendWaiting(now, ended)) due = now;
    return waiting_.empty() ? due : std::min(due, NextOfWaiting());
  }

 private:
  struct Running {
    BackendCall call;
    Chat chat;
    Dialect dialect;
    TimePoint started;
    std::uint64_t request = 0;  // 0 while it waits for the first call of all
    int requests = 0;
    bool deadline_bound = false;
    Usage usage;  // of the requests that were answered
  };

  const PromptTemplate& FormOf(Stage stage) const {
    return stage == Stage::kReview ? prompts_.review : prompts_.generate;
  }

  // While nothing is known of the server, one call finds out and the others learn from it.
  bool MustWait(TimePoint now) const {
    return !dialect_.known() && !by_request_.empty() && now < hold_until_;
  }

  // True when a call was sent or ended.
  bool SendWaiting(TimePoint now, std::vector<Completion>& ended) {
    if (!dialect_.known() && by_request_.size() == 1) {
      // A response that begins well has taken the request, long before it ends.
      const std::optional<int> status = http_->StatusOf(by_request_.begin()->first);
      if (status && *status >= 200 && *status <= 299) {
        dialect_.Taken(by_ref_.at(by_request_.begin()->second).dialect);
      }
    }
    bool moved = false;
    while (!waiting_.empty() && !MustWait(now)) {
      const auto next = by_ref_.find(waiting_.front());
      waiting_.pop_front();
      Begin(next->second, now);
      moved = true;
    }
    for (std::size_t i = 0; i < waiting_.size();) {
      const auto found = by_ref_.find(waiting_[i]);
      if (found->second.call.deadline > now) {
        ++i;
        continue;
      }
      ended.push_back({waiting_[i], Completed(found->second, DeadlineOutcome(), now), {}});
      by_ref_.erase(found);
      waiting_.erase(waiting_.begin() + static_cast<std::ptrdiff_t>(i));
      moved = true;
    }
    return moved;
  }

  TimePoint NextOfWaiting() const {
    TimePoint next = hold_until_;
    for (const std::string& ref : waiting_) next = std::min(next, by_ref_.at(ref).call.deadline);
    return next;
  }

  void Begin(Running& running, TimePoint now) {
    running.dialect = dialect_.current();
    Send(running, now);
  }

  void Send(Running& running, TimePoint now) {
    const TimePoint allowed = running.started + milliseconds(config_.total_ms);
    running.deadline_bound = running.call.deadline <= allowed;
    const TimePoint until = std::min(allowed, running.call.deadline);
    ++running.requests;
    LlmRequest form =
        provider_->Request(config_, running.dialect, running.chat, running.call.task.stage);
    HttpCall request;
    request.url = target_.UrlOf(form.path);
    request.headers = target_.headers;
    request.body = std::move(form.body);
    request.connect = milliseconds(config_.connect_ms);
    request.first_byte = milliseconds(config_.first_byte_ms);
    request.stall = milliseconds(config_.stall_ms);
    request.total = std::max(milliseconds(0), std::chrono::ceil<milliseconds>(until - now));
    request.reply_bytes_max = static_cast<std::size_t>(config_.reply_bytes_max);
    running.request = http_->Start(std::move(request), now);
    by_request_.emplace(running.request, running.call.ref);
  }

  // True when the call goes on with another request.
  bool OnReply(const HttpEnded& ended_request, TimePoint now, std::vector<Completion>& ended) {
    const auto request = by_request_.find(ended_request.id);
    if (request == by_request_.end()) return false;
    const auto found = by_ref_.find(request->second);
    by_request_.erase(request);
    Running& running = found->second;
    const HttpReply& reply = ended_request.reply;
    if (running.requests < kRequestsMax) {
      if (const auto next = AfterRefusal(*provider_, reply, running.dialect, dialect_.known())) {
        running.dialect = *next;
        Send(running, now);
        return true;
      }
    }
    Reading reading = ReadResponse(*provider_, config_, running.call, reply, running.deadline_bound,
                                   static_cast<std::int64_t>(std::time(nullptr)));
    if (reading.accepted) {
      dialect_.Taken(running.dialect);
      if (!running.chat.repair) dialect_.Kept(running.dialect, !reading.complaint);
    }
    AddUsage(running, reading);
    if (reading.complaint && !running.chat.repair && running.requests < kRequestsMax) {
      const std::string clean = CleanText(reading.content, /*lines=*/true);
      running.chat.repair =
          Chat::Repair{std::string(CutUtf8(Trimmed(clean), kQuotedBytesMax)), *reading.complaint};
      Send(running, now);
      return true;
    }
    Completion completion;
    completion.ref = running.call.ref;
    completion.outcome = Completed(running, std::move(reading.outcome), now);
    if (reading.pause_ms) completion.pause = milliseconds(*reading.pause_ms);
    ended.push_back(std::move(completion));
    by_ref_.erase(found);
    return false;
  }

  // What a repaired call cost is what both requests cost; if one of them did not say, it is
  // unknown. A request that the server refused costs nothing.
  static void AddUsage(Running& running, const Reading& reading) {
    const Usage& more = reading.outcome.usage;
    const auto add = [](std::optional<std::int64_t>& sum, std::optional<std::int64_t> part) {
      sum = sum && part ? std::optional(*sum + *part) : std::nullopt;
    };
    if (!running.chat.repair) {
      running.usage = more;
      return;
    }
    add(running.usage.prompt_tokens, more.prompt_tokens);
    add(running.usage.completion_tokens, more.completion_tokens);
  }

  Outcome Completed(const Running& running, Outcome outcome, TimePoint now) const {
    outcome.usage = running.usage;
    outcome.usage.cost_usd = PriceOf(config_, outcome.usage);
    outcome.provider = config_.provider;
    outcome.prompt_version = FormOf(running.call.task.stage).version;
    outcome.prompt_hash = FormOf(running.call.task.stage).hash;
    outcome.latency_ms = std::chrono::duration<double, std::milli>(now - running.started).count();
    CallParameters& parameters = outcome.parameters;
    if (running.dialect.temperature) parameters.temperature = config_.temperature;
    parameters.max_tokens = config_.max_tokens;
    parameters.structured = kRungNames[static_cast<std::size_t>(running.dialect.rung)];
    parameters.requests = running.requests;
    parameters.repaired = running.chat.repair.has_value();
    return outcome;
  }

  BackendConfig config_;
  std::unique_ptr<Provider> provider_;
  LlmTarget target_;
  PromptSet prompts_;
  std::unique_ptr<HttpClient> http_;
  LearnedDialect dialect_;
  TimePoint hold_until_;
  std::unordered_map<std::string, Running> by_ref_;
  std::unordered_map<std::uint64_t, std::string> by_request_;
  std::deque<std::string> waiting_;  // refs, in order of arrival
};

Error About(const BackendConfig& config, const Error& error) {
  return {error.code, "backend " + config.model + ": " + error.text};
}

}  // namespace

Result<std::unique_ptr<Backend>> MakeLlmBackend(const BackendConfig& given) {
  BackendConfig config = given;
  std::unique_ptr<Provider> provider = MakeProvider(config.provider);
  Result<LlmTarget> target = MakeTarget(config, *provider);
  if (!target) return About(config, target.error());
  config.url = target->url;
  Result<PromptSet> prompts = LoadPrompts(config.prompts);
  if (!prompts) return About(config, prompts.error());
  HttpOptions options;
  options.ca_file = config.ca_file;
  options.proxy = config.proxy;
  options.connections_max = static_cast<std::size_t>(std::max<std::int64_t>(1, config.concurrency));
  options.allow_public_http = config.allow_plain_http;
  Result<std::unique_ptr<HttpClient>> http = HttpClient::Make(options);
  if (!http) return About(config, http.error());
  return std::unique_ptr<Backend>(
      std::make_unique<LlmBackend>(std::move(config), std::move(provider), std::move(*target),
                                   std::move(*prompts), std::move(*http)));
}

}  // namespace consilium
