// A bearer token for a client's FHIR server: used once, never shown.
#pragma once

#include <string_view>
#include <vector>

namespace consilium {

// Cannot be copied, printed or compared by accident; its bytes are overwritten when it ends.
class AccessToken {
 public:
  explicit AccessToken(std::string_view secret) : bytes_(secret.begin(), secret.end()) {}
  AccessToken(AccessToken&&) = default;
  AccessToken& operator=(AccessToken&& other) noexcept;
  AccessToken(const AccessToken&) = delete;
  AccessToken& operator=(const AccessToken&) = delete;
  ~AccessToken() { Wipe(); }

  // For the Authorization header of a request to that server, and nothing else.
  std::string_view Reveal() const { return {bytes_.data(), bytes_.size()}; }

 private:
  void Wipe();

  std::vector<char> bytes_;  // no string: a moved-from short one keeps its bytes
};

// Overwrites what `text` points at.
void WipeBytes(char* text, std::size_t size);

}  // namespace consilium
