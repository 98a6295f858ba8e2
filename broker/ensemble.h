// Which models answer a case.
//
// all, random, local, remote and named follow from configuration and request alone. single,
// performance, chemistry and utility seat what the aggregator recommends for this kind of task and
// size (the board); utility, which may seat fewer, what it recommends for the largest size up to
// this one. Of these cases a share of ensemble.explore seats one of the board's "explore" ensembles
// instead, where there is one, so that pairs rarely seen together are learned too. Cold start:
// where the board recommends nobody, or a model that is not configured, the models are drawn at
// random, whatever they cost.
//
// Pure: the same configuration, board and request give the same ensemble at every broker. A case
// that is sent twice is seated once: its record keeps the first ensemble.
#pragma once

#include <string>
#include <vector>

#include "shared/config.h"
#include "shared/domain.h"
#include "shared/messages.h"
#include "shared/result.h"

namespace consilium {

struct Ensemble {
  std::string strategy;             // the one in force, stated or from the configuration
  std::vector<std::string> models;  // 1..all, distinct, in the order of the configuration
  // Why these: "stated" (all, named), "drawn" (random, local, remote), "learned", "explored",
  // "cold_start".
  std::string seating;
};

// What the request leaves open comes from `config.ensemble`; a request that lists models and no
// strategy means "named". A size that the request states is obeyed or refused (utility may seat
// fewer); the configured one is a wish and gives way to the number of models there are. `kind`: of
// the task. Errors: kInvalid for an unknown strategy or model, a model listed twice, a size that
// cannot be had.
Result<Ensemble> ChooseEnsemble(const CaseRequest& request, const std::string& kind,
                                const Config& config, const SeatingBoard& board);

// "a, b, c" for a message; cut after 16 names.
std::string JoinNames(const std::vector<std::string>& names);

}  // namespace consilium
