// The live line of a running batch: a bar on a terminal, a plain line every few seconds elsewhere.
#pragma once

#include <chrono>
#include <optional>
#include <string>

#include "cli/screen.h"
#include "cli/submission.h"
#include "shared/clock.h"

namespace consilium {

// `[######..............]  14/60  12 complete, 2 degraded  1.4/s  0:09`, at most `look.width`
// cells; what is zero is left out. Pure.
std::string ProgressBar(const Tally& tally, std::chrono::milliseconds elapsed, const Look& look);
// `14 of 60 ended (12 complete, 2 degraded), 46 waiting, 9 s`. Pure.
std::string ProgressSentence(const Tally& tally, std::chrono::milliseconds elapsed);
// `12 complete, 2 degraded, 1 refused`; "" when nothing has ended. Pure.
std::string TallyText(const Tally& tally);

// Draws on standard error. Clear() before anything else is printed there or on the same terminal.
// Time: only through `now`.
class Progress {
 public:
  static constexpr std::chrono::milliseconds kRedraw{100};
  static constexpr std::chrono::seconds kSentencePause{5};

  // `terminal`: whether standard error is one.
  Progress(bool terminal, Look look, TimePoint started)
      : terminal_(terminal), look_(look), started_(started), last_(started) {}
  ~Progress() { Clear(); }
  Progress(const Progress&) = delete;  // owns the last line of the terminal
  Progress& operator=(const Progress&) = delete;

  void Show(const Tally& tally, TimePoint now);
  void Clear();

 private:
  bool terminal_;
  Look look_;
  TimePoint started_;
  TimePoint last_;
  bool drawn_ = false;
};

}  // namespace consilium
