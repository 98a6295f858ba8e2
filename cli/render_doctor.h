// A diagnosis for people, in at most 80 columns, and for programs. Pure.
#pragma once

#include <string>

#include "cli/diagnosis.h"
#include "cli/screen.h"

namespace consilium {

std::string RenderDiagnosis(const Diagnosis& diagnosis, const Look& look);
// One object, with a newline.
std::string DiagnosisToJson(const Diagnosis& diagnosis);

}  // namespace consilium
