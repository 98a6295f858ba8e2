// Bearer tokens of HTTP clients: who they are and what they may do.
//
// The file has one line a token, `<SHA-256 of it, hex> <role> <name> [<sender> ...]`; empty lines
// and lines that begin with # say nothing. Roles: read (see cases), write (also submit and withdraw
// them, say what was right), admin. Senders: for whom its messages may speak besides their holder
// (source.endpoint of a MessageHeader); without any, for anybody, as an interface engine does that
// forwards for many. The tokens themselves stand nowhere. Threads: functions and data without
// state.
#pragma once

#include <cstddef>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "shared/result.h"

namespace consilium {

// Each may do what the one before it may.
enum class TokenRole { kRead, kWrite, kAdmin };
inline constexpr const char* kTokenRoleNames[] = {"read", "write", "admin"};
inline std::string_view NameOf(TokenRole role) {
  return kTokenRoleNames[static_cast<std::size_t>(role)];
}
std::optional<TokenRole> TokenRoleFromName(std::string_view name);

struct TokenHolder {
  std::string name;  // 1..64 bytes of [A-Za-z0-9._-]
  TokenRole role = TokenRole::kRead;
  std::vector<std::string> senders{};
  std::size_t line = 0;  // of the file, from 1
};

class TokenList {
 public:
  static constexpr std::size_t kBytesMax = 1u << 20;

  // kInvalid names file, line and what was expected.
  static Result<TokenList> Parse(std::string_view text, const std::string& file);
  // Empty: nobody's.
  std::optional<TokenHolder> Find(std::string_view token) const;
  // In the order of the file.
  std::vector<TokenHolder> Named(std::string_view name) const;
  std::size_t size() const { return holders_.size(); }

 private:
  std::map<std::string, TokenHolder, std::less<>> holders_;  // by digest
};

// The line, with its end, that gives `token` to this holder.
std::string TokenLine(std::string_view token, const TokenHolder& holder);

}  // namespace consilium
