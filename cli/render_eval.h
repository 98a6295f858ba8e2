// What `consilium eval --history` says: a table for people, JSON, and CSV of every split. Pure.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "aggregator/chemistry/history_eval.h"
#include "cli/screen.h"

namespace consilium {

struct EvalReport {
  std::string file;
  std::string task;
  std::size_t trials = 0;
  std::size_t models = 0;
  std::size_t bad_rows = 0;
  EvalRules rules;
  std::vector<std::vector<EvalScore>> splits;
  std::vector<EvalRow> rows;
};

// Two tables for each size, then what the columns mean and do not mean.
std::string RenderEval(const EvalReport& report, const Look& look);
std::string EvalToJson(const EvalReport& report);
// One line per split, size and strategy.
std::string EvalToCsv(const EvalReport& report);

}  // namespace consilium
