// Which models answer a case: the strategies all, random, local, remote and named.
//
// Pure: the same configuration and request give the same ensemble at every broker, so a case that
// is sent twice is seated once.
#pragma once

#include <string>
#include <vector>

#include "shared/config.h"
#include "shared/domain.h"
#include "shared/result.h"

namespace consilium {

struct Ensemble {
  std::string strategy;             // the one in force, stated or from the configuration
  std::vector<std::string> models;  // 1..all, distinct, in the order of the configuration
};

// What the request leaves open comes from `config.ensemble`; a request that lists models and no
// strategy means "named". A size that the request states is obeyed or refused; the configured one
// is a wish and gives way to the number of models there are. Errors: kInvalid for an unknown
// strategy or model, a model listed twice, a size that cannot be had.
Result<Ensemble> ChooseEnsemble(const CaseRequest& request, const Config& config);

// "a, b, c" for a message; cut after 16 names.
std::string JoinNames(const std::vector<std::string>& names);

}  // namespace consilium
