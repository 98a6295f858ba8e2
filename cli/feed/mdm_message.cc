#include "cli/feed/mdm_message.h"

#include <algorithm>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include "gateway/hl7/escape.h"
#include "shared/number_text.h"
#include "shared/shown_text.h"

namespace consilium {
namespace {

constexpr const char* kAuthority = "CONSILIUM-DEMO";

std::string Plain(std::string_view text) {
  return EscapeHl7(text, Hl7Delimiters{}, Hl7TextType::kPlain);
}

// Table 0001; "" = not stated, or in words that it does not have.
std::string SexCode(const std::optional<std::string>& sex) {
  if (!sex) return "";
  if (*sex == "female") return "F";
  if (*sex == "male") return "M";
  return *sex == "other" ? "O" : "";
}

// The note, a line each.
std::vector<std::string> LinesOf(const Vignette& vignette) {
  std::vector<std::string> lines;
  for (std::size_t from = 0; from <= vignette.text.size();) {
    const std::size_t end = std::min(vignette.text.find('\n', from), vignette.text.size());
    std::string line = vignette.text.substr(from, end - from);
    if (!line.empty() && line.back() == '\r') line.pop_back();
    if (!line.empty()) lines.push_back(std::move(line));
    from = end + 1;
  }
  const Patient& patient = vignette.patient;
  const auto state = [&lines](const char* what, const std::string& value) {
    if (!value.empty()) lines.push_back(std::string(what) + ": " + value);
  };
  if (patient.age) state("Age", ShortestDecimal(*patient.age) + " years");
  state("Sex", patient.sex.value_or(""));
  state("Allergies", Joined(patient.allergies, ", "));
  state("Current medications", Joined(patient.medications, ", "));
  if (patient.pregnant) state("Pregnant", *patient.pregnant ? "yes" : "no");
  if (patient.egfr) state("eGFR", ShortestDecimal(*patient.egfr) + " mL/min/1.73m2");
  if (patient.weight_kg) state("Weight", ShortestDecimal(*patient.weight_kg) + " kg");
  state("Question", vignette.question.value_or(""));
  for (const auto& [letter, option] : vignette.options) {
    state(("Option " + letter).c_str(), option);
  }
  return lines;
}

}  // namespace

std::string MdmOf(const CaseRequest& request) {
  const std::string id = Plain(request.id);
  std::string message =
      "MSH|^~\\&|CONSILIUM-FEED|DEMO|||||MDM^T02^MDM_T02|" + id + "|P|2.5.1||||||UNICODE UTF-8\r";
  message += "EVN|T02\r";
  message += "PID|1||" + id + "^^^" + kAuthority + "^PI||^^^^^^U|||" +
             SexCode(request.vignette.patient.sex) + "\r";
  message += "PV1|1|N\r";
  message += "TXA|1|CN|TX|||||||||" + id + "^" + kAuthority + "|||||DO\r";
  int number = 0;
  for (const std::string& line : LinesOf(request.vignette)) {
    message += "OBX|" + std::to_string(++number) + "|TX|11488-4^Consult note^LN||" + Plain(line) +
               "||||||F\r";
  }
  return message;
}

}  // namespace consilium
