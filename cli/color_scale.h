// Colours for numbers: scales whose lightness falls (or, on dark paper, rises) evenly, so that they
// stay in order with any colour vision and in print.
// Threads: functions without state.
#pragma once

#include <array>
#include <span>
#include <string>
#include <string_view>

namespace consilium {

// Parts in [0, 255].
struct Color {
  double red = 0.0;
  double green = 0.0;
  double blue = 0.0;
};

using ColorStops = std::array<Color, 5>;

inline constexpr ColorStops kSequentialOnLight = {
    {{248, 249, 243}, {201, 227, 211}, {111, 185, 189}, {47, 122, 166}, {24, 42, 99}}};
inline constexpr ColorStops kDivergingOnLight = {
    {{150, 56, 0}, {239, 163, 97}, {255, 255, 255}, {127, 178, 221}, {11, 75, 138}}};
inline constexpr ColorStops kSequentialOnDark = {
    {{36, 43, 54}, {32, 76, 114}, {38, 124, 150}, {96, 184, 168}, {228, 244, 190}}};
inline constexpr ColorStops kDivergingOnDark = {
    {{255, 184, 120}, {176, 92, 32}, {42, 48, 57}, {38, 100, 156}, {146, 204, 255}}};

inline constexpr std::string_view kDarkInk = "#1b1f24";
inline constexpr std::string_view kLightInk = "#ffffff";

// `position` in [0, 1] along the stops; beyond it the end.
Color ColorAt(std::span<const Color> stops, double position);
// "#rrggbb"
std::string Hex(const Color& color);
// Of kDarkInk and kLightInk the one with the higher contrast to `paper` (WCAG 2.1).
std::string_view InkOn(const Color& paper);

}  // namespace consilium
