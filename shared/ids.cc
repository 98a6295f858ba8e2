#include "shared/ids.h"

#include <openssl/evp.h>
#include <sys/random.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstring>

#include "shared/text.h"

namespace consilium {
namespace {

constexpr std::size_t kNameBytesMax = 128;

bool IsWordCharacter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' ||
         c == '_' || c == ':' || c == '-';
}

bool IsModelCharacter(char c) { return IsWordCharacter(c) || c == '/' || c == '@' || c == '+'; }

template <class Allowed>
bool IsName(std::string_view name, Allowed allowed) {
  return !name.empty() && name.size() <= kNameBytesMax &&
         std::all_of(name.begin(), name.end(), allowed);
}

std::string Hex(const unsigned char* bytes, std::size_t size) {
  constexpr char kDigits[] = "0123456789abcdef";
  std::string out;
  out.reserve(2 * size);
  for (std::size_t i = 0; i < size; ++i) {
    out += kDigits[bytes[i] >> 4];
    out += kDigits[bytes[i] & 15];
  }
  return out;
}

using Digest = std::array<unsigned char, 32>;

Digest Sha256(std::string_view bytes) {
  Digest digest{};
  unsigned int size = 0;
  const int done =
      EVP_Digest(bytes.data(), bytes.size(), digest.data(), &size, EVP_sha256(), nullptr);
  CHECK(done == 1 && size == digest.size(), "SHA-256 is part of every OpenSSL");
  return digest;
}

Error BadRef(std::string_view ref) {
  return Invalid("task = " + Quoted(ref) + ", expected case|stage|round|model");
}

}  // namespace

Status CheckCaseId(std::string_view id) {
  if (IsName(id, IsWordCharacter)) return Ok();
  return Invalid("id = " + Quoted(id) + ", expected 1..128 characters of A-Z a-z 0-9 . _ : -");
}

Status CheckModelName(std::string_view name) {
  if (IsName(name, IsModelCharacter)) return Ok();
  return Invalid("model = " + Quoted(name) +
                 ", expected 1..128 characters of A-Z a-z 0-9 . _ : / @ + -");
}

Status CheckKind(std::string_view kind) {
  constexpr std::size_t kBytesMax = 64;
  const bool plain = std::none_of(kind.begin(), kind.end(), [](char c) {
    return (c >= 0 && c < ' ') || c == 0x7f || c == '|';
  });
  if (!kind.empty() && kind.size() <= kBytesMax && plain &&
      FindInvalidUtf8(kind) == std::string_view::npos) {
    return Ok();
  }
  return Invalid("kind = " + Quoted(kind) +
                 ", expected 1..64 bytes of text without control characters and '|'");
}

std::string ToRef(const TaskId& task) {
  std::string ref = task.case_id;
  ref += '|';
  ref += kStageNames[static_cast<int>(task.stage)];
  ref += '|';
  ref += std::to_string(task.round);
  ref += '|';
  ref += task.model;
  return ref;
}

Result<TaskId> TaskFromRef(std::string_view ref) {
  std::array<std::string_view, 4> parts;
  std::string_view rest = ref;
  for (std::size_t i = 0; i < 3; ++i) {
    const std::size_t bar = rest.find('|');
    if (bar == std::string_view::npos) return BadRef(ref);
    parts[i] = rest.substr(0, bar);
    rest.remove_prefix(bar + 1);
  }
  parts[3] = rest;
  TaskId task;
  const auto* const stage = std::find(std::begin(kStageNames), std::end(kStageNames), parts[1]);
  const char* const end = parts[2].data() + parts[2].size();
  const auto [stop, problem] = std::from_chars(parts[2].data(), end, task.round);
  if (stage == std::end(kStageNames) || problem != std::errc() || stop != end || task.round < 1 ||
      !CheckCaseId(parts[0]) || !CheckModelName(parts[3])) {
    return BadRef(ref);
  }
  task.case_id = parts[0];
  task.stage = static_cast<Stage>(stage - std::begin(kStageNames));
  task.model = parts[3];
  // One task has one ref: "01" is not another spelling of round 1.
  if (ToRef(task) != ref) return BadRef(ref);
  return task;
}

std::string RandomBytes(std::size_t count) {
  // Up to 256 bytes come at once and whole, once the kernel's pool is ready (getrandom(2)).
  CHECK(count <= 256, "no caller asks for more");
  std::string bytes(count, '\0');
  const ssize_t got = getrandom(bytes.data(), bytes.size(), 0);
  CHECK(got == static_cast<ssize_t>(bytes.size()), "the kernel gives random bytes");
  return bytes;
}

std::string RandomHexId() {
  std::array<unsigned char, 16> bytes{};
  std::memcpy(bytes.data(), RandomBytes(bytes.size()).data(), bytes.size());
  return Hex(bytes.data(), bytes.size());
}

std::string Sha256Hex(std::string_view bytes) {
  const Digest digest = Sha256(bytes);
  return Hex(digest.data(), digest.size());
}

std::uint64_t Sha256Head(std::string_view bytes) {
  const Digest digest = Sha256(bytes);
  std::uint64_t head = 0;
  for (std::size_t i = 0; i < sizeof(head); ++i) head = head << 8 | digest[i];
  return head;
}

std::size_t ShardOf(std::string_view case_id, std::size_t shards) {
  CHECK(shards > 0, "there is always a shard");
  return shards == 1 ? 0 : static_cast<std::size_t>(Sha256Head(case_id) % shards);
}

SeededRandom::SeededRandom(std::uint64_t seed, std::string_view words) {
  constexpr std::uint64_t kFnvOffset = 0xcbf29ce484222325u;
  constexpr std::uint64_t kFnvPrime = 0x100000001b3u;
  state_ = kFnvOffset;
  for (int shift = 0; shift < 64; shift += 8)
    state_ = (state_ ^ ((seed >> shift) & 255)) * kFnvPrime;
  for (const char c : words) state_ = (state_ ^ static_cast<unsigned char>(c)) * kFnvPrime;
}

std::uint64_t SeededRandom::Next() {
  state_ += 0x9e3779b97f4a7c15u;
  std::uint64_t z = state_;
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
  z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
  return z ^ (z >> 31);
}

std::uint64_t SeededRandom::Below(std::uint64_t bound) {
  CHECK(bound > 0, "there is no number below 0");
  // Without the first 2^64 mod bound numbers every remainder is equally frequent.
  const std::uint64_t unfair = (0 - bound) % bound;
  std::uint64_t number = Next();
  while (number < unfair) number = Next();
  return number % bound;
}

double SeededRandom::Unit() { return static_cast<double>(Next() >> 11) * 0x1.0p-53; }

double SeededRandom::Normal() {
  std::uint64_t sum = 0;
  for (int i = 0; i < 12; ++i) sum += Next() >> 12;
  // Exact up to here; logarithms and cosines differ between C libraries, a sum does not.
  return static_cast<double>(sum) * 0x1.0p-52 - 6.0;
}

}  // namespace consilium
