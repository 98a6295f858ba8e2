// A matrix of pairs as one self-contained SVG picture (SVG 1.1, no script, no outside reference).
//
// Values in [0, 1] go from light to dark on one scale; signed values from orange over white (0) to
// blue, on a symmetric scale that the largest value sets. Both scales are readable with any
// colour vision and in print. Numbers stand in the cells as long as they can be read; each cell
// says its pair and value as a tooltip.
// Threads: functions without state. The same matrix gives the same bytes.
#pragma once

#include <optional>
#include <string>
#include <vector>

namespace consilium {

struct HeatMap {
  std::string title;
  std::string subtitle;            // lines are broken where they do not fit
  std::vector<std::string> names;  // of rows and columns
  bool is_signed = false;
  // Row-major, names x names, CHECKed. Absent or not finite: hatched; the diagonal is plain.
  std::vector<std::optional<double>> values;
};

std::string DrawHeatMap(const HeatMap& map);

}  // namespace consilium
