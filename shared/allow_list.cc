#include "shared/allow_list.h"

#include <algorithm>
#include <iterator>
#include <vector>

#include "shared/text.h"

namespace consilium {
namespace {

constexpr std::size_t kKeyChars = 40;
constexpr std::size_t kNameBytesMax = 64;

bool IsAlphanumeric(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

// Cuts the first line off `rest`.
std::string_view TakeLine(std::string_view& rest) {
  const std::size_t end = std::min(rest.find('\n'), rest.size());
  const std::string_view line = rest.substr(0, end);
  rest.remove_prefix(std::min(end + 1, rest.size()));
  return line;
}

std::vector<std::string_view> Words(std::string_view line) {
  constexpr std::string_view kBlank = " \t\r";
  std::vector<std::string_view> words;
  for (std::size_t at = line.find_first_not_of(kBlank); at != line.npos;
       at = line.find_first_not_of(kBlank, at)) {
    const std::size_t end = std::min(line.find_first_of(kBlank, at), line.size());
    words.push_back(line.substr(at, end - at));
    at = end;
  }
  return words;
}

}  // namespace

std::optional<BusRole> BusRoleFromName(std::string_view name) {
  const auto* const found = std::find(std::begin(kBusRoleNames), std::end(kBusRoleNames), name);
  if (found == std::end(kBusRoleNames)) return std::nullopt;
  return static_cast<BusRole>(found - std::begin(kBusRoleNames));
}

bool IsBusKey(std::string_view text) {
  constexpr std::string_view kMarks = ".-:+=^!/*?&<>()[]{}@%$#";
  return text.size() == kKeyChars && IsAlphanumeric(text.front()) &&
         std::all_of(text.begin(), text.end(), [kMarks](char c) {
           return IsAlphanumeric(c) || kMarks.find(c) != kMarks.npos;
         });
}

Status CheckPeerName(std::string_view name) {
  const bool good = !name.empty() && name.size() <= kNameBytesMax &&
                    std::all_of(name.begin(), name.end(), [](char c) {
                      return IsAlphanumeric(c) || c == '.' || c == '_' || c == '-';
                    });
  if (good) return Ok();
  return Invalid("name = " + Quoted(name) + ", expected 1..64 characters of A-Z a-z 0-9 . _ -");
}

Result<AllowList> AllowList::Parse(std::string_view text, const std::string& file) {
  if (text.size() > kBytesMax) {
    return Error{ErrorCode::kTooLarge,
                 file + ": more than " + std::to_string(kBytesMax) + " bytes"};
  }
  AllowList list;
  std::map<std::string, BusRole, std::less<>> roles;  // of the names so far
  std::size_t number = 0;
  for (std::string_view rest = text; !rest.empty();) {
    const std::vector<std::string_view> words = Words(TakeLine(rest));
    const std::string place = file + ":" + std::to_string(++number) + ": ";
    if (words.empty() || words[0].front() == '#') continue;
    if (words.size() != 3) {
      return Invalid(place + std::to_string(words.size()) +
                     " words, expected <public key> <role> <name>");
    }
    // Not shown: a secret key may stand here by mistake.
    if (!IsBusKey(words[0])) {
      return Invalid(place + "not a public key, expected 40 characters as `consilium keys` prints");
    }
    const std::optional<BusRole> role = BusRoleFromName(words[1]);
    if (!role || *role == BusRole::kBroker) {
      return Invalid(place + "role = " + Quoted(words[1]) + ", expected client, worker or admin");
    }
    if (const Status name = CheckPeerName(words[2]); !name) {
      return Invalid(place + name.error().text);
    }
    const auto [known, fresh] = roles.emplace(words[2], *role);
    if (!fresh && known->second != *role) {
      return Invalid(place + "name = " + Quoted(words[2]) + " with another role than above (" +
                     kBusRoleNames[static_cast<std::size_t>(known->second)] + ")");
    }
    if (list.Find(words[0]) != nullptr) {
      return Invalid(place + "the key of " + std::string(words[2]) + " stands above, too");
    }
    list.Add(std::string(words[0]), {std::string(words[2]), *role});
    if (list.size() > kKeysMax) {
      return Error{ErrorCode::kTooLarge,
                   file + ": more than " + std::to_string(kKeysMax) + " keys"};
    }
  }
  return list;
}

const BusPeer* AllowList::Find(std::string_view key) const {
  const auto found = peers_.find(key);
  return found == peers_.end() ? nullptr : &found->second;
}

std::string AllowLine(const std::string& key, const BusPeer& peer) {
  return key + " " + kBusRoleNames[static_cast<std::size_t>(peer.role)] + " " + peer.name + "\n";
}

}  // namespace consilium
