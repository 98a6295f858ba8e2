#include "shared/html/pieces.h"

#include <algorithm>
#include <array>

#include "shared/text.h"
#include "shared/utf8.h"

namespace consilium::html {
namespace {

constexpr std::string_view kReplacement = "\xEF\xBF\xBD";

bool IsUnfit(std::string_view character) {
  const auto byte = static_cast<unsigned char>(character.front());
  if (byte < 0x20 || byte == 0x7f) return true;
  if (character == "\xEF\xBF\xBE" || character == "\xEF\xBF\xBF") return true;
  // U+202A..U+202E, U+2066..U+2069.
  return (character >= "\xE2\x80\xAA" && character <= "\xE2\x80\xAE") ||
         (character >= "\xE2\x81\xA6" && character <= "\xE2\x81\xA9");
}

std::string Heads(const Table& table) {
  std::string out = "<thead><tr>";
  for (const Column& column : table.columns) {
    out += std::string("<th scope=\"col\"") + (column.right ? " class=\"right\"" : "") + ">";
    out += column.tooltip.empty() ? Escaped(column.name)
                                  : "<abbr title=\"" + Escaped(column.tooltip) + "\">" +
                                        Escaped(column.name) + "</abbr>";
    out += "</th>";
  }
  return out + "</tr></thead>\n";
}

std::string Row(const Table& table, const std::vector<std::string>& cells, bool highlighted) {
  std::string out = highlighted ? "<tr class=\"highlighted\">" : "<tr>";
  for (std::size_t i = 0; i < table.columns.size(); ++i) {
    out += i == 0 ? "<th scope=\"row\"" : "<td";
    out += table.columns[i].right ? " class=\"right\">" : ">";
    if (i < cells.size()) out += Escaped(cells[i]);
    out += i == 0 ? "</th>" : "</td>";
  }
  return out + "</tr>\n";
}

// For who cannot hover: phones, keyboards, paper.
std::string Meanings(const Table& table) {
  std::string list;
  for (const Column& column : table.columns) {
    if (!column.tooltip.empty()) {
      list += Element("dt", column.name) + Element("dd", column.tooltip);
    }
  }
  if (list.empty()) return "";
  return "<details><summary>What the columns mean</summary>\n<dl>\n" + list + "</dl></details>\n";
}

}  // namespace

std::string Escaped(std::string_view text) {
  constexpr std::string_view kMarkup = "&<>\"'";
  constexpr std::array<std::string_view, 5> kWritten = {"&amp;", "&lt;", "&gt;", "&quot;", "&#39;"};
  const std::string valid = ToValidUtf8(text);
  std::string out;
  for (std::size_t at = 0; at < valid.size();) {
    const std::string_view character = std::string_view(valid).substr(at, Utf8At(valid, at).bytes);
    at += character.size();
    if (const auto mark = kMarkup.find(character); mark != std::string_view::npos) {
      out += kWritten.at(mark);
    } else {
      out += IsUnfit(character) ? kReplacement : character;
    }
  }
  return out;
}

std::string EscapedLines(std::string_view text) {
  std::string out;
  std::string line;
  for (std::size_t at = 0; at <= text.size(); ++at) {
    const char c = at < text.size() ? text[at] : '\n';
    if (c == '\r' && at + 1 < text.size() && text[at + 1] == '\n') continue;
    if (c != '\r' && c != '\n') {
      line += c == '\t' ? ' ' : c;
      continue;
    }
    out += Escaped(line);
    if (at < text.size()) out += "<br/>\n";
    line.clear();
  }
  return out;
}

std::string Element(std::string_view name, std::string_view text) {
  return "<" + std::string(name) + ">" + Escaped(text) + "</" + std::string(name) + ">\n";
}

std::string Paragraphs(std::string_view text) {
  std::string out;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    if (end > 0) out += Element("p", text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return out;
}

// The keyboard reaches the box, so that it can be scrolled without a mouse.
std::string Scrolling(std::string_view css_class, std::string_view label,
                      const std::string& content) {
  return "<div class=\"" + std::string(css_class) +
         "\" role=\"region\" tabindex=\"0\" aria-label=\"" + Escaped(label) + "\">\n" + content +
         "</div>\n";
}

std::string WriteFacts(const std::vector<Fact>& facts) {
  if (facts.empty()) return "";
  std::string out = "<dl class=\"facts\">\n";
  for (const Fact& fact : facts) {
    out += "<div>" + Element("dt", fact.label) + Element("dd", fact.text) + "</div>\n";
  }
  return out + "</dl>\n";
}

std::string WriteTable(const Table& table, std::string_view label) {
  if (table.columns.empty()) return "";
  std::string rows;
  for (std::size_t i = 0; i < table.rows.size(); ++i) {
    rows += Row(table, table.rows[i],
                std::find(table.highlighted.begin(), table.highlighted.end(), i) !=
                    table.highlighted.end());
  }
  if (rows.empty()) {
    rows = "<tr><td class=\"nothing\" colspan=\"" + std::to_string(table.columns.size()) +
           "\">no rows</td></tr>\n";
  }
  return Scrolling("scroll", label,
                   "<table>\n" + Heads(table) + "<tbody>\n" + rows + "</tbody></table>\n") +
         Meanings(table);
}

std::string Document(const Head& head, const std::string& body) {
  std::string out =
      "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\"/>\n"
      "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"/>\n"
      "<meta name=\"color-scheme\" content=\"light dark\"/>\n";
  if (!head.policy.empty()) {
    out += "<meta http-equiv=\"Content-Security-Policy\" content=\"" + head.policy + "\"/>\n";
  }
  if (head.refresh_seconds) {
    out += "<meta http-equiv=\"refresh\" content=\"" + std::to_string(*head.refresh_seconds) +
           "\"/>\n";
  }
  out += "<link rel=\"icon\" href=\"data:,\"/>\n" + Element("title", head.title);
  return out + "<style>\n" + head.style + "</style>\n</head>\n<body>\n" + body +
         "</body>\n</html>\n";
}

}  // namespace consilium::html
