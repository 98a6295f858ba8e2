// Sections of the page of a case (case_page.h), as markup; "" where there is nothing to say.
// Threads: functions without state.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "shared/messages.h"

namespace consilium {

std::string_view CasePageStyle();

// `content` is markup.
std::string PageSection(std::string_view id, std::string_view heading, const std::string& content);
std::string ItemsOf(std::string_view css_class, const std::vector<std::string>& texts);

// Case page sections, in the order in which they stand.
std::string ProgressSection(const CaseView& view);
std::string RecommendationSection(const CaseView& view, const Recommendation& made);
std::string SafetySection(const Recommendation& made);
std::string AlternativesSection(const CaseView& view, const Recommendation& made);
std::string DisagreementSection(const Recommendation& made);
std::string ModelsSection(const CaseView& view, const Recommendation& made);
std::string MissingSection(const Recommendation& made);
std::string RevisionsSection(const CaseView& view);
std::string OutcomesSection(const CaseView& view);
std::string InputSection(const CaseView& view);
std::string RecordSection(const CaseView& view);

}  // namespace consilium
