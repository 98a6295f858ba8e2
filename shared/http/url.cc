#include "shared/http/url.h"

#include <arpa/inet.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <string>

#include "shared/text.h"

namespace consilium {
namespace {

bool IsPrivate4(std::uint32_t a) {
  const auto within = [a](std::uint32_t prefix, int bits) {
    return (a ^ prefix) >> (32 - bits) == 0;
  };
  return within(0x7F000000, 8) ||   // 127.0.0.0/8 loopback
         within(0x0A000000, 8) ||   // 10.0.0.0/8 (RFC 1918)
         within(0xAC100000, 12) ||  // 172.16.0.0/12
         within(0xC0A80000, 16) ||  // 192.168.0.0/16
         within(0xA9FE0000, 16) ||  // 169.254.0.0/16 link-local (RFC 3927)
         within(0x64400000, 10);    // 100.64.0.0/10 shared, used by overlay networks (RFC 6598)
}

std::uint32_t BigEndian(const unsigned char* bytes) {
  return (std::uint32_t{bytes[0]} << 24) | (std::uint32_t{bytes[1]} << 16) |
         (std::uint32_t{bytes[2]} << 8) | std::uint32_t{bytes[3]};
}

bool IsPrivate6(const std::array<unsigned char, 16>& a) {
  constexpr std::array<unsigned char, 16> kLoopback{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1};
  constexpr std::array<unsigned char, 12> kMapped{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF};
  if (a == kLoopback) return true;
  if ((a[0] & 0xFE) == 0xFC) return true;                  // fc00::/7 unique local (RFC 4193)
  if (a[0] == 0xFE && (a[1] & 0xC0) == 0x80) return true;  // fe80::/10 link-local
  return std::equal(kMapped.begin(), kMapped.end(), a.begin()) && IsPrivate4(BigEndian(&a[12]));
}

bool EndsWith(std::string_view text, std::string_view end) {
  return text.size() > end.size() && text.substr(text.size() - end.size()) == end;
}

Error BadUrl(std::string_view text, const std::string& expected) {
  return Invalid("url = " + Quoted(text, 200) + ", expected " + expected);
}

bool IsHostCharacter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '.' || c == '_';
}

// A parameter whose name is that of a credential.
bool HoldsSecret(std::string_view query) {
  const std::string lower = LowerAscii(query);
  for (const std::string_view name : {"key=", "token=", "secret=", "password=", "sig=", "code="}) {
    for (std::size_t at = lower.find(name); at != lower.npos; at = lower.find(name, at + 1)) {
      const char before = at == 0 ? '?' : lower[at - 1];
      if (before == '?' || before == '&' || before == '-' || before == '_' || name[0] == 'k') {
        return true;
      }
    }
  }
  return false;
}

// "host", "host:port" or "[v6]:port"; empty when it is none of them.
std::string HostOf(std::string_view authority) {
  std::string host = LowerAscii(authority);
  std::string port;
  if (!host.empty() && host.front() == '[') {
    const std::size_t close = host.find(']');
    if (close == std::string::npos) return "";
    port = host.substr(close + 1);
    host = host.substr(1, close - 1);
    std::array<unsigned char, 16> bytes{};
    if (inet_pton(AF_INET6, host.c_str(), bytes.data()) != 1) return "";
  } else {
    const std::size_t colon = host.find(':');
    if (colon != std::string::npos) port = host.substr(colon);
    host = host.substr(0, colon);
    if (!std::all_of(host.begin(), host.end(), IsHostCharacter)) return "";
  }
  const bool port_fits = port.empty() || (port.size() >= 2 && port.size() <= 6 && port[0] == ':' &&
                                          port.find_first_not_of("0123456789", 1) == port.npos &&
                                          std::stoul(port.substr(1)) <= 65535);
  return port_fits ? host : "";
}

}  // namespace

bool IsPrivateAddress(std::string_view address) {
  const std::string text(address);
  std::array<unsigned char, 16> bytes{};
  if (inet_pton(AF_INET, text.c_str(), bytes.data()) == 1) return IsPrivate4(BigEndian(&bytes[0]));
  if (inet_pton(AF_INET6, text.c_str(), bytes.data()) == 1) return IsPrivate6(bytes);
  return false;
}

bool IsPrivateHost(std::string_view host) {
  if (IsPrivateAddress(host)) return true;
  // Digits only, or 0x..., is an IPv4 address in another spelling; the dotted one is expected.
  if (host.empty() || host.find_first_not_of("0123456789.") == host.npos) return false;
  if (host.substr(0, 2) == "0x") return false;
  if (host.find_first_of(".:") == host.npos) return true;
  return EndsWith(host, ".local") || EndsWith(host, ".internal") || EndsWith(host, ".localhost") ||
         EndsWith(host, ".home.arpa");
}

Result<Url> CheckBackendUrl(std::string_view text, bool allow_plain_http) {
  Url url;
  std::string_view rest = text;
  const std::string lower = LowerAscii(text.substr(0, 8));
  if (lower == "https://") {
    url.encrypted = true;
    rest.remove_prefix(8);
  } else if (lower.compare(0, 7, "http://") == 0) {
    rest.remove_prefix(7);
  } else {
    return BadUrl(text, "http://... or https://...");
  }
  if (std::any_of(text.begin(), text.end(), [](char c) { return c <= ' ' || c > '~'; })) {
    return BadUrl(text, "no spaces and no characters beyond ASCII");
  }
  const std::size_t query = std::min(text.find('?'), text.size());
  url.query = text.substr(query);
  // The text is not repeated: it may be the secret.
  if (HoldsSecret(url.query)) {
    return Invalid("url: has a key in its query, expected the key in api_key_env");
  }
  if (text.find_first_of("#\\") != text.npos) return BadUrl(text, "no fragment");
  rest = rest.substr(0, rest.find('?'));
  const std::string_view authority = rest.substr(0, rest.find('/'));
  // The text is not repeated: it may hold a password.
  if (authority.find('@') != authority.npos) {
    return Invalid("url: has a user or a password, expected the key in api_key_env");
  }
  url.host = HostOf(authority);
  if (url.host.empty()) return BadUrl(text, "a host, or host:port, after the scheme");
  if (!url.encrypted && !allow_plain_http && !IsPrivateHost(url.host)) {
    return BadUrl(text,
                  "https:// for a host that is neither this one nor in a private network (or "
                  "allow_plain_http = true)");
  }
  text = text.substr(0, query);
  while (text.back() == '/') text.remove_suffix(1);
  while (!rest.empty() && rest.back() == '/') rest.remove_suffix(1);
  url.has_path = rest.find('/') != rest.npos;
  url.text = std::string(text);
  return url;
}

}  // namespace consilium
