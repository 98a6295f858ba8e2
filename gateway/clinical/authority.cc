#include "gateway/clinical/authority.h"

#include <algorithm>
#include <string>

#include "shared/text.h"

namespace consilium {
namespace {

constexpr std::string_view kOidUrn = "urn:oid:";
constexpr std::string_view kUuidUrn = "urn:uuid:";

bool IsOid(std::string_view text) {
  return text.find('.') != text.npos && text.find_first_not_of("0123456789.") == text.npos;
}

bool IsUuid(std::string_view text) {
  constexpr std::size_t kUuidBytes = 36;
  return text.size() == kUuidBytes && std::count(text.begin(), text.end(), '-') == 4 &&
         text.find_first_not_of("0123456789abcdefABCDEF-") == text.npos;
}

// By its grammar "MRN:1" is a URI, too, of a scheme that nobody registered.
bool IsUri(std::string_view lower) {
  const std::size_t colon = lower.find(':');
  if (colon == lower.npos || colon + 1 == lower.size()) return false;
  const std::string_view scheme = lower.substr(0, colon);
  if (scheme == "urn" || scheme == "http" || scheme == "https") return true;
  return !scheme.empty() && scheme.front() >= 'a' && scheme.front() <= 'z' &&
         scheme.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789+-.") == scheme.npos &&
         lower.substr(colon + 1).starts_with("//");
}

}  // namespace

Authority ReadAuthority(std::string_view text) {
  const std::string lower = LowerAscii(text);
  if (lower.starts_with(kOidUrn)) return {AuthorityKind::kOid, text.substr(kOidUrn.size())};
  if (lower.starts_with(kUuidUrn)) return {AuthorityKind::kUuid, text.substr(kUuidUrn.size())};
  if (IsOid(text)) return {AuthorityKind::kOid, text};
  if (IsUuid(text)) return {AuthorityKind::kUuid, text};
  return {IsUri(lower) ? AuthorityKind::kUri : AuthorityKind::kLocal, text};
}

}  // namespace consilium
