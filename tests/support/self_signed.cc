#include "tests/support/self_signed.h"

#include <openssl/bio.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include <memory>

#include "shared/check.h"

namespace consilium {
namespace {

struct Free {
  void operator()(EVP_PKEY* key) const { EVP_PKEY_free(key); }
  void operator()(X509* certificate) const { X509_free(certificate); }
  void operator()(X509_EXTENSION* extension) const { X509_EXTENSION_free(extension); }
  void operator()(BIO* bio) const { BIO_free(bio); }
};
template <class T>
using Owned = std::unique_ptr<T, Free>;

void AddExtension(X509* certificate, int name, const char* value) {
  X509V3_CTX context;
  X509V3_set_ctx_nodb(&context);
  X509V3_set_ctx(&context, certificate, certificate, nullptr, nullptr, 0);
  const Owned<X509_EXTENSION> extension(X509V3_EXT_conf_nid(nullptr, &context, name, value));
  CHECK(extension != nullptr && X509_add_ext(certificate, extension.get(), -1) == 1,
        "the extensions are well-formed");
}

template <class Writer>
std::string Pem(const Writer& write) {
  const Owned<BIO> bio(BIO_new(BIO_s_mem()));
  CHECK(bio != nullptr && write(bio.get()) == 1, "memory can be written to");
  char* data = nullptr;
  const auto size = BIO_get_mem_data(bio.get(), &data);
  return std::string(data, static_cast<std::size_t>(size));
}

}  // namespace

SelfSigned MakeSelfSigned() {
  const Owned<EVP_PKEY> key(EVP_EC_gen("P-256"));
  const Owned<X509> certificate(X509_new());
  CHECK(key != nullptr && certificate != nullptr, "OpenSSL knows P-256");
  X509* const made = certificate.get();
  X509_set_version(made, X509_VERSION_3);
  ASN1_INTEGER_set(X509_get_serialNumber(made), 1);
  constexpr long kHour = 3600;
  X509_gmtime_adj(X509_getm_notBefore(made), -kHour);
  X509_gmtime_adj(X509_getm_notAfter(made), 23 * kHour);
  X509_set_pubkey(made, key.get());
  X509_NAME* const name = X509_get_subject_name(made);
  const unsigned char common[] = "consilium test server";
  X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, common, -1, -1, 0);
  X509_set_issuer_name(made, name);
  AddExtension(made, NID_basic_constraints, "critical,CA:TRUE");
  AddExtension(made, NID_subject_key_identifier, "hash");
  AddExtension(made, NID_subject_alt_name, "IP:127.0.0.1,DNS:localhost");
  CHECK(X509_sign(made, key.get(), EVP_sha256()) > 0, "the key fits its certificate");
  SelfSigned both;
  both.certificate = Pem([made](BIO* bio) { return PEM_write_bio_X509(bio, made); });
  both.key = Pem([&key](BIO* bio) {
    return PEM_write_bio_PrivateKey(bio, key.get(), nullptr, nullptr, 0, nullptr, nullptr);
  });
  return both;
}

}  // namespace consilium
