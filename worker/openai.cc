#include "worker/openai.h"

#include <algorithm>
#include <cstdlib>
#include <ctime>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "shared/ids.h"
#include "worker/http.h"
#include "worker/openai_reply.h"
#include "worker/prompts.h"
#include "worker/url.h"

namespace consilium {
namespace {

// One more request per parameter that a server may refuse.
constexpr int kRequestsMax = 4;

class OpenAiBackend : public Backend {
 public:
  OpenAiBackend(BackendConfig config, PromptSet prompts, std::string key,
                std::unique_ptr<HttpClient> http)
      : config_(std::move(config)),
        prompts_(std::move(prompts)),
        key_(std::move(key)),
        http_(std::move(http)) {
    dialect_.json_schema = config_.json_schema;
  }

  bool simulated() const override { return false; }
  int fd() const override { return http_->fd(); }

  void Start(const BackendCall& call, TimePoint now) override {
    Cancel(call.ref);
    Running running;
    running.call = call;
    running.started = now;
    running.prompt =
        RenderPrompt(FormOf(call.task.stage), call.vignette, call.review, RandomHexId());
    Send(running, now);
    by_ref_.insert_or_assign(call.ref, std::move(running));
  }

  void Cancel(const std::string& ref) override {
    const auto found = by_ref_.find(ref);
    if (found == by_ref_.end()) return;
    http_->Cancel(found->second.request);
    by_request_.erase(found->second.request);
    by_ref_.erase(found);
  }

  TimePoint Run(TimePoint now, std::vector<Completion>& ended) override {
    std::vector<HttpEnded> replies;
    TimePoint due = http_->Run(now, replies);
    for (HttpEnded& reply : replies) {
      if (Read(reply, now, ended)) due = now;
    }
    return due;
  }

 private:
  struct Running {
    BackendCall call;
    Prompt prompt;
    Dialect used;
    TimePoint started;
    std::uint64_t request = 0;
    int requests = 0;
    bool deadline_bound = false;
  };

  const PromptTemplate& FormOf(Stage stage) const {
    return stage == Stage::kReview ? prompts_.review : prompts_.generate;
  }

  void Send(Running& running, TimePoint now) {
    const TimePoint allowed = running.started + milliseconds(config_.total_ms);
    running.deadline_bound = running.call.deadline <= allowed;
    const TimePoint until = std::min(allowed, running.call.deadline);
    running.used = dialect_;
    ++running.requests;
    HttpRequest request;
    request.url = config_.url + "/chat/completions";
    request.headers = {"Content-Type: application/json", "Accept: application/json"};
    if (!key_.empty()) request.headers.push_back("Authorization: Bearer " + key_);
    request.body = ChatRequest(config_, dialect_, running.prompt, running.call.task.stage);
    request.connect = milliseconds(config_.connect_ms);
    request.stall = milliseconds(config_.stall_ms);
    request.total = std::max(milliseconds(0), std::chrono::ceil<milliseconds>(until - now));
    request.reply_bytes_max = static_cast<std::size_t>(config_.reply_bytes_max);
    running.request = http_->Start(std::move(request), now);
    by_request_.emplace(running.request, running.call.ref);
  }

  // True when the call goes on with another request.
  bool Read(HttpEnded& ended_request, TimePoint now, std::vector<Completion>& ended) {
    const auto request = by_request_.find(ended_request.id);
    if (request == by_request_.end()) return false;
    const auto found = by_ref_.find(request->second);
    by_request_.erase(request);
    if (found == by_ref_.end()) return false;
    Running& running = found->second;
    const HttpReply& reply = ended_request.reply;
    if (const std::optional<Dialect> learned = LearnDialect(reply, running.used);
        learned && running.requests < kRequestsMax) {
      // Calls that ran side by side learn different things: all of them stay known.
      dialect_.json_schema = dialect_.json_schema && learned->json_schema;
      dialect_.temperature = dialect_.temperature && learned->temperature;
      dialect_.max_completion_tokens =
          dialect_.max_completion_tokens || learned->max_completion_tokens;
      Send(running, now);
      return true;
    }
    Outcome outcome = ReadChatReply(config_, running.call, reply, running.deadline_bound,
                                    static_cast<std::int64_t>(std::time(nullptr)));
    outcome.provider = config_.provider;
    outcome.prompt_hash = FormOf(running.call.task.stage).hash;
    outcome.latency_ms = std::chrono::duration<double, std::milli>(now - running.started).count();
    ended.push_back({running.call.ref, std::move(outcome)});
    by_ref_.erase(found);
    return false;
  }

  BackendConfig config_;
  PromptSet prompts_;
  std::string key_;
  std::unique_ptr<HttpClient> http_;
  Dialect dialect_;
  std::unordered_map<std::string, Running> by_ref_;
  std::unordered_map<std::uint64_t, std::string> by_request_;
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

}  // namespace

Result<std::unique_ptr<Backend>> MakeOpenAiBackend(const BackendConfig& given) {
  BackendConfig config = given;
  const Result<Url> url = CheckBackendUrl(config.url);
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
  Result<std::unique_ptr<HttpClient>> http = HttpClient::Make(options);
  if (!http) return About(config, http.error());
  return std::unique_ptr<Backend>(std::make_unique<OpenAiBackend>(
      std::move(config), std::move(*prompts), std::move(*key), std::move(*http)));
}

}  // namespace consilium
