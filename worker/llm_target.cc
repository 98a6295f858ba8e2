#include "worker/llm_target.h"

#include <algorithm>

#include "shared/secret.h"
#include "shared/text.h"
#include "shared/http/url.h"

namespace consilium {
namespace {

Result<std::string> ReadKey(const BackendConfig& config) {
  if (config.api_key_env.empty()) return std::string();
  const Result<std::string> secret = ReadSecretVariable(config.api_key_env);
  if (!secret) return Invalid(secret.error().text + " (api_key_env)");
  const std::string& key = *secret;
  if (key.empty()) {
    return Invalid("environment variable " + config.api_key_env + " is empty (api_key_env)");
  }
  if (std::any_of(key.begin(), key.end(), [](char c) { return c <= ' ' || c > '~'; })) {
    return Invalid("environment variable " + config.api_key_env +
                   " (api_key_env) has spaces, line breaks or characters beyond ASCII");
  }
  return key;
}

}  // namespace

std::string LlmTarget::UrlOf(const std::string& path) const {
  if (query.empty()) return url + path;
  const bool has_query = path.find('?') != path.npos;
  return url + path + (has_query ? "&" + query.substr(1) : query);
}

Result<LlmTarget> MakeTarget(const BackendConfig& config, const Provider& provider) {
  const Result<Url> url =
      CheckBackendUrl(config.url.empty() ? provider.url() : config.url, config.allow_plain_http);
  if (!url) return url.error();
  const Result<std::string> key = ReadKey(config);
  if (!key) return key.error();
  LlmTarget target;
  target.url = url->text;
  if (!url->has_path) target.url += provider.version_path();
  target.query = url->query;
  target.headers = {"Content-Type: application/json",
                    "Accept: application/json, text/event-stream"};
  if (!provider.extra_header().empty()) target.headers.emplace_back(provider.extra_header());
  for (const auto& [name, value] : config.headers) {
    std::string& header = target.headers.emplace_back(name);
    header += ": ";
    header += value;
  }
  if (!key->empty()) {
    const std::string header =
        config.auth_header.empty() ? std::string(provider.auth_header()) : config.auth_header;
    const bool bearer = LowerAscii(header) == "authorization";
    target.headers.push_back(header + (bearer ? ": Bearer " : ": ") + *key);
  }
  return target;
}

}  // namespace consilium
