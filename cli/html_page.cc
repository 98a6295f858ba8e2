#include "cli/html_page.h"

#include <algorithm>
#include <cctype>
#include <set>
#include <string_view>

#include "cli/svg_plot.h"
#include "shared/html/page_style.h"

namespace consilium::html {
namespace {

constexpr std::size_t kSlugMax = 48;

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

std::string Content(const Table& table, const std::string& heading) {
  return WriteTable(table, heading);
}

std::string Content(const Figure& figure, const std::string& heading) {
  if (figure.narrow.empty()) return Scrolling("figure", heading, figure.wide);
  return Scrolling("figure wide", heading, figure.wide) +
         Scrolling("figure narrow", heading, figure.narrow);
}

std::string Content(const std::monostate&, const std::string&) { return ""; }

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
  Head head;
  head.title = page.title;
  head.style = plot::Style() + std::string(PageStyle());
  // The browser holds the page to what its header promises.
  head.policy = "default-src 'none'; style-src 'unsafe-inline'; img-src data:";
  std::string out = "<header>\n" + Element("h1", page.title);
  if (!page.subtitle.empty()) {
    out += "<p class=\"subtitle\">" + Escaped(page.subtitle) + "</p>\n";
  }
  out += WriteFacts(page.facts) + "</header>\n" + Contents(page.sections, anchors) + "<main>\n";
  for (std::size_t i = 0; i < page.sections.size(); ++i) {
    const Section& section = page.sections[i];
    out += "<section id=\"" + anchors[i] + "\">\n" + Element("h2", section.heading) +
           Paragraphs(section.explanation) +
           std::visit([&](const auto& content) { return Content(content, section.heading); },
                      section.content) +
           "</section>\n";
  }
  return Document(head, out + "</main>\n");
}

}  // namespace consilium::html
