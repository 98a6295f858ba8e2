#include "cli/html_page.h"

#include <algorithm>
#include <cctype>
#include <set>
#include <string_view>

#include "cli/html_style.h"
#include "cli/svg.h"

namespace consilium::html {
namespace {

using svg::Escaped;

constexpr std::size_t kSlugMax = 48;

std::string Element(std::string_view name, std::string_view text) {
  return "<" + std::string(name) + ">" + Escaped(text) + "</" + std::string(name) + ">\n";
}

// An anchor that can be read and typed: letters and digits of ASCII, joined by '-'.
std::string SlugOf(std::string_view heading) {
  std::string slug;
  for (const char c : heading) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte < 0x80 && std::isalnum(byte) != 0) {
      slug += static_cast<char>(std::tolower(byte));
    } else if (!slug.empty() && slug.back() != '-') {
      slug += '-';
    }
  }
  slug.resize(std::min(slug.size(), kSlugMax));
  while (!slug.empty() && slug.back() == '-') slug.pop_back();
  return slug.empty() ? "section" : slug;
}

// One for each section, all different.
std::vector<std::string> Anchors(const std::vector<Section>& sections) {
  std::vector<std::string> anchors;
  std::set<std::string> taken;
  for (const Section& section : sections) {
    const std::string slug = SlugOf(section.heading);
    std::string anchor = slug;
    for (int i = 2; !taken.insert(anchor).second; ++i) anchor = slug + "-" + std::to_string(i);
    anchors.push_back(anchor);
  }
  return anchors;
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

std::string Content(const Table& table, const std::string& heading) {
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
  return Scrolling("scroll", heading,
                   "<table>\n" + Heads(table) + "<tbody>\n" + rows + "</tbody></table>\n") +
         Meanings(table);
}

std::string Content(const Figure& figure, const std::string& heading) {
  if (figure.narrow.empty()) return Scrolling("figure", heading, figure.wide);
  return Scrolling("figure wide", heading, figure.wide) +
         Scrolling("figure narrow", heading, figure.narrow);
}

std::string Content(const std::monostate&, const std::string&) { return ""; }

std::string Facts(const std::vector<Fact>& facts) {
  if (facts.empty()) return "";
  std::string out = "<dl class=\"facts\">\n";
  for (const Fact& fact : facts) {
    out += "<div>" + Element("dt", fact.label) + Element("dd", fact.text) + "</div>\n";
  }
  return out + "</dl>\n";
}

std::string Contents(const std::vector<Section>& sections,
                     const std::vector<std::string>& anchors) {
  if (sections.empty()) return "";
  std::string out = "<nav aria-label=\"Contents\">\n<ol>\n";
  for (std::size_t i = 0; i < sections.size(); ++i) {
    out += "<li><a href=\"#" + anchors[i] + "\">" + Escaped(sections[i].heading) + "</a></li>\n";
  }
  return out + "</ol>\n</nav>\n";
}

}  // namespace

std::string Write(const Page& page) {
  const std::vector<std::string> anchors = Anchors(page.sections);
  std::string out =
      "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\"/>\n"
      "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"/>\n"
      "<meta name=\"color-scheme\" content=\"light dark\"/>\n"
      // The browser holds the page to what its header promises.
      "<meta http-equiv=\"Content-Security-Policy\" "
      "content=\"default-src 'none'; style-src 'unsafe-inline'; img-src data:\"/>\n"
      "<link rel=\"icon\" href=\"data:,\"/>\n";
  out += Element("title", page.title) + "<style>\n" + plot::Style() + std::string(PageStyle()) +
         "</style>\n";
  out += "</head>\n<body>\n<header>\n" + Element("h1", page.title);
  if (!page.subtitle.empty()) {
    out += "<p class=\"subtitle\">" + Escaped(page.subtitle) + "</p>\n";
  }
  out += Facts(page.facts) + "</header>\n" + Contents(page.sections, anchors) + "<main>\n";
  for (std::size_t i = 0; i < page.sections.size(); ++i) {
    const Section& section = page.sections[i];
    out += "<section id=\"" + anchors[i] + "\">\n" + Element("h2", section.heading) +
           Paragraphs(section.explanation) +
           std::visit([&](const auto& content) { return Content(content, section.heading); },
                      section.content) +
           "</section>\n";
  }
  return out + "</main>\n</body>\n</html>\n";
}

}  // namespace consilium::html
