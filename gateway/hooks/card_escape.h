// Text of models, feeds and people on its way into a card.
//
// Clients render `detail` as GitHub Flavored Markdown, some with raw HTML let through, and turn
// bare addresses into links, some after entities and escapes were resolved. So text that is not
// ours can be no link, image, HTML, heading, list or table: what makes an address is written apart
// ("https:/ /evil. example"), the rest is escaped. Threads: functions without state.
// Source: GFM 0.29: 2.4 backslash escapes, 6.2 entities, 6.9 autolinks (extension).
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace consilium {

// One line of at most `max` characters (then it ends with an ellipsis): control, zero-width and
// direction characters are gone, runs of spaces are one space, what is not UTF-8 is U+FFFD.
std::string CleanLine(std::string_view text, std::size_t max = 2000);

// The same, and nothing in it that a client could take for markup or an address: for `summary`,
// labels and descriptions, which are plain text.
std::string PlainLine(std::string_view text, std::size_t max);

// The same words as Markdown of one line.
std::string MarkdownLine(std::string_view text, std::size_t max = 1000);

}  // namespace consilium
