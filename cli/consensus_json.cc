#include "cli/consensus_json.h"

#include <array>
#include <cmath>
#include <cstdio>
#include <nlohmann/json.hpp>
#include <optional>

#include "cli/output.h"

namespace consilium {
namespace {

using nlohmann::json;

std::string Number(double value) {
  std::array<char, 40> text{};
  std::snprintf(text.data(), text.size(), "%.17g", value);
  return text.data();
}

Error Wrong(const std::string& where, const std::string& field, const std::string& expected) {
  return Invalid(where + field + ": expected " + expected);
}

Status ReadOptions(const json& graph, const std::string& where, ConsensusOptions& options) {
  if (const auto found = graph.find("iterations"); found != graph.end()) {
    if (!found->is_number_integer()) return Wrong(where, "iterations", "an integer");
    const auto value = found->get<std::int64_t>();
    if (value < ConsensusOptions::kIterationsMin || value > ConsensusOptions::kIterationsMax) {
      return Invalid(where + "iterations = " + std::to_string(value) + ", expected " +
                     std::to_string(ConsensusOptions::kIterationsMin) + ".." +
                     std::to_string(ConsensusOptions::kIterationsMax));
    }
    options.iterations = static_cast<int>(value);
  }
  if (const auto found = graph.find("use_all_data"); found != graph.end()) {
    if (!found->is_boolean()) return Wrong(where, "use_all_data", "true or false");
    options.use_all_data = found->get<bool>();
  }
  if (const auto found = graph.find("basic_precision"); found != graph.end()) {
    if (!found->is_number()) return Wrong(where, "basic_precision", "a number");
    options.basic_precision = found->get<double>();
  }
  return Ok();
}

Result<ReviewGraph> ReadGraph(const json& graph, const std::string& where) {
  if (!graph.is_object()) return Invalid(where + "expected an object");
  ReviewGraph read;
  const auto reviews = graph.find("reviews");
  if (reviews == graph.end()) return Invalid(where + "reviews: missing");
  if (!reviews->is_array()) return Wrong(where, "reviews", "an array");
  for (std::size_t i = 0; i < reviews->size(); ++i) {
    const json& one = (*reviews)[i];
    const bool right = one.is_array() && one.size() == 3 && one[0].is_string() &&
                       one[1].is_string() && one[2].is_number();
    if (!right) {
      return Wrong(where, "reviews[" + std::to_string(i) + "]", "[reviewer, item, grade]");
    }
    read.reviews.push_back(
        {one[0].get<std::string>(), one[1].get<std::string>(), one[2].get<double>()});
  }
  if (auto options = ReadOptions(graph, where, read.options); !options.ok()) {
    return options.error();
  }
  return read;
}

}  // namespace

Result<std::vector<ReviewGraph>> ParseGraphs(std::string_view text, const std::string& name) {
  const json parsed = json::parse(text, nullptr, /*allow_exceptions=*/false);
  if (parsed.is_discarded()) return Invalid(name + ": not valid JSON");
  if (!parsed.is_array() && !parsed.is_object()) {
    return Invalid(name + ": expected a graph or an array of graphs");
  }
  std::vector<ReviewGraph> graphs;
  if (parsed.is_object()) {
    auto graph = ReadGraph(parsed, name + ": ");
    if (!graph.ok()) return graph.error();
    graphs.push_back(std::move(graph).value());
    return graphs;
  }
  for (std::size_t i = 0; i < parsed.size(); ++i) {
    auto graph = ReadGraph(parsed[i], name + ": [" + std::to_string(i) + "] ");
    if (!graph.ok()) return graph.error();
    graphs.push_back(std::move(graph).value());
  }
  return graphs;
}

std::string ConsensusToJson(const std::vector<Consensus>& graphs) {
  std::string text = "[";
  for (const Consensus& graph : graphs) {
    if (text.size() > 1) text += ",";
    text += "\n{\"items\":{";
    bool first = true;
    for (const ItemConsensus& item : graph.items) {
      text += (first ? "" : ",") + JsonString(item.id) + ":{\"grade\":" + Number(item.grade) +
              ",\"variance\":" + Number(item.variance) + "}";
      first = false;
    }
    text += "},\"reviewers\":{";
    first = true;
    for (const ReviewerConsensus& reviewer : graph.reviewers) {
      text += (first ? "" : ",") + JsonString(reviewer.id) +
              ":{\"variance\":" + Number(reviewer.variance) +
              ",\"quality\":" + (reviewer.quality ? Number(*reviewer.quality) : "null") + "}";
      first = false;
    }
    text += "}}";
  }
  return text + "\n]\n";
}

}  // namespace consilium
