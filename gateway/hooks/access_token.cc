#include "gateway/hooks/access_token.h"

#include <openssl/crypto.h>

#include <utility>

namespace consilium {

void WipeBytes(char* text, std::size_t size) { OPENSSL_cleanse(text, size); }

void AccessToken::Wipe() { WipeBytes(bytes_.data(), bytes_.size()); }

AccessToken& AccessToken::operator=(AccessToken&& other) noexcept {
  if (this != &other) {
    Wipe();
    bytes_ = std::move(other.bytes_);
  }
  return *this;
}

}  // namespace consilium
