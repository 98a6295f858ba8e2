#include "aggregator/chemistry/complementarity.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <tuple>
#include <vector>

namespace consilium {
namespace {

struct Point {
  double accuracy = 0.0;
  double quality = 0.0;  // of 1
};

// The area below the staircase of points: from the most accurate down, each point adds the strip by
// which it rises above all before it.
double Hypervolume(const std::vector<Point>& points) {
  double area = 0.0;
  double height = 0.0;
  for (const Point& point : points) {
    if (point.quality <= height) continue;
    area += point.accuracy * (point.quality - height);
    height = point.quality;
  }
  return area;
}

double RaoEntropy(const std::vector<Point>& points) {
  if (points.size() < 2) return 0.0;
  double sum = 0.0;
  for (std::size_t i = 0; i < points.size(); ++i) {
    for (std::size_t j = i + 1; j < points.size(); ++j) {
      sum += std::hypot(points[i].accuracy - points[j].accuracy,
                        points[i].quality - points[j].quality);
    }
  }
  const double count = static_cast<double>(points.size());
  return 2.0 * sum / (count * count) / std::sqrt(2.0);
}

}  // namespace

Complementarity MeasureComplementarity(std::span<const ModelProfile> set) {
  std::vector<Point> points;
  points.reserve(set.size());
  for (const ModelProfile& profile : set) {
    points.push_back({profile.accuracy, profile.quality / 10.0});
  }
  // One order whatever the order of the input, so that the sums have the same bits.
  std::sort(points.begin(), points.end(), [](const Point& a, const Point& b) {
    return std::tie(b.accuracy, b.quality) < std::tie(a.accuracy, a.quality);
  });
  Complementarity result;
  result.hypervolume = std::min(1.0, Hypervolume(points));
  result.rao = std::min(1.0, RaoEntropy(points));
  result.index = (result.hypervolume + result.rao) / 2.0;
  return result;
}

}  // namespace consilium
