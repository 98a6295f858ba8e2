// Dead letters as people read them, in at most 80 columns. Pure, as render.h.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "cli/screen.h"
#include "shared/messages.h"

namespace consilium {

// A table, one line a letter.
std::string RenderDeadList(const std::vector<DeadLetter>& letters, const Look& look);
// How many there are of each model and code, by both.
struct DeadCount {
  std::string model;
  std::string code;
  std::int64_t letters = 0;
};
std::vector<DeadCount> CountLetters(const std::vector<DeadLetter>& letters);
std::string RenderDeadCounts(const std::vector<DeadLetter>& letters, const Look& look);
std::string RenderDeadLetter(const DeadLetter& letter, const Look& look);
// What became of a letter that was to be requeued, as a sentence without a full stop.
std::string RequeueSentence(const RequeuedLetter& letter);

}  // namespace consilium
