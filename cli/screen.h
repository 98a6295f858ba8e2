// Text for terminals: cleaning, measuring, wrapping, tables, colours.
//
// What a model or a file says may hold control sequences; everything printed goes through
// CleanText(), so that it cannot move the cursor, recolour the screen or reorder what is read.
// Unit: a width is in terminal cells (wide East Asian characters take two, combining marks none).
// Threads: functions without state.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace consilium {

// One line: control and invisible direction characters become a space, runs of spaces become one,
// invalid UTF-8 becomes U+FFFD; no space at either end.
std::string CleanText(std::string_view text);

std::size_t DisplayWidth(std::string_view text);

// `text` cut to at most `width` cells; ".." at the end says that something was cut.
std::string FitText(std::string_view text, std::size_t width);
// As FitText, then padded with spaces to exactly `width` cells.
std::string PadText(std::string_view text, std::size_t width, bool right = false);

// Lines of at most `width` cells, broken at spaces; a word longer than a line is broken inside.
// `text` is cleaned. At least one line, maybe empty.
std::vector<std::string> WrapText(std::string_view text, std::size_t width);

// How to print: colours only where a person looks at a terminal that shows them.
struct Look {
  bool colour = false;
  std::size_t width = 80;
};
enum class Tint { kPlain, kBold, kDim, kGreen, kYellow, kRed };
std::string Paint(std::string_view text, Tint tint, const Look& look);

// Columns that share the width of the terminal.
class Table {
 public:
  struct Column {
    std::string title;
    bool right = false;   // numbers
    bool shrink = false;  // gives way when the table is too wide
  };
  explicit Table(std::vector<Column> columns) : columns_(std::move(columns)) {}
  // Cells are cleaned; missing ones are empty, surplus ones are left out.
  void Row(std::vector<std::string> cells);
  // A line of titles, then one line per row; each ends with '\n' and has no space before it.
  std::string Text(const Look& look, std::string_view indent = "  ") const;

 private:
  std::vector<Column> columns_;
  std::vector<std::vector<std::string>> rows_;
};

}  // namespace consilium
