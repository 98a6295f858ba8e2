// What a clinician sees of a case: the cards of a CDS service.
//
//   the case              indicator          suggestions
//   lives                 info               none; a link to where the answer appears
//   recommends            info; warning with a safety flag that is high or worse     the regimen
//   abstained, failed     info; warning with such a flag, or while something is being ordered  none
//   ... and a draft order has the medication that is contraindicated: critical       none
//   withdrawn             warning            none
//   nothing to ask about  {"cards":[]}
//   could not be asked    info               none; why, and to try again
//
// One card a case. A suggestion creates MedicationRequests of status "draft" and intent "proposal":
// never an order. No systemActions. The UUIDs are the same for the same case, revision and index.
// The detail shows what a reviewer needs to judge it independently (options with reasons, what went
// in and what was not known, each model's answer, disagreement, safety, versions). Text of models,
// feeds and people goes through card_escape.h.
// Source: CDS Hooks 2.0, "CDS Service Response". Threads: plain data, functions without state.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "gateway/clinical/record.h"
#include "gateway/hooks/draft_order.h"
#include "gateway/hooks/shown_card.h"
#include "shared/messages.h"

namespace consilium {

struct CardSettings {
  std::string source = "Consilium";  // label of the source
  std::string source_url;            // absolute; "" = none
  std::string case_url;              // absolute, the case id is put behind it; "" = no links
};

// What the call says beside the case.
struct CardCall {
  std::string patient;    // FHIR ids; they were checked
  std::string encounter;  // "" = none
  std::vector<DraftOrder> drafts;
  std::vector<Remark> remarks;  // of reading the request: what could not be had or read
  // Indices in Recommendation::candidates of alternatives that the caller has put through the
  // safety screen without a flag that is high or worse. The recommendation itself says nothing
  // about their safety, so that others are shown as text and cannot be taken by a click.
  std::vector<std::size_t> screened;
};

struct WrittenCards {
  std::string json;              // the body of the response
  std::vector<ShownCard> shown;  // to be remembered for feedback
};

WrittenCards NoCards();
// The card of no case: that the council was not asked, and why, in words for people.
WrittenCards WriteNotice(const std::string& why, const CardSettings& settings);
WrittenCards WriteCards(const std::vector<CaseView>& views, const CardCall& call,
                        const CardSettings& settings);
WrittenCards WriteCards(const CaseView& view, const CardCall& call, const CardSettings& settings);

// The reasons that a card offers for not taking it; `code` is what feedback brings back.
struct OverrideReason {
  std::string code;
  std::string display;
};
inline constexpr const char* kOverrideReasonSystem = "urn:consilium:override-reason";
const std::vector<OverrideReason>& OverrideReasons();

}  // namespace consilium
