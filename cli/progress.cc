#include "cli/progress.h"

#include <algorithm>
#include <array>
#include <cstdio>

#include "cli/output.h"

namespace consilium {
namespace {

std::string Clocked(std::chrono::milliseconds elapsed) {
  const auto seconds = elapsed.count() / 1000;
  std::array<char, 32> text{};
  std::snprintf(text.data(), text.size(), "%lld:%02lld", static_cast<long long>(seconds / 60),
                static_cast<long long>(seconds % 60));
  return text.data();
}

std::size_t Gone(const Tally& tally) { return tally.ended + tally.refused; }

}  // namespace

std::string TallyText(const Tally& tally) {
  std::string text;
  const auto add = [&text](std::size_t count, std::string_view name) {
    if (count == 0) return;
    if (!text.empty()) text += ", ";
    text += std::to_string(count) + " " + std::string(name);
  };
  for (const auto& [state, count] : tally.states) {
    add(count, kCaseStateNames[static_cast<std::size_t>(state)]);
  }
  add(tally.refused, "refused");
  return text;
}

std::string ProgressBar(const Tally& tally, std::chrono::milliseconds elapsed, const Look& look) {
  constexpr std::size_t kCellsLeast = 8;
  constexpr std::size_t kCellsMost = 24;
  const std::size_t gone = Gone(tally);
  std::string text = " " + std::to_string(gone) + "/" + std::to_string(tally.total) + "  " +
                     (gone == 0 ? std::to_string(tally.accepted) + " accepted" : TallyText(tally));
  if (elapsed.count() >= 1000 && gone > 0) {
    std::array<char, 32> rate{};
    const double seconds = static_cast<double>(elapsed.count()) / 1000.0;
    std::snprintf(rate.data(), rate.size(), "  %.1f/s", static_cast<double>(gone) / seconds);
    text += rate.data();
  }
  text += "  " + Clocked(elapsed);
  // The bar gives way to the figures.
  const std::size_t used = DisplayWidth(text) + 2;
  const std::size_t room = look.width > used ? look.width - used : 0;
  const std::size_t cells = std::clamp(room, kCellsLeast, kCellsMost);
  const std::size_t full = tally.total == 0 ? cells : cells * gone / tally.total;
  return FitText("[" + std::string(full, '#') + std::string(cells - full, '.') + "]" + text,
                 look.width);
}

std::string ProgressSentence(const Tally& tally, std::chrono::milliseconds elapsed) {
  const std::string states = TallyText(tally);
  std::string text = std::to_string(Gone(tally)) + " of " + std::to_string(tally.total) + " ended";
  if (!states.empty()) text += " (" + states + ")";
  text += ", " + std::to_string(tally.total - Gone(tally)) + " under way, ";
  return text + std::to_string(elapsed.count() / 1000) + " s";
}

void Progress::Show(const Tally& tally, TimePoint now) {
  const auto elapsed = std::chrono::duration_cast<milliseconds>(now - started_);
  if (terminal_) {
    if (drawn_ && now - last_ < kRedraw) return;
    last_ = now;
    // One cell is kept free: a full line would wrap on some terminals.
    Look look = look_;
    look.width -= 1;
    std::string bar = ProgressBar(tally, elapsed, look);
    PrintErr("\r\x1b[K" + bar);
    drawn_ = true;
    return;
  }
  if (now - last_ < kSentencePause) return;
  last_ = now;
  PrintErr("consilium: " + ProgressSentence(tally, elapsed) + "\n");
}

void Progress::Clear() {
  if (!drawn_) return;
  PrintErr("\r\x1b[K");
  drawn_ = false;
}

}  // namespace consilium
