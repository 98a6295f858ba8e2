#include "gateway/hooks/uuid.h"

#include <openssl/evp.h>

#include <array>

#include "shared/check.h"

namespace consilium {
namespace {

// Drawn once; part of every UUID that was ever shown, so it never changes.
constexpr std::array<unsigned char, 16> kNameSpace = {
    0x6f, 0x1d, 0x3c, 0x0a, 0x52, 0xe8, 0x4b, 0x77, 0x9d, 0x0e, 0x2b, 0x94, 0xc1, 0x5f, 0x68, 0xa3};

bool IsHex(char c) {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

bool IsDashPlace(std::size_t i) { return i == 8 || i == 13 || i == 18 || i == 23; }

}  // namespace

bool IsUuid(std::string_view text) {
  if (text.size() != 36) return false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (IsDashPlace(i) ? text[i] != '-' : !IsHex(text[i])) return false;
  }
  return true;
}

std::string LowerUuid(std::string_view uuid) {
  std::string lower(uuid);
  for (char& c : lower) {
    if (c >= 'A' && c <= 'F') c = static_cast<char>(c + 32);
  }
  return lower;
}

std::string NameUuid(std::string_view name) {
  std::string input(kNameSpace.begin(), kNameSpace.end());
  input += name;
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned int size = 0;
  const int done =
      EVP_Digest(input.data(), input.size(), digest.data(), &size, EVP_sha1(), nullptr);
  CHECK(done == 1 && size >= 16, "SHA-1 is part of every OpenSSL");
  digest[6] = static_cast<unsigned char>((digest[6] & 0x0f) | 0x50);
  digest[8] = static_cast<unsigned char>((digest[8] & 0x3f) | 0x80);
  constexpr char kDigits[] = "0123456789abcdef";
  std::string uuid;
  for (std::size_t i = 0; i < 16; ++i) {
    if (i == 4 || i == 6 || i == 8 || i == 10) uuid += '-';
    uuid += kDigits[digest[i] >> 4];
    uuid += kDigits[digest[i] & 15];
  }
  return uuid;
}

}  // namespace consilium
