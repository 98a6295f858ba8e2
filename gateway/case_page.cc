#include "gateway/case_page.h"

#include <algorithm>

#include "gateway/case_page_parts.h"
#include "gateway/hooks/card_judgement.h"
#include "shared/base64url.h"
#include "shared/html/page_style.h"
#include "shared/html/pieces.h"
#include "shared/ids.h"
#include "shared/shown_text.h"

namespace consilium {
namespace {

constexpr std::string_view kWhatItIs =
    "AI-generated decision support of a council of language models. Not an order, not for "
    "emergencies. Independently review the basis before acting on it.";

// Between the tags of <style>: the policy names its digest.
const std::string& Style() {
  static const std::string style = ":root{" + std::string(html::PaperOnLight()) +
                                   "}\n@media screen and (prefers-color-scheme:dark){:root{" +
                                   std::string(html::PaperOnDark()) + "}}\n" +
                                   std::string(html::PageStyle()) + std::string(CasePageStyle());
  return style;
}

std::string Base64OfHex(const std::string& hex) {
  std::string bytes;
  for (std::size_t i = 0; i + 1 < hex.size(); i += 2) {
    bytes += static_cast<char>(std::stoi(hex.substr(i, 2), nullptr, 16));
  }
  std::string text = ToBase64Url(bytes);
  std::replace(text.begin(), text.end(), '-', '+');
  std::replace(text.begin(), text.end(), '_', '/');
  while (text.size() % 4 != 0) text += '=';
  return text;
}

std::string_view StateWords(const CaseView& view, CardKind kind) {
  if (kind == CardKind::kWithdrawn) {
    return view.recommendations.empty() ? "cancelled" : "withdrawn";
  }
  switch (view.state) {
    case CaseState::kAccepted:
      return "accepted, no model has been asked yet";
    case CaseState::kGenerating:
      return "the models are answering";
    case CaseState::kReviewing:
      return "the models are grading each other's answers";
    case CaseState::kComplete:
      return "complete: all answers and grades that were asked for";
    case CaseState::kDegraded:
      return "degraded: decided on what arrived by the deadline";
    case CaseState::kInsufficient:
      return "insufficient: the council abstains";
    case CaseState::kFailed:
      return "failed: nothing usable came";
    case CaseState::kCancelled:
      break;
  }
  return "cancelled";
}

std::string Banner(std::string_view css_class, std::string_view words, std::string_view text) {
  return "<p class=\"banner " + std::string(css_class) + "\" role=\"alert\"><strong>" +
         html::Escaped(words) + "</strong> " + html::Escaped(text) + "</p>\n";
}

std::string Banners(const CaseView& view, CardKind kind) {
  std::string out;
  if (kind == CardKind::kWithdrawn) {
    const bool withdrawn = !view.recommendations.empty();
    std::string why = withdrawn ? "Nothing that this case recommended holds. Do not act on it."
                                : "There is no recommendation, and there will be none.";
    if (!view.cancel_reason.empty()) why += " Reason: " + view.cancel_reason;
    out += Banner("withdrawn", withdrawn ? "WITHDRAWN" : "CANCELLED", why);
  }
  if (IsSimulated(view)) {
    out += Banner("simulated", "SIMULATED",
                  "At least one answer comes from no real model. Not medical advice.");
  }
  return out + "<p class=\"notice\" role=\"note\">" + html::Escaped(kWhatItIs) + "</p>\n";
}

std::string Header(const CaseView& view, CardKind kind) {
  const Recommendation* const last = LastRecommendation(view);
  std::vector<html::Fact> facts = {{"State", std::string(StateWords(view, kind))},
                                   {"Accepted", UtcText(view.accepted_ms)}};
  if (last == nullptr) {
    facts.push_back({"Deadline", UtcText(view.deadline_ms)});
  } else {
    facts.push_back(
        {kind == CardKind::kWithdrawn ? "Withdrawn" : "Decided", UtcText(last->decided_ms)});
    facts.push_back({"Revision", std::to_string(last->revision)});
  }
  facts.push_back({"Came from", view.source.empty() ? "not stated" : view.source});
  return "<header>\n" + Banners(view, kind) + html::Element("h1", "Case " + view.id) +
         html::WriteFacts(facts) + "</header>\n";
}

std::string Body(const CaseView& view, CardKind kind) {
  if (kind == CardKind::kRunning) return ProgressSection(view);
  const Recommendation* const last = LastRecommendation(view);
  if (kind == CardKind::kWithdrawn || last == nullptr) return "";
  return RecommendationSection(view, *last) + SafetySection(*last) +
         AlternativesSection(view, *last) + DisagreementSection(*last) +
         ModelsSection(view, *last) + MissingSection(*last);
}

html::Head HeadOf(const std::string& title) {
  html::Head head;
  head.title = title;
  head.style = Style();
  return head;
}

}  // namespace

std::string CasePage(const CaseView& view) {
  const CardKind kind = KindOf(view);
  html::Head head = HeadOf("Case " + view.id);
  if (kind == CardKind::kWithdrawn) head.title = "Withdrawn: case " + view.id;
  if (!IsFinal(view.state)) head.refresh_seconds = kCasePageRefreshSeconds;
  std::string body = Header(view, kind) + "<main>\n" + Body(view, kind) + RevisionsSection(view);
  if (kind != CardKind::kWithdrawn) body += OutcomesSection(view);
  return html::Document(head, body + InputSection(view) + RecordSection(view) + "</main>\n");
}

std::string ProblemPage(const std::string& title, const std::string& detail) {
  return html::Document(HeadOf(title), "<main>\n" + html::Element("h1", title) +
                                           html::Paragraphs(detail) + "</main>\n");
}

const std::string& CasePagePolicy() {
  // The text of the element begins with the line end behind its tag.
  static const std::string policy = "default-src 'none'; style-src 'sha256-" +
                                    Base64OfHex(Sha256Hex("\n" + Style())) +
                                    "'; img-src data:; base-uri 'none'; form-action 'none'; "
                                    "frame-ancestors 'none'";
  return policy;
}

}  // namespace consilium
