#include "cli/plot_labels.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <numeric>
#include <utility>

namespace consilium::plot {
namespace {

using svg::Box;

constexpr double kBeside = 3.0;  // between marker and name
constexpr double kRing = 7.0;    // how much farther each try is
constexpr int kRings = 16;
constexpr int kRounds = 24;
constexpr std::size_t kManyRoundsUpTo = 64;  // points; a round takes the cube of it
constexpr double kNear = 40.0;               // points closer than this compete for room

struct Direction {
  double x;
  double y;
};
// Most readable first: right, left, above, below, then slanted.
constexpr double kHalf = 0.70710678118654752;
constexpr std::array<Direction, 16> kDirections = {{{1, 0},
                                                    {-1, 0},
                                                    {0, -1},
                                                    {0, 1},
                                                    {kHalf, -kHalf},
                                                    {kHalf, kHalf},
                                                    {-kHalf, -kHalf},
                                                    {-kHalf, kHalf},
                                                    {0.92, -0.38},
                                                    {0.92, 0.38},
                                                    {-0.92, -0.38},
                                                    {-0.92, 0.38},
                                                    {0.38, -0.92},
                                                    {-0.38, -0.92},
                                                    {0.38, 0.92},
                                                    {-0.38, 0.92}}};

struct Segment {
  double x1;
  double y1;
  double x2;
  double y2;
};

// Whether the segment passes through the box (Liang and Barsky 1984).
bool Crosses(const Segment& line, const Box& box) {
  double enter = 0.0;
  double leave = 1.0;
  const auto clip = [&](double step, double room) {
    if (step == 0.0) return room >= 0.0;
    const double at = room / step;
    if (step < 0.0) {
      enter = std::max(enter, at);
    } else {
      leave = std::min(leave, at);
    }
    return enter <= leave;
  };
  const double dx = line.x2 - line.x1;
  const double dy = line.y2 - line.y1;
  return clip(-dx, line.x1 - box.left) && clip(dx, box.right - line.x1) &&
         clip(-dy, line.y1 - box.top) && clip(dy, box.bottom - line.y1);
}

Box MarkerBox(const LabelAsk& ask) {
  return {ask.x - ask.radius, ask.y - ask.radius, ask.x + ask.radius, ask.y + ask.radius};
}

// The box whose nearest side is `distance` from the point in that direction.
Box BoxAt(const LabelAsk& ask, double height, const Direction& direction, double distance) {
  const double x = ask.x + direction.x * distance;
  const double y = ask.y + direction.y * distance;
  const double left = direction.x > 0.3    ? x
                      : direction.x < -0.3 ? x - ask.width
                                           : x - ask.width / 2;
  const double top = direction.y > 0.3 ? y : direction.y < -0.3 ? y - height : y - height / 2;
  return {left, top, left + ask.width, top + height};
}

class Placer {
 public:
  Placer(const std::vector<LabelAsk>& asks, double height, const Box& area,
         const std::vector<Box>& obstacles)
      : asks_(asks), height_(height), area_(area), obstacles_(obstacles) {
    for (const LabelAsk& ask : asks) taken_.push_back(MarkerBox(ask));
  }

  std::optional<LabelPlace> Place(std::size_t index) {
    auto place = Place(index, true);
    return place ? place : Place(index, false);
  }

 private:
  std::optional<LabelPlace> Place(std::size_t index, bool clear_of_obstacles) {
    const LabelAsk& ask = asks_[index];
    for (int ring = 0; ring < kRings; ++ring) {
      for (const Direction& direction : kDirections) {
        const double distance = ask.radius + kBeside + kRing * ring;
        LabelPlace place;
        place.box = BoxAt(ask, height_, direction, distance);
        if (!Free(place.box, clear_of_obstacles)) continue;
        place.leader = ring > 0;
        place.leader_x = std::clamp(ask.x, place.box.left, place.box.right);
        place.leader_y = std::clamp(ask.y, place.box.top, place.box.bottom);
        const Segment leader{ask.x, ask.y, place.leader_x, place.leader_y};
        if (place.leader && !Clear(leader, index)) continue;
        taken_.push_back(place.box);
        names_.push_back(place.box);
        if (place.leader) leaders_.push_back(leader);
        return place;
      }
    }
    return std::nullopt;
  }

  bool Free(const Box& box, bool clear_of_obstacles) const {
    const auto overlaps = [&](const Box& other) { return box.Overlaps(other); };
    return area_.Contains(box) && std::none_of(taken_.begin(), taken_.end(), overlaps) &&
           (!clear_of_obstacles || std::none_of(obstacles_.begin(), obstacles_.end(), overlaps)) &&
           std::none_of(leaders_.begin(), leaders_.end(),
                        [&](const Segment& leader) { return Crosses(leader, box); });
  }
  // A leader passes through no name and no other marker.
  bool Clear(const Segment& leader, std::size_t index) const {
    for (const Box& name : names_) {
      if (Crosses(leader, name)) return false;
    }
    for (std::size_t i = 0; i < asks_.size(); ++i) {
      const bool same = asks_[i].x == asks_[index].x && asks_[i].y == asks_[index].y;
      if (!same && Crosses(leader, MarkerBox(asks_[i]))) return false;
    }
    return true;
  }

  const std::vector<LabelAsk>& asks_;
  double height_;
  Box area_;
  const std::vector<Box>& obstacles_;
  std::vector<Box> taken_;
  std::vector<Box> names_;
  std::vector<Segment> leaders_;
};

}  // namespace

std::vector<std::optional<LabelPlace>> PlaceLabels(const std::vector<LabelAsk>& asks, double height,
                                                   const Box& area,
                                                   const std::vector<Box>& obstacles) {
  // Who has the most neighbours has the fewest places to choose from, so goes first.
  std::vector<std::size_t> neighbours(asks.size(), 0);
  for (std::size_t i = 0; i < asks.size(); ++i) {
    for (std::size_t j = 0; j < asks.size(); ++j) {
      if (std::hypot(asks[i].x - asks[j].x, asks[i].y - asks[j].y) < kNear) ++neighbours[i];
    }
  }
  std::vector<std::size_t> order(asks.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(),
                   [&](std::size_t a, std::size_t b) { return neighbours[a] > neighbours[b]; });
  // Whoever found no room goes first in the next round.
  const int rounds = asks.size() <= kManyRoundsUpTo ? kRounds : 1;
  std::vector<std::optional<LabelPlace>> best;
  std::size_t least = asks.size() + 1;
  for (int round = 0; round < rounds && least > 0; ++round) {
    Placer placer(asks, height, area, obstacles);
    std::vector<std::optional<LabelPlace>> places(asks.size());
    for (const std::size_t index : order) places[index] = placer.Place(index);
    const auto missing = static_cast<std::size_t>(
        std::count_if(places.begin(), places.end(), [](const auto& place) { return !place; }));
    std::stable_partition(order.begin(), order.end(),
                          [&](std::size_t index) { return !places[index]; });
    if (missing < least) {
      least = missing;
      best = std::move(places);
    }
  }
  return best;
}

}  // namespace consilium::plot
