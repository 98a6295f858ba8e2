// Review graphs as JSON to consensus as JSON, for `consilium consensus`.
//
// Input: one graph or an array of graphs, each {reviews: [[reviewer, item, grade], ...],
// iterations, use_all_data, basic_precision}; the last three may be absent. Other fields are
// ignored. Threads: functions without state.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "aggregator/council/consensus.h"
#include "shared/result.h"

namespace consilium {

struct ReviewGraph {
  std::vector<Review> reviews;
  ConsensusOptions options;
};

// kInvalid names `name`, the graph (counted from 0) and the field.
Result<std::vector<ReviewGraph>> ParseGraphs(std::string_view text, const std::string& name);

// A JSON array with one element per graph: {items: {id: {grade, variance}}, reviewers: {id:
// {variance, quality}}}. Numbers have 17 significant digits, so that they read back bit for bit;
// a quality that does not exist is null.
std::string ConsensusToJson(const std::vector<Consensus>& graphs);

}  // namespace consilium
