// What `consilium eval` says of policies on recorded answers: tables for people, JSON, CSV. Pure.
#pragma once

#include <cstddef>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "aggregator/evaluation/policy_summary.h"
#include "cli/screen.h"

namespace consilium {

// What was put to a running cluster.
struct LiveFacts {
  std::string run;
  std::size_t cases = 0;
  std::size_t ended = 0;
  std::size_t refused = 0;
  std::map<CaseState, std::size_t> states;  // of the ended
};

struct PolicyReport {
  std::string file;
  std::optional<LiveFacts> live;  // absent: the answers were recorded
  std::vector<std::string> models;
  std::size_t missing = 0;                                                // answers
  std::map<std::string, std::map<std::string, std::size_t>> missing_why;  // as in RecordedAnswers
  std::size_t bad_lines = 0;
  bool reviewed = false;      // answers were graded, and policies decide by the grades
  std::size_t simulated = 0;  // cases that simulated or replayed models answered
  PolicyRules rules;
  std::size_t draws = 0;  // of the bootstrap
  PolicyEval eval;
  EvalSummary summary;
};

// "top weighted 5"; without the size where the policy has none of its own.
std::string PolicyTitle(const PolicySummary& row);
// What was evaluated, and how: label and text.
std::vector<std::pair<std::string, std::string>> PolicyFacts(const PolicyReport& report);
// What each policy, and each word in the tables, means: word and sentence.
std::vector<std::pair<std::string, std::string>> PolicyWords(const PolicyReport& report);

std::string RenderPolicies(const PolicyReport& report, const Look& look);
std::string PoliciesToJson(const PolicyReport& report);
std::string PoliciesToCsv(const PolicyReport& report);

}  // namespace consilium
