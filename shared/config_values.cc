// What a single option's value has to look like.
#include <algorithm>
#include <charconv>
#include <cstdio>
#include <cstdlib>
#include <filesystem>

#include "shared/allow_list.h"
#include "shared/config_options.h"
#include "shared/hl7_charset.h"
#include "shared/ids.h"
#include "shared/message_rule.h"
#include "shared/redis.h"
#include "shared/text.h"

namespace consilium {
namespace {

constexpr std::string_view kIpc = "ipc://";
constexpr std::string_view kUnix = "unix:";
constexpr std::size_t kVariableBytesMax = 128;

bool IsDigit(char c) { return c >= '0' && c <= '9'; }

bool IsVariableName(std::string_view name) {
  return !name.empty() && name.size() <= kVariableBytesMax && !IsDigit(name[0]) &&
         std::all_of(name.begin(), name.end(), [](char c) {
           return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || IsDigit(c) || c == '_';
         });
}

// Replaces each ${NAME} in `text`; a problem as SetOption() tells it.
std::string Expand(std::string& text) {
  std::string out;
  std::string_view rest = text;
  for (std::size_t at = rest.find("${"); at != std::string_view::npos; at = rest.find("${")) {
    out += rest.substr(0, at);
    rest.remove_prefix(at + 2);
    const std::size_t end = rest.find('}');
    const std::string name(rest.substr(0, end));
    if (end == std::string_view::npos || !IsVariableName(name)) return ": ${ without a NAME}";
    const char* const value = std::getenv(name.c_str());
    if (value == nullptr) return ": environment variable " + name + " is not set";
    out += value;
    rest.remove_prefix(end + 1);
  }
  out += rest;
  text = std::move(out);
  return "";
}

void Resolve(std::string_view folder, std::string& path) {
  if (path.empty() || path.front() == '/' || folder.empty()) return;
  path = (std::filesystem::path(folder) / path).lexically_normal().string();
}

void ResolveAfter(std::string_view scheme, std::string_view folder, std::string& url) {
  if (url.compare(0, scheme.size(), scheme) != 0) return;
  std::string path = url.substr(scheme.size());
  if (!path.empty() && path.front() == '@') return;  // an abstract socket has no folder
  Resolve(folder, path);
  url = std::string(scheme) + path;
}

bool IsPrintable(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return c >= ' ' && c <= '~'; });
}

bool IsOneLine(std::string_view text) {
  return std::none_of(text.begin(), text.end(),
                      [](char c) { return (c >= 0 && c < ' ') || c == 0x7F; });
}

bool IsPort(std::string_view text) {
  unsigned port = 65536;
  const char* const end = text.data() + text.size();
  const auto [stop, problem] = std::from_chars(text.data(), end, port);
  return problem == std::errc() && stop == end && port <= 65535;
}

std::string CheckListen(std::string_view endpoint, const std::string& shown) {
  constexpr std::string_view kTcp = "tcp://";
  if (endpoint.starts_with(kIpc) && endpoint.size() > kIpc.size()) return "";
  const std::size_t colon = endpoint.rfind(':');
  const bool tcp = endpoint.starts_with(kTcp) && colon > kTcp.size() && colon != endpoint.npos &&
                   IsPort(endpoint.substr(colon + 1));
  return tcp ? "" : " = " + shown + ", expected tcp://ADDRESS:PORT or ipc://PATH";
}

std::string CheckHttpUrl(std::string_view url, const std::string& shown) {
  constexpr std::string_view kSchemes[] = {"http://", "https://"};
  for (const std::string_view scheme : kSchemes) {
    if (url.substr(0, scheme.size()) != scheme || url.size() == scheme.size()) continue;
    const std::string_view host = url.substr(scheme.size(), url.find('/', scheme.size()));
    if (host.find('@') != std::string_view::npos) {
      return ": user and password do not belong in a URL; see api_key_env";
    }
    return "";
  }
  return " = " + shown + ", expected http://HOST... or https://HOST...";
}

std::string CheckServer(std::string_view url, const std::string& shown) {
  if (std::string problem = CheckHttpUrl(url, shown); !problem.empty()) return problem;
  if (IsPrintable(url) && url.find_first_of(" ?#") == url.npos) return "";
  return " = " + shown + ", expected a base URL without a space, '?' and '#'";
}

// As a browser writes it in Origin (RFC 6454, section 6): any other form would match none.
bool IsOrigin(std::string_view origin) {
  const auto only = [](std::string_view text, std::string_view marks) {
    return !text.empty() && std::all_of(text.begin(), text.end(), [marks](char c) {
      return (c >= 'a' && c <= 'z') || IsDigit(c) || marks.find(c) != marks.npos;
    });
  };
  const std::size_t mark = origin.find("://");
  if (mark == origin.npos) return false;
  const std::string_view scheme = origin.substr(0, mark);
  std::string_view host = origin.substr(mark + 3);
  const std::size_t colon = host.rfind(':');
  if (colon != host.npos && host.find(']', colon) == host.npos) {
    const std::string_view port = host.substr(colon + 1);
    // A browser leaves out the port that goes without saying.
    const bool usual = (scheme == "http" && port == "80") || (scheme == "https" && port == "443");
    if (!IsPort(port) || usual) return false;
    host = host.substr(0, colon);
  }
  if (host.starts_with('[') && host.ends_with(']')) {
    host = host.substr(1, host.size() - 2);
    return only(scheme, "+-.") && only(host, ":.");
  }
  return only(scheme, "+-.") && only(host, "-._");
}

// A list as one text; see RedisConfig.
std::string JoinUrls(const std::vector<std::string>& urls) {
  std::string text;
  for (const std::string& url : urls) text += (text.empty() ? "" : " ") + url;
  return text;
}

std::string CheckRedisUrl(const std::string& url, const std::string& shown) {
  if (url.find('@') != std::string::npos) {
    return ": user and password do not belong in the URL; see redis.user and redis.password_env";
  }
  if (ParseRedisUrl(url)) return "";
  return " = " + shown + ", expected unix:/path (at most 107 bytes) or tcp://host:port";
}

std::string CheckRedisUrls(const std::string& shown, std::string_view folder, std::string& text) {
  RedisConfig redis;
  redis.url = text;
  std::vector<std::string> urls = RedisUrls(redis);
  for (std::string& url : urls) {
    ResolveAfter(kUnix, folder, url);
    if (std::string problem = CheckRedisUrl(url, shown); !problem.empty()) return problem;
  }
  text = JoinUrls(urls);
  return "";
}

// Checks and completes a text whose variables are replaced.
std::string CheckText(TextKind kind, const std::string& shown, std::string_view folder,
                      std::string& text) {
  if (text.find('\0') != std::string::npos) return " = " + shown + ", expected no NUL in it";
  switch (kind) {
    case TextKind::kPlain:
      return "";
    case TextKind::kPath:
      Resolve(folder, text);
      return "";
    case TextKind::kRedisUrl:
      return CheckRedisUrls(shown, folder, text);
    case TextKind::kListen:
      ResolveAfter(kIpc, folder, text);
      return CheckListen(text, shown);
    case TextKind::kListenOrNot:
      if (text.empty() || (text.starts_with("tcp://") && CheckListen(text, shown).empty()))
        return "";
      return " = " + shown + ", expected tcp://ADDRESS:PORT, or nothing";
    case TextKind::kBusKey:
      if (!IsBusKey(text)) Resolve(folder, text);
      return "";
    case TextKind::kHttpUrl:
      return text.empty() ? "" : CheckHttpUrl(text, shown);
    case TextKind::kVariable:
      // Not shown: what stands here by mistake is the secret itself.
      return text.empty() || IsVariableName(text)
                 ? ""
                 : ": not the name of an environment variable; a secret does not belong here";
    case TextKind::kModel:
      if (CheckModelName(text)) return "";
      return " = " + shown + ", expected 1..128 characters of A-Z a-z 0-9 . _ : / @ + -";
    case TextKind::kKind:
      if (CheckKind(text)) return "";
      return " = " + shown + ", expected 1..64 bytes without control characters and '|'";
    case TextKind::kHeader:
      // Not shown: a secret may stand here by mistake.
      return IsPrintable(text) ? "" : ": expected printable ASCII characters";
    case TextKind::kJson:
      return "";
    case TextKind::kMessageRule: {
      const auto rule = ParseMessageRule(text);
      return rule.ok() ? "" : " = " + rule.error().text;
    }
    case TextKind::kHl7Charset:
      if (text.empty() || FindHl7Charset(text) != nullptr) return "";
      return " = " + shown + ", expected one of " + Hl7CharsetNames() + ", or nothing";
    case TextKind::kHl7Name:
      if (text.find_first_of("|^~\\&") == text.npos && IsOneLine(text)) return "";
      return " = " + shown + ", expected no control characters and none of | ^ ~ \\ &";
    case TextKind::kOrigin:
      if (text == "*" || IsOrigin(text)) return "";
      return " = " + shown +
             ", expected \"*\" or scheme://host[:port] as a browser sends it: in lower case, "
             "without a path and without the scheme's usual port";
    case TextKind::kServer:
      return CheckServer(text, shown);
  }
  return "";
}

// Each of the list is one URL.
std::string SetUrls(std::vector<std::string> urls, std::string_view folder, std::string& out) {
  for (std::string& url : urls) {
    const std::string shown = Quoted(url);
    if (std::string unset = Expand(url); !unset.empty()) return unset;
    ResolveAfter(kUnix, folder, url);
    if (std::string problem = CheckRedisUrl(url, shown); !problem.empty()) return problem;
  }
  out = JoinUrls(urls);
  return "";
}

std::string Expected(const RawValue& raw, OptionType type, const Allowed& allowed) {
  std::string text = " = " + raw.shown + ", expected ";
  const std::string range = DescribeAllowed(type, allowed);
  const bool right_type =
      (type == OptionType::kText && std::holds_alternative<std::string>(raw.value)) ||
      std::holds_alternative<std::int64_t>(raw.value) || std::holds_alternative<double>(raw.value);
  if (!right_type || range.empty()) {
    text += TypeName(type);
    if (!range.empty()) text += ", ";
  }
  return text + range;
}

}  // namespace

std::string PlainNumber(double number) {
  char text[32];
  const int size = std::snprintf(text, sizeof(text), "%.10g", number);
  return {text, static_cast<std::size_t>(size)};
}

std::string_view TypeName(OptionType type) {
  switch (type) {
    case OptionType::kText:
      return "a text";
    case OptionType::kWhole:
      return "a whole number";
    case OptionType::kNumber:
    case OptionType::kOptionalNumber:
      return "a number";
    case OptionType::kFlag:
      return "true or false";
    case OptionType::kTexts:
      return "a list of texts";
    case OptionType::kNumbers:
      return "a table of numbers";
    case OptionType::kTextTable:
      return "a table";
  }
  return "";
}

std::string DescribeAllowed(OptionType type, const Allowed& allowed) {
  switch (type) {
    case OptionType::kWhole:
      return std::to_string(allowed.min) + ".." + std::to_string(allowed.max);
    case OptionType::kNumber:
    case OptionType::kOptionalNumber:
    case OptionType::kNumbers:
      return PlainNumber(allowed.low) + ".." + PlainNumber(allowed.high);
    case OptionType::kText: {
      std::string text;
      for (const std::string_view choice : allowed.choices) {
        text += text.empty() ? "one of " : ", ";
        text += choice;
      }
      return text;
    }
    case OptionType::kFlag:
    case OptionType::kTexts:
    case OptionType::kTextTable:
      return "";
  }
  return "";
}

std::string SetOption(const Allowed& allowed, const RawValue& raw, std::string_view folder,
                      std::string& out) {
  const auto* const list = std::get_if<std::vector<std::string>>(&raw.value);
  if (list != nullptr && allowed.kind == TextKind::kRedisUrl) {
    return SetUrls(*list, folder, out);
  }
  const auto* const given = std::get_if<std::string>(&raw.value);
  if (given == nullptr) return Expected(raw, OptionType::kText, allowed);
  std::string text = *given;
  std::string unset = Expand(text);
  if (!unset.empty()) return unset;
  if (!allowed.choices.empty() &&
      std::find(allowed.choices.begin(), allowed.choices.end(), text) == allowed.choices.end()) {
    return Expected(raw, OptionType::kText, allowed);
  }
  std::string problem = CheckText(allowed.kind, raw.shown, folder, text);
  if (problem.empty()) out = std::move(text);
  return problem;
}

std::string SetOption(const Allowed& allowed, const RawValue& raw, std::string_view /*folder*/,
                      std::int64_t& out) {
  const auto* const given = std::get_if<std::int64_t>(&raw.value);
  if (given == nullptr) {
    const bool fraction = std::holds_alternative<double>(raw.value);
    return Expected(fraction ? RawValue{{}, raw.shown} : raw, OptionType::kWhole, allowed);
  }
  if (*given < allowed.min || *given > allowed.max) {
    return Expected(raw, OptionType::kWhole, allowed);
  }
  out = *given;
  return "";
}

std::string SetOption(const Allowed& allowed, const RawValue& raw, std::string_view /*folder*/,
                      double& out) {
  double number = 0;
  if (const auto* const whole = std::get_if<std::int64_t>(&raw.value)) {
    number = static_cast<double>(*whole);
  } else if (const auto* const given = std::get_if<double>(&raw.value)) {
    number = *given;
  } else {
    return Expected(raw, OptionType::kNumber, allowed);
  }
  // Written so that NaN is outside.
  if (!(number >= allowed.low && number <= allowed.high)) {
    return Expected(raw, OptionType::kNumber, allowed);
  }
  out = number;
  return "";
}

std::string SetOption(const Allowed& allowed, const RawValue& raw, std::string_view /*folder*/,
                      bool& out) {
  const auto* const given = std::get_if<bool>(&raw.value);
  if (given == nullptr) return Expected(RawValue{{}, raw.shown}, OptionType::kFlag, allowed);
  out = *given;
  return "";
}

std::string SetOption(const Allowed& allowed, const RawValue& raw, std::string_view folder,
                      std::optional<double>& out) {
  double number = 0;
  std::string problem = SetOption(allowed, raw, folder, number);
  if (problem.empty()) out = number;
  return problem;
}

std::string SetOption(const Allowed& allowed, const RawValue& raw, std::string_view folder,
                      std::vector<std::string>& out) {
  const auto* const given = std::get_if<std::vector<std::string>>(&raw.value);
  if (given == nullptr) return Expected(raw, OptionType::kTexts, allowed);
  std::vector<std::string> texts = *given;
  for (std::string& text : texts) {
    const std::string shown = Quoted(text);
    std::string problem = Expand(text);
    if (problem.empty()) problem = CheckText(allowed.kind, shown, folder, text);
    if (!problem.empty()) return problem;
  }
  out = std::move(texts);
  return "";
}

std::string SetOption(const Allowed& allowed, const RawValue& raw, std::string_view /*folder*/,
                      std::map<std::string, double>& /*out*/) {
  return Expected(RawValue{{}, raw.shown}, OptionType::kNumbers, allowed);
}

std::string SetOption(const Allowed& allowed, const RawValue& raw, std::string_view /*folder*/,
                      std::map<std::string, std::string>& /*out*/) {
  return Expected(RawValue{{}, raw.shown}, OptionType::kTextTable, allowed);
}

RawValue ParseOptionText(OptionType type, const std::string& text) {
  const char* const end = text.data() + text.size();
  if (type == OptionType::kWhole) {
    std::int64_t number = 0;
    const auto [stop, problem] = std::from_chars(text.data(), end, number);
    if (problem == std::errc() && stop == end) return {number, text};
  }
  if (type == OptionType::kNumber || type == OptionType::kOptionalNumber) {
    double number = 0;
    const auto [stop, problem] = std::from_chars(text.data(), end, number);
    if (problem == std::errc() && stop == end) return {number, text};
  }
  if (type == OptionType::kFlag && (text == "true" || text == "false")) {
    return {text == "true", text};
  }
  return {text, Quoted(text)};
}

}  // namespace consilium
