#include "gateway/hooks/feedback.h"

#include <algorithm>

#include "gateway/hooks/cards.h"
#include "gateway/hooks/json_text.h"
#include "gateway/hooks/uuid.h"
#include "shared/limits.h"
#include "shared/text.h"

namespace consilium {
namespace {

using nlohmann::json;

constexpr std::size_t kSuggestionsMax = 64;
constexpr std::size_t kCodeBytesMax = 512;
constexpr std::size_t kCommentBytesMax = 16384;

Result<std::string> UuidField(const json& object, const char* field, const std::string& where) {
  const std::string text = JsonText(object, field);
  if (!IsUuid(text)) return Invalid(where + "." + field + ": expected a UUID");
  return LowerUuid(text);
}

// "2021-12-11T10:05:31.5Z" of RFC 3339, 5.6; an offset is taken as well.
bool IsTimestamp(std::string_view text) {
  const auto digits = [&text](std::size_t at, std::size_t count, int low, int high) {
    if (text.size() < at + count) return false;
    int value = 0;
    for (std::size_t i = at; i < at + count; ++i) {
      if (text[i] < '0' || text[i] > '9') return false;
      value = value * 10 + (text[i] - '0');
    }
    return value >= low && value <= high;
  };
  const auto is = [&text](std::size_t at, char c) { return at < text.size() && text[at] == c; };
  if (!digits(0, 4, 1, 9999) || !is(4, '-') || !digits(5, 2, 1, 12) || !is(7, '-') ||
      !digits(8, 2, 1, 31) || !(is(10, 'T') || is(10, 't')) || !digits(11, 2, 0, 23) ||
      !is(13, ':') || !digits(14, 2, 0, 59) || !is(16, ':') || !digits(17, 2, 0, 60)) {
    return false;
  }
  std::size_t at = 19;
  if (is(at, '.')) {
    const std::size_t first = ++at;
    while (at < text.size() && text[at] >= '0' && text[at] <= '9') ++at;
    if (at == first || at - first > 9) return false;
  }
  if (is(at, 'Z') || is(at, 'z')) return at + 1 == text.size();
  return (is(at, '+') || is(at, '-')) && digits(at + 1, 2, 0, 23) && is(at + 3, ':') &&
         digits(at + 4, 2, 0, 59) && at + 6 == text.size();
}

Status ReadAccepted(const json& item, const std::string& where, CardFeedback& feedback) {
  const json* const accepted = JsonField(item, "acceptedSuggestions");
  if (accepted == nullptr || !accepted->is_array() || accepted->empty()) {
    return Invalid(where + ".acceptedSuggestions: expected at least one with outcome accepted");
  }
  if (accepted->size() > kSuggestionsMax) {
    return Error{ErrorCode::kTooLarge,
                 where + ".acceptedSuggestions: " + std::to_string(accepted->size()) +
                     " entries, expected at most " + std::to_string(kSuggestionsMax)};
  }
  for (std::size_t i = 0; i < accepted->size(); ++i) {
    auto id =
        UuidField((*accepted)[i], "id", where + ".acceptedSuggestions[" + std::to_string(i) + "]");
    if (!id) return id.error();
    feedback.accepted_suggestions.push_back(*std::move(id));
  }
  return Ok();
}

Result<std::string> BoundedText(const json& object, const char* field, std::size_t most,
                                const std::string& where) {
  const json* const found = JsonField(object, field);
  if (found == nullptr || found->is_null()) return std::string();
  if (!found->is_string()) return Invalid(where + "." + field + ": expected a text");
  const std::string& text = found->get_ref<const std::string&>();
  if (text.size() > most) {
    return Error{ErrorCode::kTooLarge, where + "." + field + ": " + std::to_string(text.size()) +
                                           " bytes, expected at most " + std::to_string(most)};
  }
  return text;
}

Status ReadOverride(const json& item, const std::string& where, CardFeedback& feedback) {
  const json* const override_reason = JsonField(item, "overrideReason");
  if (override_reason == nullptr || override_reason->is_null()) return Ok();
  const std::string at = where + ".overrideReason";
  if (!override_reason->is_object()) return Invalid(at + ": expected an object");
  auto comment = BoundedText(*override_reason, "userComment", kCommentBytesMax, at);
  if (!comment) return comment.error();
  feedback.comment = *std::move(comment);
  const json* const reason = JsonField(*override_reason, "reason");
  if (reason == nullptr || reason->is_null()) return Ok();
  if (!reason->is_object()) return Invalid(at + ".reason: expected a coding");
  struct Part {
    const char* field;
    std::string CardFeedback::*to;
  };
  constexpr Part kParts[] = {{"code", &CardFeedback::reason_code},
                             {"system", &CardFeedback::reason_system},
                             {"display", &CardFeedback::reason_display}};
  for (const Part& part : kParts) {
    auto text = BoundedText(*reason, part.field, kCodeBytesMax, at + ".reason");
    if (!text) return text.error();
    feedback.*part.to = *std::move(text);
  }
  return Ok();
}

Result<CardFeedback> ReadItem(const json& item, const std::string& where) {
  if (!item.is_object()) return Invalid(where + ": expected an object");
  CardFeedback feedback;
  auto card = UuidField(item, "card", where);
  if (!card) return card.error();
  feedback.card = *std::move(card);
  const std::string outcome = JsonText(item, "outcome");
  if (outcome != "accepted" && outcome != "overridden") {
    return Invalid(where + ".outcome = " + Quoted(outcome, 32) +
                   ", expected accepted or overridden");
  }
  feedback.accepted = outcome == "accepted";
  const Status more =
      feedback.accepted ? ReadAccepted(item, where, feedback) : ReadOverride(item, where, feedback);
  if (!more) return more.error();
  feedback.time = JsonText(item, "outcomeTimestamp");
  if (!IsTimestamp(feedback.time)) {
    return Invalid(where +
                   ".outcomeTimestamp: expected an RFC 3339 time like 2021-12-11T10:05:31Z");
  }
  return feedback;
}

std::string ReasonText(const CardFeedback& feedback) {
  std::string text = feedback.reason_display;
  for (const OverrideReason& ours : OverrideReasons()) {
    if (feedback.reason_system == kOverrideReasonSystem && feedback.reason_code == ours.code) {
      text = ours.display;
    }
  }
  if (text.empty()) text = feedback.reason_code;
  const std::string_view comment = Trimmed(feedback.comment);
  if (!comment.empty()) {
    if (!text.empty()) text += ": ";
    text += comment;
  }
  if (Trimmed(text).empty()) return "dismissed without a reason";
  return std::string(CutUtf8(text, limits::kOutcomeReasonBytesMax));
}

}  // namespace

Result<std::vector<CardFeedback>> ReadFeedback(std::string_view body) {
  JsonLimits bounds;
  bounds.bytes = kFeedbackBytesMax;
  const auto parsed = ParseJson(body, bounds);
  if (!parsed) return parsed.error();
  const json* const items = JsonField(*parsed, "feedback");
  if (items == nullptr || !items->is_array()) return Invalid("feedback: expected an array");
  if (items->size() > kFeedbackItemsMax) {
    return Error{ErrorCode::kTooLarge, "feedback: " + std::to_string(items->size()) +
                                           " entries, expected at most " +
                                           std::to_string(kFeedbackItemsMax)};
  }
  std::vector<CardFeedback> all;
  for (std::size_t i = 0; i < items->size(); ++i) {
    auto one = ReadItem((*items)[i], "feedback[" + std::to_string(i) + "]");
    if (!one) return one.error();
    all.push_back(*std::move(one));
  }
  return all;
}

Result<std::optional<CaseOutcomeRequest>> ToCaseOutcome(const CardFeedback& feedback,
                                                        const ShownCard& card,
                                                        const std::string& by) {
  const std::optional<CaseOutcomeRequest> nothing;
  if (!card.recommends || card.revision < 1) return nothing;
  CaseOutcomeRequest request;
  request.id = card.case_id;
  request.by = by;
  request.revision = card.revision;
  if (!feedback.accepted) {
    request.verdict = CaseOutcomeVerdict::kOverridden;
    request.reason = ReasonText(feedback);
    return std::optional<CaseOutcomeRequest>(request);
  }
  const ShownSuggestion* taken = nullptr;
  for (std::size_t i = 0; i < feedback.accepted_suggestions.size(); ++i) {
    const auto found = std::find_if(
        card.suggestions.begin(), card.suggestions.end(),
        [&](const ShownSuggestion& one) { return one.uuid == feedback.accepted_suggestions[i]; });
    if (found == card.suggestions.end()) {
      return Invalid("acceptedSuggestions[" + std::to_string(i) +
                     "].id: expected a suggestion of this card");
    }
    if (taken != nullptr && taken != &*found) {
      return Invalid("acceptedSuggestions: expected at most one of this card");
    }
    taken = &*found;
  }
  if (taken == nullptr) return Invalid("acceptedSuggestions: expected at least one");
  if (taken->recommended) {
    request.verdict = CaseOutcomeVerdict::kAccepted;
  } else {
    request.verdict = CaseOutcomeVerdict::kOverridden;
    request.medications = taken->medications;
    request.reason = "took an alternative of the card";
  }
  return std::optional<CaseOutcomeRequest>(request);
}

}  // namespace consilium
