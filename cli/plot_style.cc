// plot::Style(): the colours of the pictures on light and on dark paper.
#include <array>
#include <cstddef>
#include <string>
#include <string_view>

#include "cli/color_scale.h"
#include "cli/plot_parts.h"
#include "cli/svg_plot.h"
#include "shared/html/page_style.h"

namespace consilium::plot {
namespace {

// After Okabe and Ito, "Color Universal Design" (2008): told apart with any colour vision.
// Darkened, and brightened for dark paper, to a contrast of at least 3 to the paper
// (WCAG 2.1, 1.4.11).
constexpr std::array<std::string_view, kKeys> kKeysOnLight = {
    "#0b62a8", "#c8501a", "#0a8062", "#a3528d", "#8a6a00", "#2088bd", "#5f666f", "#1b1f24"};
constexpr std::array<std::string_view, kKeys> kKeysOnDark = {
    "#62b0ee", "#f29a66", "#4fcfa8", "#e09ac8", "#dcc05a", "#a6dcf7", "#a9b0b9", "#f0f2f4"};

std::string Variables(const std::array<std::string_view, kKeys>& keys, std::string_view others) {
  std::string out = ":root{" + std::string(others);
  for (std::size_t i = 0; i < kKeys; ++i) {
    out += "--k" + std::to_string(i) + ":" + std::string(keys.at(i)) + ";";
  }
  return out + "}\n";
}

// One class for the paper of each step and one for text on it.
std::string Steps(char name, const ColorStops& stops) {
  std::string out;
  for (std::size_t i = 0; i < kHeatSteps; ++i) {
    const Color color = ColorAt(stops, static_cast<double>(i) / double(kHeatSteps - 1));
    const std::string selector = "." + std::string(1, name) + std::to_string(i);
    out.append(selector).append("{fill:").append(Hex(color)).append("}.plot ");
    out.append(selector).append("t{fill:").append(InkOn(color)).append("}\n");
  }
  return out;
}

}  // namespace

std::string Style() {
  std::string out = Variables(kKeysOnLight, html::PaperOnLight());
  out += Steps('q', kSequentialOnLight) + Steps('d', kDivergingOnLight);
  out += "@media screen and (prefers-color-scheme:dark){\n";
  out += Variables(kKeysOnDark, html::PaperOnDark());
  out += Steps('q', kSequentialOnDark) + Steps('d', kDivergingOnDark) + "}\n";
  for (std::size_t i = 0; i < kKeys; ++i) {
    out += ".k" + std::to_string(i) + "{color:var(--k" + std::to_string(i) + ")}";
  }
  return out +
         "\n.plot{display:block;-webkit-print-color-adjust:exact;print-color-adjust:exact}\n"
         ".plot text{fill:var(--ink);font-family:inherit;font-variant-numeric:tabular-nums}\n"
         ".plot .faint{fill:var(--faint)}.plot .strong{font-weight:600}\n"
         ".halo{paint-order:stroke;stroke:var(--paper);stroke-width:3px;stroke-linejoin:round}\n"
         ".grid{stroke:var(--grid)}.axis{stroke:var(--edge)}\n"
         ".diagonal,.guide,.reference{stroke:var(--faint);stroke-width:1.5}\n"
         ".diagonal{stroke-dasharray:6 4}.guide{stroke-dasharray:2 3}\n"
         ".reference{stroke-dasharray:5 3}.leader{stroke:var(--edge)}\n"
         ".mark{fill:currentColor;stroke:var(--paper);stroke-width:1}.sized "
         ".mark{fill-opacity:.7}\n"
         ".line{fill:none;stroke:currentColor;stroke-width:2;stroke-linejoin:round}\n"
         ".whisker{fill:none;stroke:currentColor;stroke-width:2}\n"
         ".dash1{stroke-dasharray:7 4}.dash2{stroke-dasharray:2 3}.dash3{stroke-dasharray:9 3 2 3}"
         ".dash4{stroke-dasharray:14 4}\n"
         ".cells{shape-rendering:crispEdges}.none{fill:var(--missing)}"
         ".hatch{stroke:var(--hatch);fill:none}.frame{fill:none;stroke:var(--edge)}\n";
}

}  // namespace consilium::plot
