// What a broker makes of a result before it is stored: a worker is believed only as far as it can
// be checked. Pure.
#pragma once

#include "shared/domain.h"

namespace consilium {

// The outcome as it may be stored: "ok" without what the stage asks for, or with grades outside
// [0, 1], becomes "malformed"; overlong texts are cut; anything but "ok" carries no answer.
Outcome Sanitised(Stage stage, Outcome outcome);

}  // namespace consilium
