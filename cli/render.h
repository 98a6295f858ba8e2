// What people read: recommendations, cases and the state of a cluster, in at most 80 columns.
// Pure: values in, text with '\n' at the end of every line out. Everything shown is cleaned
// (screen.h).
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "cli/screen.h"
#include "shared/config.h"
#include "shared/messages.h"

namespace consilium {

// The whole recommendation: status, medications, support, dissent, safety, who was missing and why.
std::string RenderRecommendation(const Recommendation& recommendation, const Look& look);
// `amoxicillin 500 mg oral, three times a day, 7 days`.
std::string MedicationText(const Medication& medication);
// "amoxicillin + clavulanate"; "no medication" for an empty set.
std::string IngredientsText(const std::vector<std::string>& ingredients);
// One line, padded so that lines stand under each other: id, status, ingredients, support, `mark`.
std::string RenderLine(const Recommendation& recommendation, std::string_view mark, Tint tint,
                       const Look& look);

// All that is recorded about a case, and how the recommendation came about.
std::string RenderCase(const CaseView& view, const Look& look);
// What is known to be right, and by whom where they disagree.
std::string RenderKnown(const KnownRight& known, const Look& look);
std::string RenderStatus(const StatusReply& status, const Look& look);
// A configuration in a few lines, and the table of all options.
std::string RenderConfig(const Config& config, const Look& look);
std::string RenderOptions(const std::vector<OptionHelp>& options, const Look& look);

}  // namespace consilium
