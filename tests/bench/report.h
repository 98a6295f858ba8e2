// The figures of a run: each has a name, a unit and a value per round.
#pragma once

#include <string>
#include <vector>

namespace consilium::bench {

class Report {
 public:
  // One more value of that name. Shown in the order in which names came.
  void Add(const std::string& name, const std::string& unit, double value);
  // A table of medians and ranges, or with `json` an array of objects.
  void Print(bool json) const;

 private:
  struct Series {
    std::string name;
    std::string unit;
    std::vector<double> values;
  };
  std::vector<Series> series_;
};

}  // namespace consilium::bench
