// How well a set of models covers the plane of accuracy and quality/10, and how little its members
// repeat each other. Points in [0, 1] x [0, 1], reference point (0, 0).
//
//   hypervolume = area that some member dominates, of 1
//   rao = (1/M^2) sum over all ordered pairs of the Euclidean distance, / sqrt(2); 0 for M < 2
//   index = (hypervolume + rao) / 2
//
// Source: the complementarity index of arXiv 2510.03930; Rao 1982 by Botta-Dukat 2005.
// Threads: functions without state.
#pragma once

#include <span>

#include "aggregator/chemistry/profile.h"

namespace consilium {

struct Complementarity {
  double hypervolume = 0.0;
  double rao = 0.0;
  double index = 0.0;
};

// Of checked profiles (CheckProfiles). All 0 for an empty set.
Complementarity MeasureComplementarity(std::span<const ModelProfile> set);

}  // namespace consilium
