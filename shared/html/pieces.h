// Pieces of HTML pages that are well-formed XML as well and need nothing else: no script, no
// network, no font.
//
// Every text may come from a model or a file: it is escaped. Markup is made here and nowhere else.
// Threads: functions without state. The same values give the same bytes.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace consilium::html {

// For text and attributes of XML and HTML. Invalid UTF-8, characters that XML cannot write (most
// control characters, U+FFFE, U+FFFF) and those that reorder what others are read as (U+202A..E,
// U+2066..9) become U+FFFD.
std::string Escaped(std::string_view text);
// The same of several lines: their ends are <br/>, tabs are spaces.
std::string EscapedLines(std::string_view text);

// <name>text</name>
std::string Element(std::string_view name, std::string_view text);
// <p>s, which are parted by '\n'.
std::string Paragraphs(std::string_view text);
// A box that scrolls where its content is too wide, also from the keyboard. `content` is markup.
std::string Scrolling(std::string_view css_class, std::string_view label,
                      const std::string& content);

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

std::string WriteFacts(const std::vector<Fact>& facts);
// With what its columns mean below it. "" without columns. `label`: for those who listen.
std::string WriteTable(const Table& table, std::string_view label);

struct Head {
  std::string title;
  std::string style;                   // CSS, as it is
  std::string policy;                  // Content-Security-Policy of the page; "" = its server's
  std::optional<int> refresh_seconds;  // the browser asks again
};
// A whole document; `body` is markup.
std::string Document(const Head& head, const std::string& body);

}  // namespace consilium::html
