#include "cli/render_cases.h"

#include "cli/render_parts.h"
#include "shared/shown_text.h"

namespace consilium {

std::string RenderCases(const std::vector<CaseSummary>& cases, const Look& look) {
  if (cases.empty()) return "";
  // The id is whole, however narrow: every other command is given it.
  Table table({{"case", false, false},
               {"accepted", false, false},
               {"state", false, false},
               {"rev", true, false},
               {"kind", false, true},
               {"source", false, true}});
  for (const CaseSummary& one : cases) {
    // "11-27 14:02"; the rest is in `show`.
    table.Row({one.id, UtcText(one.accepted_ms).substr(5, 11),
               std::string(render::StateName(one.state)),
               one.revision > 0 ? std::to_string(one.revision) : "-", one.kind,
               one.source.empty() ? "-" : one.source});
  }
  return table.Text(look);
}

}  // namespace consilium
