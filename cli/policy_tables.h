// The tables of an evaluation of policies, as texts: the terminal and the page show the same.
// Pure.
#pragma once

#include <string>
#include <vector>

#include "cli/render_policies.h"

namespace consilium {

struct PolicyTable {
  std::string title;
  std::string about;  // one or two sentences
  std::vector<std::string> columns;
  std::vector<std::string> meaning;  // of each column; "" = it needs none
  std::vector<std::vector<std::string>> rows;
};

// In the order in which they are shown; those without rows are left out. The first column is text,
// the others are numbers.
std::vector<PolicyTable> PolicyTables(const PolicyReport& report);

}  // namespace consilium
