// A report as one HTML file that needs nothing else: no script, no network, no font.
//
// It follows the reader's light or dark setting, prints, and reads on a phone; wide tables and
// pictures scroll in a box of their own. A table of contents links to the sections. The file is
// also well-formed XML. Every text may come from a file: it is escaped, and invalid UTF-8 becomes
// U+FFFD. Threads: functions without state. The same page gives the same bytes.
#pragma once

#include <string>
#include <variant>
#include <vector>

#include "cli/svg_plot.h"
#include "shared/html/pieces.h"

namespace consilium::html {

// SVG elements as the functions of svg_plot.h write them; not escaped, so nothing else may come
// here.
struct Figure {
  std::string wide;
  std::string narrow;  // for small screens; "" where `wide` serves, scrolling
};

struct Section {
  std::string heading;
  std::string explanation;  // paragraphs are parted by '\n'
  std::variant<std::monostate, Table, Figure> content;
};

struct Page {
  std::string title;
  std::string subtitle;
  std::vector<Fact> facts;
  std::vector<Section> sections;
};

std::string Write(const Page& page);

// `picture`: one of the plots of svg_plot.h at both widths.
template <typename Plot>
Figure FigureOf(const Plot& picture) {
  return {plot::Draw(picture, plot::kWide), plot::Draw(picture, plot::kNarrow)};
}

}  // namespace consilium::html
