// A report as one HTML file that needs nothing else: no script, no network, no font.
//
// It follows the reader's light or dark setting, prints, and reads on a phone; wide tables and
// pictures scroll in a box of their own. A table of contents links to the sections. The file is
// also well-formed XML. Every text may come from a file: it is escaped, and invalid UTF-8 becomes
// U+FFFD. Threads: functions without state. The same page gives the same bytes.
#pragma once

#include <cstddef>
#include <string>
#include <variant>
#include <vector>

#include "cli/svg_plot.h"

namespace consilium::html {

struct Fact {
  std::string label;
  std::string text;
};

struct Column {
  std::string name;
  bool right = false;   // numbers
  std::string tooltip;  // what it means, as a sentence; also listed below the table. "" for none
};

struct Table {
  std::vector<Column> columns;
  // Missing cells are empty, surplus ones are left out. The first cell names its row.
  std::vector<std::vector<std::string>> rows;
  std::vector<std::size_t> highlighted;  // indices of rows; others are ignored
};

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
