// The detail of a card: GitHub Flavored Markdown of our own words, and of the escaped words of
// others. At most kDetailBytesMax. Threads: a function without state.
#pragma once

#include <cstddef>
#include <string>

#include "gateway/hooks/cards.h"

namespace consilium {

inline constexpr std::size_t kDetailBytesMax = 48u << 10;

std::string CardDetail(const CaseView& view, const CardCall& call);

// "amoxicillin 500 mg oral, every 8 hours, 7 days", as stated; not escaped.
std::string RegimenText(const Medication& medication);
// The same without the ingredient; "" when nothing is stated.
std::string DosageText(const Medication& medication);

}  // namespace consilium
