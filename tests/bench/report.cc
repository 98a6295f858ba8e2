#include "tests/bench/report.h"

#include <algorithm>
#include <cstdio>
#include <nlohmann/json.hpp>

#include "tests/bench/load.h"

namespace consilium::bench {

void Report::Add(const std::string& name, const std::string& unit, double value) {
  auto found = std::find_if(series_.begin(), series_.end(),
                            [&](const Series& one) { return one.name == name; });
  if (found == series_.end()) found = series_.insert(found, {name, unit, {}});
  found->values.push_back(value);
}

void Report::Print(bool json) const {
  nlohmann::json report = nlohmann::json::array();
  if (!json) std::printf("%-62s %12s %20s\n", "", "median", "min .. max");
  for (const Series& one : series_) {
    const auto [low, high] = std::minmax_element(one.values.begin(), one.values.end());
    const double median = Quantile(one.values, 0.5);
    if (json) {
      report.push_back({{"name", one.name},
                        {"unit", one.unit},
                        {"median", median},
                        {"min", *low},
                        {"max", *high}});
    } else {
      std::printf("%-62s %8.5g %-3s %9.5g .. %-9.5g\n", one.name.c_str(), median, one.unit.c_str(),
                  *low, *high);
    }
  }
  if (json) std::printf("%s\n", report.dump(2).c_str());
}

}  // namespace consilium::bench
