#include "cli/gateway_diagnosis.h"

#include "shared/shown_text.h"

namespace consilium {
namespace {

constexpr std::int64_t kSoonS = 14LL * 24 * 3600;

}  // namespace

Checked JudgeOpenDoor(const std::string& option, const std::string& endpoint) {
  return {Finding::kOk, option, "answers at " + endpoint, ""};
}

Checked JudgeClosedDoor(const std::string& option, const std::string& endpoint,
                        const Status& listens) {
  if (listens) return {Finding::kOk, option, "free: " + endpoint, ""};
  if (listens.error().code == ErrorCode::kConflict) {
    // Perhaps a gateway of this configuration that was started by hand.
    return {Finding::kNote, option, "somebody listens at " + endpoint,
            "if that is no gateway of this configuration, stop it or set another port"};
  }
  return {Finding::kProblem, option, "cannot listen at " + endpoint + ": " + listens.error().text,
          "set an address of this machine and a port that may be used"};
}

Checked JudgeGatewayFile(const GatewayFile& look, std::int64_t now_s) {
  Checked check{Finding::kOk, look.option, look.found, ""};
  if (!look.problem.empty()) {
    const std::string head = look.option + ": ";
    check.finding = Finding::kProblem;
    check.text = look.problem.starts_with(head) ? look.problem.substr(head.size()) : look.problem;
    check.advice = "correct the file or the option: no gateway starts with it";
    return check;
  }
  if (look.end_s) {
    const std::string end = UtcText(*look.end_s * 1000);
    check.text += *look.end_s <= now_s ? ", of no use since " + end : ", good until " + end;
    if (*look.end_s <= now_s + kSoonS) {
      check.finding = *look.end_s <= now_s ? Finding::kProblem : Finding::kNote;
      check.advice = "put a new certificate into " + look.file + " and start the gateway again";
    }
  }
  check.text += (check.text.empty() ? "" : "  ") + look.file;
  return check;
}

Checked JudgeReceiver(const std::string& receiver, const Status& reached) {
  if (reached) return {Finding::kOk, "gateway.receiver", "can be reached: " + receiver, ""};
  return {Finding::kProblem, "gateway.receiver", receiver + ": " + reached.error().text,
          "is it running, and does a firewall let us through? until then results wait"};
}

Checked JudgeFhirServer(const std::string& url, const Status& reached) {
  if (reached) return {Finding::kOk, "gateway.fhir_servers", "can be reached: " + url, ""};
  return {Finding::kNote, "gateway.fhir_servers", url + ": " + reached.error().text,
          "until it can be reached, calls of CDS Hooks are answered from what they bring along"};
}

}  // namespace consilium
