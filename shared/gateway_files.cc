#include "shared/gateway_files.h"

#include <utility>

#include "shared/certificate.h"
#include "shared/file.h"
#include "shared/tokens.h"

namespace consilium {
namespace {

constexpr std::size_t kBytesMax = 4u << 20;  // of one file: a system's list of authorities

std::string Counted(std::size_t count, const std::string& noun) {
  return std::to_string(count) + " " + noun + (count == 1 ? "" : "s");
}

class Looks {
 public:
  // Calls judge(text, look), which returns what is wrong with the text.
  template <class Judge>
  void Add(const std::string& option, const std::string& file, Judge judge) {
    if (file.empty()) return;
    GatewayFile look{option, file, "", "", {}};
    const Result<std::string> text = ReadFile(file, kBytesMax);
    const Status good = text.ok() ? judge(*text, look) : Status(text.error());
    if (!good) look.problem = option + ": " + good.error().text;
    all_.push_back(std::move(look));
  }
  std::vector<GatewayFile> Take() { return std::move(all_); }

 private:
  std::vector<GatewayFile> all_;
};

// A chain ends with the first of its certificates, a list of authorities with the last.
auto CertificatesOf(bool is_chain) {
  return [is_chain](const std::string& text, GatewayFile& look) -> Status {
    const Result<Certificates> read = ReadCertificates(text, look.file);
    if (!read) return read.error();
    look.found = Counted(read->count, "certificate");
    look.end_s = is_chain ? read->first_end_s : read->last_end_s;
    return Ok();
  };
}

}  // namespace

std::vector<GatewayFile> LookAtGatewayFiles(const Config& config) {
  const GatewayConfig& gateway = config.gateway;
  if (gateway.http.empty() && gateway.mllp.empty()) return {};
  Looks looks;
  std::string certificate;
  const auto chain = CertificatesOf(/*is_chain=*/true);
  const auto authorities = CertificatesOf(/*is_chain=*/false);
  looks.Add("gateway.tls_cert_file", gateway.tls_cert_file,
            [&](const std::string& text, GatewayFile& look) {
              Status good = chain(text, look);
              if (good) certificate = text;
              return good;
            });
  looks.Add("gateway.tls_key_file", gateway.tls_key_file,
            [&](const std::string& text, GatewayFile& look) {
              return CheckPrivateKey(text, look.file, certificate);
            });
  looks.Add("gateway.mllp_client_ca", gateway.mllp_client_ca, authorities);
  looks.Add("gateway.tokens_file", gateway.tokens_file,
            [](const std::string& text, GatewayFile& look) -> Status {
              const Result<TokenList> tokens = TokenList::Parse(text, look.file);
              if (!tokens) return tokens.error();
              look.found = Counted(tokens->size(), "token");
              return Ok();
            });
  looks.Add("gateway.receiver_ca_file", gateway.receiver_ca_file, authorities);
  for (const CdsClientConfig& client : config.cds_clients) {
    // What a JWK set has to be, the gateway knows.
    looks.Add("cds_client.keys_file", client.keys_file,
              [](const std::string& /*text*/, GatewayFile& /*look*/) { return Ok(); });
  }
  return looks.Take();
}

Status CheckGatewayFiles(const Config& config) {
  std::string problems;
  for (const GatewayFile& look : LookAtGatewayFiles(config)) {
    if (look.problem.empty()) continue;
    problems += (problems.empty() ? "" : "\n") + look.problem;
  }
  return problems.empty() ? Ok() : Status(Invalid(problems));
}

}  // namespace consilium
