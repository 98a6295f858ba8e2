#include "cli/render_gateway.h"

#include <vector>

#include "cli/cluster_plan.h"
#include "cli/render_parts.h"
#include "shared/shown_text.h"

namespace consilium {
namespace {

using render::Field;
using render::Section;

std::string HttpText(const GatewayConfig& gateway) {
  if (gateway.http.empty()) return "closed";
  std::string text = gateway.http + (gateway.tls_cert_file.empty() ? "" : ", TLS");
  text += gateway.tokens_file.empty() ? "; whoever reaches it on this machine may do everything"
                                      : "; who has a token of " + gateway.tokens_file;
  if (!gateway.cors_origins.empty()) {
    text += "; pages of browsers from " + Joined(gateway.cors_origins, ", ");
  }
  return text;
}

std::string MllpText(const GatewayConfig& gateway) {
  if (gateway.mllp.empty()) return "closed";
  return gateway.mllp + (gateway.tls_cert_file.empty() ? "" : ", TLS") +
         (gateway.mllp_client_ca.empty() ? "; whoever reaches it"
                                         : "; who has a certificate of " + gateway.mllp_client_ca);
}

std::string EhrsText(const Config& config) {
  if (config.gateway.http.empty()) return "";
  std::vector<std::string> issuers;
  for (const CdsClientConfig& client : config.cds_clients) issuers.push_back(client.issuer);
  std::string text =
      issuers.empty() ? "whoever may use HTTP" : "with tokens signed by " + Joined(issuers, ", ");
  if (!config.gateway.fhir_servers.empty()) {
    text += "; data that lacks is read from " + Joined(config.gateway.fhir_servers, ", ");
  }
  return text;
}

std::string ResultsText(const GatewayConfig& gateway) {
  if (gateway.receiver.empty()) return "stay here: gateway.receiver is not set";
  return "as " + gateway.result_form + " to " + gateway.receiver +
         (gateway.receiver_ca_file.empty() ? ", not encrypted" : ", TLS");
}

}  // namespace

std::string RenderGateway(const Config& config, const Look& look) {
  const GatewayConfig& gateway = config.gateway;
  std::string text = Section("Gateway", look);
  if (!HasGateway(config)) {
    return text + Field("Doors", "none: cases come over the bus only", look);
  }
  text += Field("HTTP", HttpText(gateway), look);
  text += Field("HL7 v2", MllpText(gateway), look);
  text += Field("CDS Hooks", EhrsText(config), look);
  text += Field("Cases of",
                gateway.cases.empty() ? "notes, referrals, Bundles, decision support"
                                      : Joined(gateway.cases, ", "),
                look);
  return text + Field("Results", ResultsText(gateway), look);
}

}  // namespace consilium
