#include "worker/check_advice.h"

#include <string_view>

#include "worker/backend.h"

namespace consilium {
namespace {

// In the sentences: {url}, {model} (the provider's name for it), {served}, {key}, and limits of the
// backend by their names, e.g. {stall_ms}.
struct Advice {
  std::string_view code;
  std::string_view text;
};

constexpr Advice kByCode[] = {
    {"connect_failed",
     "is the server running at {url}? can this machine reach it (proxy, firewall)?"},
    {"tls_failed",
     "set ca_file to the certificate (PEM) that signed the server's; for a private one that is "
     "often the server's own. The host in url must be one of its names"},
    {"tls_handshake", "does {url} speak TLS? a server without it needs http://"},
    {"unauthorised", "{key}, and that the key may use {model}"},
    {"insufficient_quota", "add credit to the account at the provider"},
    {"billing_hard_limit_reached", "raise the billing limit of the account at the provider"},
    {"model_not_found",
     "set served_model to a name that the server lists, and check the path in url"},
    {"wrong_model",
     "if \"{served}\" is the same model, add it to served_as; else correct served_model"},
    {"http_429", "wait and try again; then put what the account allows into a [[limit]]"},
    {"limit", "the [[limit]]s are used up by running workers: try again, or with --timeout-s"},
    {"breaker_open", "try again"},
    {"stalled",
     "no byte in first_byte_ms = {first_byte_ms} or stall_ms = {stall_ms}: is the server loading "
     "the model or overloaded? raise first_byte_ms for a model that thinks long"},
    {"total", "raise total_ms = {total_ms}, or take a faster model or a lower max_tokens"},
    {"deadline",
     "try again: a model that had to be loaded is there now; or wait longer with --timeout-s"},
    {"cut_stream", "look at the server's log: it, or a proxy before it, closed the connection"},
    {"provider_error", "look at the server's log or the provider's status page, and try again"},
    {"oversized", "is {url} the API of a model? if so, lower max_tokens or raise reply_bytes_max"},
    {"truncated",
     "raise max_tokens = {max_tokens}: thinking counts; or take a model that says less"},
    {"empty", "raise max_tokens = {max_tokens}: a model that thinks may have used it up"},
    {"no_choices", "is {url} the API of provider {provider}? see `provider` and the path in url"},
    {"no_message", "is {url} the API of provider {provider}? see `provider` and the path in url"},
    {"no_candidates",
     "is {url} the API of provider {provider}? see `provider` and the path in url"},
    {"not_json",
     "if {url} is the API of provider {provider}: the model does not keep to the form; try "
     "another value of `structured`, or a stronger model"},
    {"content_filter", "the filter takes clinical text for harmful: ask the provider to relax it"},
    {"refusal", "the model will not answer clinical questions: take another one"},
};

constexpr Advice kByStatus[] = {
    {"malformed",
     "the model does not keep to the form: try another value of `structured`, or a stronger model"},
    {"refused", "the model will not answer clinical questions: take another one"},
    {"rate_limited", "wait and try again"},
    {"timed_out", "try again, or raise total_ms = {total_ms}"},
};

std::string_view Find(const Outcome& outcome) {
  const auto in = [](const auto& table, std::string_view key) {
    for (const Advice& advice : table) {
      if (advice.code == key) return advice.text;
    }
    return std::string_view();
  };
  if (const std::string_view found = in(kByCode, outcome.code); !found.empty()) return found;
  const std::string_view status = kOutcomeStatusNames[static_cast<std::size_t>(outcome.status)];
  if (const std::string_view found = in(kByStatus, status); !found.empty()) return found;
  if (outcome.code.compare(0, 6, "http_3") == 0) return "set url to the final address";
  if (outcome.code.compare(0, 6, "http_5") == 0) {
    return "the server is in trouble: look at its log or the provider's status page, try again";
  }
  if (outcome.code.compare(0, 6, "http_4") == 0) {
    return "the server does not take the request: check url, served_model, body and headers";
  }
  return "look at the server's log";
}

std::string Filled(std::string_view form, const BackendConfig& config, const Outcome& outcome) {
  const std::string key = config.api_key_env.empty()
                              ? "set api_key_env to the name of the variable that holds the key"
                              : "check the key in the environment variable " + config.api_key_env;
  const std::pair<std::string_view, std::string> values[] = {
      {"{url}", config.url},
      {"{model}", ServedModel(config)},
      {"{provider}", config.provider},
      {"{served}", outcome.model_served},
      {"{key}", key},
      {"{first_byte_ms}", std::to_string(config.first_byte_ms)},
      {"{stall_ms}", std::to_string(config.stall_ms)},
      {"{total_ms}", std::to_string(config.total_ms)},
      {"{max_tokens}", std::to_string(config.max_tokens)},
  };
  std::string text(form);
  for (const auto& [name, value] : values) {
    for (std::size_t at = text.find(name); at != text.npos; at = text.find(name, at)) {
      text.replace(at, name.size(), value);
      at += value.size();
    }
  }
  return text;
}

}  // namespace

std::string AdviceFor(const BackendConfig& config, const Outcome& outcome) {
  if (outcome.status == OutcomeStatus::kOk) return "";
  if (outcome.code == "model_not_found" && config.provider == "ollama") {
    return Filled("`ollama pull {model}`, or set served_model to a name that `ollama list` shows",
                  config, outcome);
  }
  return Filled(Find(outcome), config, outcome);
}

}  // namespace consilium
