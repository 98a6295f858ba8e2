#include "shared/message_rule.h"

#include <algorithm>
#include <iterator>

#include "shared/text.h"

namespace consilium {
namespace {

constexpr std::size_t kSenderBytesMax = 256;

constexpr std::string_view kHl7Codes[] = {
    "ADT", "BAR", "DFT", "MDM", "ORU", "PPR", "REF", "VXU", "ORM", "OMP", "OML",
    "OMG", "OMI", "OMB", "OMD", "OMN", "OMS", "OUL", "OPL", "ORL", "RDE", "RDS",
    "RGV", "RAS", "SIU", "SRM", "PGL", "PTR", "PIN", "CCM", "CCR", "CRM", "PPP"};
// Of FHIR and of CDS Hooks.
constexpr std::string_view kOtherTypes[] = {"Bundle",
                                            "Bundle/message",
                                            "Bundle/document",
                                            "Bundle/transaction",
                                            "Bundle/batch",
                                            "Bundle/collection",
                                            "bulk",
                                            "patient-view",
                                            "order-select",
                                            "order-sign"};

template <std::size_t N>
bool IsOneOf(std::string_view word, const std::string_view (&words)[N]) {
  return std::find(std::begin(words), std::end(words), word) != std::end(words);
}

// Table 0003: a letter, and two letters or digits.
bool IsEvent(std::string_view event) {
  const auto letter = [](char c) { return c >= 'A' && c <= 'Z'; };
  const auto digit = [](char c) { return c >= '0' && c <= '9'; };
  return event.size() == 3 && letter(event[0]) && (digit(event[1]) || letter(event[1])) &&
         (digit(event[2]) || letter(event[2]));
}

bool CanCome(std::string_view type) {
  const std::size_t caret = type.find('^');
  if (caret == std::string_view::npos) {
    return type == "*" || IsOneOf(type, kOtherTypes) || IsHl7PatientMessage(type);
  }
  return IsHl7PatientMessage(type.substr(0, caret)) && IsEvent(type.substr(caret + 1));
}

std::string Allowed() {
  std::string text = "expected TYPE or TYPE@SENDER, where TYPE is *, ";
  for (const std::string_view type : kOtherTypes) text += std::string(type) + ", ";
  text += "or one of HL7, with or without an event as in MDM^T02:";
  for (const std::string_view code : kHl7Codes) text += " " + std::string(code);
  return text;
}

}  // namespace

bool IsHl7PatientMessage(std::string_view code) { return IsOneOf(code, kHl7Codes); }

Result<MessageRule> ParseMessageRule(std::string_view rule) {
  const std::size_t at = rule.find('@');
  const std::string_view type = rule.substr(0, at);
  const bool any = at == std::string_view::npos;
  const std::string_view sender = any ? std::string_view() : rule.substr(at + 1);
  const bool good_sender =
      any || (!sender.empty() && sender.size() <= kSenderBytesMax && Trimmed(sender) == sender);
  if (!CanCome(type) || !good_sender) return Invalid(Quoted(rule, 128) + ", " + Allowed());
  return MessageRule{std::string(type), std::string(sender)};
}

}  // namespace consilium
