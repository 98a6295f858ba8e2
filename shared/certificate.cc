#include "shared/certificate.h"

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include <algorithm>
#include <ctime>
#include <memory>

namespace consilium {
namespace {

struct Free {
  void operator()(BIO* bio) const { BIO_free(bio); }
  void operator()(EVP_PKEY* key) const { EVP_PKEY_free(key); }
  void operator()(X509* certificate) const { X509_free(certificate); }
};
template <class T>
using Owned = std::unique_ptr<T, Free>;

Owned<BIO> Open(std::string_view text) {
  return Owned<BIO>(BIO_new_mem_buf(text.data(), static_cast<int>(text.size())));
}

// OpenSSL would ask the terminal.
int NoPassword(char* /*buffer*/, int /*size*/, int /*writing*/, void* /*data*/) { return -1; }

Owned<X509> Next(BIO* bio) {
  return Owned<X509>(PEM_read_bio_X509(bio, nullptr, NoPassword, nullptr));
}

}  // namespace

Result<Certificates> ReadCertificates(std::string_view pem, const std::string& file) {
  const Owned<BIO> bio = Open(pem);
  Certificates found;
  while (const Owned<X509> certificate = Next(bio.get())) {
    std::tm end{};
    if (ASN1_TIME_to_tm(X509_get0_notAfter(certificate.get()), &end) != 1) break;
    const std::int64_t end_s = ::timegm(&end);
    found.first_end_s = found.count == 0 ? end_s : std::min(found.first_end_s, end_s);
    found.last_end_s = std::max(found.last_end_s, end_s);
    ++found.count;
  }
  // Behind the last one it says that none begins; anything else is a certificate that is none.
  const bool whole = ERR_GET_REASON(ERR_peek_last_error()) == PEM_R_NO_START_LINE;
  ERR_clear_error();
  if (found.count > 0 && whole) return found;
  return Invalid(file + ": certificate " + std::to_string(found.count + 1) +
                 " cannot be read, expected PEM (-----BEGIN CERTIFICATE-----)");
}

Status CheckPrivateKey(std::string_view key, const std::string& file,
                       std::string_view certificate) {
  const Owned<EVP_PKEY> read(
      PEM_read_bio_PrivateKey(Open(key).get(), nullptr, NoPassword, nullptr));
  const Owned<X509> owner = certificate.empty() ? nullptr : Next(Open(certificate).get());
  const bool fits =
      read == nullptr || owner == nullptr || X509_check_private_key(owner.get(), read.get()) == 1;
  ERR_clear_error();
  if (read == nullptr) {
    return Invalid(file + ": no private key that can be read, expected PEM without a password");
  }
  if (!fits) return Invalid(file + ": is not the key of the certificate");
  return Ok();
}

}  // namespace consilium
