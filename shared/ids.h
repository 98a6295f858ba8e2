// Names that travel: what a case id and a model name may look like, task refs, fresh ids, digests.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "shared/domain.h"
#include "shared/result.h"

namespace consilium {

// 1..128 bytes of [A-Za-z0-9._:-].
Status CheckCaseId(std::string_view id);
// 1..128 bytes of [A-Za-z0-9._:/@+-]: "llama3.3:70b", "meta/llama-3".
Status CheckModelName(std::string_view name);

// A kind of task: 1..64 bytes of UTF-8 text without control characters and '|'.
Status CheckKind(std::string_view kind);

// "case|stage|round|model"; none of the parts may contain '|'.
std::string ToRef(const TaskId& task);
Result<TaskId> TaskFromRef(std::string_view ref);

// Of the kernel's, fit for secrets; at most 256.
std::string RandomBytes(std::size_t count);
// 16 random bytes in hex, for incarnations and routing ids.
std::string RandomHexId();
// SHA-256 in lower-case hex.
std::string Sha256Hex(std::string_view bytes);
// Its first 8 bytes, the first one the highest.
std::uint64_t Sha256Head(std::string_view bytes);
// Which of `shards` (at least 1) a case belongs to: the first 8 bytes of the SHA-256 of its id, as
// a big-endian number, modulo `shards`. Part of what is stored: it never changes.
std::size_t ShardOf(std::string_view case_id, std::size_t shards);

// A 64-bit stream of numbers that depends on the seed and the words only, on every machine
// (splitmix64 over an FNV-1a hash); for choices that must be reproducible. Not for secrets.
class SeededRandom {
 public:
  SeededRandom(std::uint64_t seed, std::string_view words);
  std::uint64_t Next();
  // Uniform in [0, bound); bound > 0.
  std::uint64_t Below(std::uint64_t bound);
  // Uniform in [0, 1).
  double Unit();
  // Normal with mean 0 and deviation 1, as the sum of twelve uniforms: never beyond 6, and the same
  // on every machine, which a logarithm is not.
  double Normal();
  template <class T>
  void Shuffle(std::vector<T>& items) {
    for (std::size_t i = items.size(); i > 1; --i) std::swap(items[i - 1], items[Below(i)]);
  }

 private:
  std::uint64_t state_;
};

}  // namespace consilium
