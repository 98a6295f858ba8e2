// A recommendation as lines of text under codes, as the OBX segments of a result message show it.
//
// Every result says what it is (AI-generated, not an order), what it rests on and what it lacks:
// how sure the council is, what else was proposed, who disagreed, which safety rules hit, who did
// not answer (clinical.md 5). Nothing is filled in: a dose that no model stated is said not to be
// stated. Threads: functions without state.
#pragma once

#include <string>
#include <vector>

#include "gateway/clinical/plan.h"
#include "shared/domain.h"

namespace consilium {

struct ResultLine {
  std::string code;     // of table 99CSL: "NOTICE", "RECOMMENDATION", "SAFETY", ...
  std::string name;     // of the code, for people
  std::size_t sub = 0;  // number among the lines of its code, from 1; 0: it is the only one ever
  std::string text;
  std::string flag;  // table 0078: "A" abnormal, "AA" very abnormal; "" = none

  friend bool operator==(const ResultLine&, const ResultLine&) = default;
};

// In the order in which they are to be read. `link`: where all of it can be seen; "" = nowhere.
std::vector<ResultLine> ResultLines(const Recommendation& recommendation, const CaseOrigin& origin,
                                    const std::string& link);

}  // namespace consilium
