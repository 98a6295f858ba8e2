#include "worker/llm_backend.h"

#include <algorithm>
#include <cstdlib>
#include <ctime>
#include <deque>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "shared/ids.h"
#include "shared/text.h"
#include "worker/http.h"
#include "worker/llm/dialect.h"
#include "worker/llm/provider.h"
#include "worker/llm/reply_reader.h"
#include "worker/prompts.h"
#include "worker/text_clean.h"
#include "worker/url.h"

namespace consilium {
namespace {

// Each parameter and rung that a server may refuse, and a second question.
constexpr int kRequestsMax = 9;
constexpr int kMissesMax = 3;
constexpr milliseconds kScoutWait{10000};
constexpr std::size_t kQuotedBytesMax = 8192;

Rung RungOf(const std::string& name) {
  const auto* const found = std::find(std::begin(kRungNames), std::end(kRungNames), name);
  return static_cast<Rung>(found - std::begin(kRungNames));
}

// What is the same for all requests.
struct Target {
  std::string url;
  std::string query;  // "" or "?..."
  std::vector<std::string> headers;

  std::string UrlOf(const std::string& path) const {
    if (query.empty()) return url + path;
    const bool has_query = path.find('?') != path.npos;
    return url + path + (has_query ? "&" + query.substr(1) : query);
  }
};

class LlmBackend : public Backend {
 public:
  LlmBackend(BackendConfig config, std::unique_ptr<Provider> provider, Target target,
             PromptSet prompts, std::unique_ptr<HttpClient> http)
      : config_(std::move(config)),
        provider_(std::move(provider)),
        target_(std::move(target)),
        prompts_(std::move(prompts)),
        http_(std::move(http)) {
    dialect_.rung = RungOf(config_.structured);
    dialect_.stream = config_.stream;
  }

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
    if (!known_ && by_request_.empty() && waiting_.empty()) hold_until_ = now + kScoutWait;
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
    return !known_ && !by_request_.empty() && now < hold_until_;
  }

  // True when a call was sent or ended.
  bool SendWaiting(TimePoint now, std::vector<Completion>& ended) {
    if (!known_ && by_request_.size() == 1) {
      // A response that begins well has taken the request, long before it ends.
      const std::optional<int> status = http_->StatusOf(by_request_.begin()->first);
      if (status && *status >= 200 && *status <= 299) {
        Learn(by_ref_.at(by_request_.begin()->second).dialect);
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
    running.dialect = dialect_;
    Send(running, now);
  }

  void Send(Running& running, TimePoint now) {
    const TimePoint allowed = running.started + milliseconds(config_.total_ms);
    running.deadline_bound = running.call.deadline <= allowed;
    const TimePoint until = std::min(allowed, running.call.deadline);
    ++running.requests;
    LlmRequest form =
        provider_->Request(config_, running.dialect, running.chat, running.call.task.stage);
    HttpRequest request;
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

  void Learn(const Dialect& taken) {
    known_ = true;
    dialect_ = Merged(dialect_, taken);
  }

  // A server that takes a rung and does not keep to it.
  void CountMiss(const Running& running, bool missed) {
    if (running.dialect.rung != dialect_.rung) return;
    misses_ = missed ? misses_ + 1 : 0;
    if (misses_ < kMissesMax) return;
    misses_ = 0;
    dialect_.rung = provider_->Below(dialect_.rung);
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
      if (const auto next = AfterRefusal(*provider_, reply, running.dialect, known_)) {
        running.dialect = *next;
        Send(running, now);
        return true;
      }
    }
    Reading reading = ReadResponse(*provider_, config_, running.call, reply, running.deadline_bound,
                                   static_cast<std::int64_t>(std::time(nullptr)));
    if (reading.accepted) {
      Learn(running.dialect);
      if (!running.chat.repair) CountMiss(running, reading.complaint.has_value());
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
  Target target_;
  PromptSet prompts_;
  std::unique_ptr<HttpClient> http_;
  Dialect dialect_;
  bool known_ = false;  // the server has taken a request in this dialect
  TimePoint hold_until_;
  int misses_ = 0;
  std::unordered_map<std::string, Running> by_ref_;
  std::unordered_map<std::uint64_t, std::string> by_request_;
  std::deque<std::string> waiting_;  // refs, in order of arrival
};

Error About(const BackendConfig& config, const Error& error) {
  return {error.code, "backend " + config.model + ": " + error.text};
}

Result<std::string> ReadKey(const BackendConfig& config) {
  if (config.api_key_env.empty()) return std::string();
  const char* const value = std::getenv(config.api_key_env.c_str());
  if (value == nullptr || *value == '\0') {
    return Invalid("environment variable " + config.api_key_env + " (api_key_env) is not set");
  }
  const std::string key = value;
  if (std::any_of(key.begin(), key.end(), [](char c) { return c <= ' ' || c > '~'; })) {
    return Invalid("environment variable " + config.api_key_env +
                   " (api_key_env) has spaces, line breaks or characters beyond ASCII");
  }
  return key;
}

Target TargetOf(const BackendConfig& config, const Provider& provider, const Url& url,
                const std::string& key) {
  Target target;
  target.url = url.text;
  if (!url.has_path) target.url += provider.version_path();
  target.query = url.query;
  target.headers = {"Content-Type: application/json",
                    "Accept: application/json, text/event-stream"};
  if (!provider.extra_header().empty()) target.headers.emplace_back(provider.extra_header());
  for (const auto& [name, value] : config.headers) {
    std::string& header = target.headers.emplace_back(name);
    header += ": ";
    header += value;
  }
  if (!key.empty()) {
    const std::string header =
        config.auth_header.empty() ? std::string(provider.auth_header()) : config.auth_header;
    const bool bearer = LowerAscii(header) == "authorization";
    target.headers.push_back(header + (bearer ? ": Bearer " : ": ") + key);
  }
  return target;
}

}  // namespace

Result<std::unique_ptr<Backend>> MakeLlmBackend(const BackendConfig& given) {
  BackendConfig config = given;
  std::unique_ptr<Provider> provider = MakeProvider(config.provider);
  if (config.url.empty()) config.url = provider->url();
  const Result<Url> url = CheckBackendUrl(config.url, config.allow_plain_http);
  if (!url) return About(config, url.error());
  config.url = url->text;
  Result<std::string> key = ReadKey(config);
  if (!key) return About(config, key.error());
  Result<PromptSet> prompts = LoadPrompts(config.prompts);
  if (!prompts) return About(config, prompts.error());
  HttpOptions options;
  options.ca_file = config.ca_file;
  options.proxy = config.proxy;
  options.connections_max = static_cast<std::size_t>(std::max<std::int64_t>(1, config.concurrency));
  options.allow_public_http = config.allow_plain_http;
  Result<std::unique_ptr<HttpClient>> http = HttpClient::Make(options);
  if (!http) return About(config, http.error());
  Target target = TargetOf(config, *provider, *url, *key);
  return std::unique_ptr<Backend>(
      std::make_unique<LlmBackend>(std::move(config), std::move(provider), std::move(target),
                                   std::move(*prompts), std::move(*http)));
}

}  // namespace consilium
