#include "shared/tokens.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "shared/ids.h"
#include "shared/text.h"

namespace consilium {
namespace {

constexpr std::size_t kDigestChars = 64;

std::vector<std::string> Words(std::string_view line) {
  std::vector<std::string> words;
  while (!(line = Trimmed(line)).empty()) {
    const std::size_t end = std::min(line.find_first_of(" \t"), line.size());
    words.emplace_back(line.substr(0, end));
    line.remove_prefix(end);
  }
  return words;
}

bool IsDigest(const std::string& word) {
  return word.size() == kDigestChars &&
         word.find_first_not_of("0123456789abcdef") == std::string::npos;
}

bool IsName(const std::string& word) {
  return !word.empty() && word.size() <= 64 && std::all_of(word.begin(), word.end(), [](char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '.' ||
           c == '_' || c == '-';
  });
}

}  // namespace

std::optional<TokenRole> TokenRoleFromName(std::string_view name) {
  for (const TokenRole role : {TokenRole::kRead, TokenRole::kWrite, TokenRole::kAdmin}) {
    if (name == NameOf(role)) return role;
  }
  return {};
}

Result<TokenList> TokenList::Parse(std::string_view text, const std::string& file) {
  TokenList list;
  std::size_t number = 0;
  while (!text.empty()) {
    ++number;
    const std::string_view line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(line.size() + 1, text.size()));
    const std::vector<std::string> words = Words(line);
    if (words.empty() || words[0].front() == '#') continue;
    const auto wrong = [&](const std::string& what) {
      return Invalid(file + ":" + std::to_string(number) + ": " + what);
    };
    if (words.size() < 3) return wrong("expected `SHA256 ROLE NAME [SENDER ...]`");
    // Not shown: what stands here by mistake is the token itself.
    if (!IsDigest(words[0]))
      return wrong("expected 64 lower-case hex digits: the SHA-256 of a token");
    const auto role = TokenRoleFromName(words[1]);
    if (!role) return wrong("role " + Quoted(words[1]) + ", expected one of read, write, admin");
    if (!IsName(words[2])) {
      return wrong("name " + Quoted(words[2]) + ", expected 1..64 of A-Z a-z 0-9 . _ -");
    }
    TokenHolder holder{words[2], *role, {words.begin() + 3, words.end()}, number};
    if (!list.holders_.emplace(words[0], std::move(holder)).second) {
      return wrong("the token of " + Quoted(words[2]) + " stands twice");
    }
  }
  return list;
}

std::optional<TokenHolder> TokenList::Find(std::string_view token) const {
  // By digest: how long it takes says nothing about tokens.
  const auto found = holders_.find(Sha256Hex(token));
  if (found == holders_.end()) return {};
  return found->second;
}

std::vector<TokenHolder> TokenList::Named(std::string_view name) const {
  std::vector<TokenHolder> named;
  for (const auto& [digest, holder] : holders_) {
    if (holder.name == name) named.push_back(holder);
  }
  std::sort(named.begin(), named.end(),
            [](const TokenHolder& a, const TokenHolder& b) { return a.line < b.line; });
  return named;
}

std::string TokenLine(std::string_view token, const TokenHolder& holder) {
  std::string line = Sha256Hex(token) + " ";
  line.append(NameOf(holder.role)).append(" ").append(holder.name);
  for (const std::string& sender : holder.senders) line += " " + sender;
  return line + "\n";
}

}  // namespace consilium
