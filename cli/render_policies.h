// What `consilium eval --matrix` says: tables for people, JSON, CSV. Pure.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "aggregator/evaluation/policy_summary.h"
#include "cli/screen.h"

namespace consilium {

struct PolicyReport {
  std::string file;
  std::vector<std::string> models;
  std::size_t questions = 0;  // with a known answer
  std::size_t unknown = 0;    // without
  std::size_t missing = 0;    // answers
  std::size_t bad_lines = 0;
  PolicyRules rules;
  std::size_t draws = 0;         // of the bootstrap
  std::vector<double> accuracy;  // of each model
  std::vector<PolicySummary> rows;
};

std::string RenderPolicies(const PolicyReport& report, const Look& look);
std::string PoliciesToJson(const PolicyReport& report);
std::string PoliciesToCsv(const PolicyReport& report);

}  // namespace consilium
