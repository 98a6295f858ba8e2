// Where the names of points go, so that they hide neither each other nor a point.
// Threads: functions without state.
#pragma once

#include <optional>
#include <vector>

#include "cli/svg.h"

namespace consilium::plot {

struct LabelAsk {
  double x = 0.0;  // the point
  double y = 0.0;
  double radius = 0.0;  // of its marker
  double width = 0.0;   // of its name
};

struct LabelPlace {
  svg::Box box;
  // A line from the point to its name, where the name is not beside it.
  bool leader = false;
  double leader_x = 0.0;  // its end at the name
  double leader_y = 0.0;
};

// One place per point, in the same order; none where no room is left. Boxes are `height` high, lie
// within `area`, and touch neither another box, nor a marker, nor the leader of another name; nor,
// as long as there is other room, one of `obstacles`.
std::vector<std::optional<LabelPlace>> PlaceLabels(const std::vector<LabelAsk>& asks, double height,
                                                   const svg::Box& area,
                                                   const std::vector<svg::Box>& obstacles);

}  // namespace consilium::plot
