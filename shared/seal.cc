#include "shared/seal.h"

#include "shared/ids.h"

namespace consilium {
namespace {

constexpr char kMark = '\xc1';
constexpr std::size_t kSumBytes = 8;
constexpr std::size_t kHeadBytes = 1 + kSumBytes;

std::string Sum(std::string_view bytes) {
  const std::uint64_t head = Sha256Head(bytes);
  std::string sum;
  for (std::size_t i = 0; i < kSumBytes; ++i) {
    sum += static_cast<char>(head >> (8 * (kSumBytes - 1 - i)) & 0xff);
  }
  return sum;
}

}  // namespace

std::string Sealed(std::string_view bytes) {
  std::string sealed;
  sealed.reserve(kHeadBytes + bytes.size());
  sealed += kMark;
  sealed += Sum(bytes);
  sealed += bytes;
  return sealed;
}

Result<std::string_view> Opened(std::string_view sealed) {
  if (sealed.size() < kHeadBytes || sealed.front() != kMark) {
    return Error{ErrorCode::kInvalid, "damaged: no checksum"};
  }
  const std::string_view bytes = sealed.substr(kHeadBytes);
  if (sealed.substr(1, kSumBytes) != Sum(bytes)) {
    return Error{ErrorCode::kInvalid, "damaged: not what its checksum says"};
  }
  return bytes;
}

}  // namespace consilium
