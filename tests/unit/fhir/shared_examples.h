// The FHIR data of other people beside the project (shared/README.md), where it is there.
// Header-only.
#pragma once

#include <gtest/gtest.h>

#include <fstream>
#include <iostream>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "tests/support/file_text.h"

namespace consilium {

inline std::string SharedFhir(const std::string& name) {
  return CONSILIUM_SOURCE_DIR "/../shared/fhir/" + name;
}

inline std::vector<nlohmann::json> SharedLines(const std::string& name) {
  std::vector<nlohmann::json> lines;
  std::ifstream file(SharedFhir(name));
  for (std::string line; std::getline(file, line);) lines.push_back(nlohmann::json::parse(line));
  return lines;
}

#define CONSILIUM_SKIP_WITHOUT(name)                                             \
  do {                                                                           \
    if (!std::ifstream(SharedFhir(name)).good()) {                               \
      std::cerr << "\n*** SKIPPED: " << SharedFhir(name) << " is not there\n\n"; \
      GTEST_SKIP() << SharedFhir(name) << " is not there";                       \
    }                                                                            \
  } while (false)

}  // namespace consilium
