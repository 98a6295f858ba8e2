#include "gateway/hooks/shown_card.h"

#include "gateway/hooks/json_text.h"

namespace consilium {

using nlohmann::json;
using nlohmann::ordered_json;

std::string PackShownCard(const ShownCard& card) {
  ordered_json suggestions = ordered_json::array();
  for (const ShownSuggestion& one : card.suggestions) {
    suggestions.push_back(
        {{"uuid", one.uuid}, {"recommended", one.recommended}, {"medications", one.medications}});
  }
  return JsonBytes(ordered_json{{"uuid", card.uuid},
                                {"case_id", card.case_id},
                                {"revision", card.revision},
                                {"recommends", card.recommends},
                                {"suggestions", suggestions}});
}

Result<ShownCard> UnpackShownCard(std::string_view bytes) {
  const auto parsed = ParseJson(bytes, {});
  if (!parsed) return parsed.error();
  const Error damaged = Invalid("card: damaged, expected one that was stored here");
  ShownCard card;
  card.uuid = JsonText(*parsed, "uuid");
  card.case_id = JsonText(*parsed, "case_id");
  const json* const revision = JsonField(*parsed, "revision");
  const json* const recommends = JsonField(*parsed, "recommends");
  const json* const suggestions = JsonField(*parsed, "suggestions");
  if (card.uuid.empty() || card.case_id.empty() || revision == nullptr ||
      !revision->is_number_integer() || recommends == nullptr || !recommends->is_boolean() ||
      suggestions == nullptr || !suggestions->is_array()) {
    return damaged;
  }
  card.revision = revision->get<std::int64_t>();
  card.recommends = recommends->get<bool>();
  for (const json& one : *suggestions) {
    ShownSuggestion suggestion;
    suggestion.uuid = JsonText(one, "uuid");
    const json* const recommended = JsonField(one, "recommended");
    const json* const medications = JsonField(one, "medications");
    if (suggestion.uuid.empty() || recommended == nullptr || !recommended->is_boolean() ||
        medications == nullptr || !medications->is_array()) {
      return damaged;
    }
    suggestion.recommended = recommended->get<bool>();
    for (const json& name : *medications) {
      if (!name.is_string()) return damaged;
      suggestion.medications.push_back(name.get<std::string>());
    }
    card.suggestions.push_back(std::move(suggestion));
  }
  return card;
}

}  // namespace consilium
