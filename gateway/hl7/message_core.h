// What an Hl7Message owns: the text and where its parts are. Included by message.cc and parse.cc
// only.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "gateway/hl7/message.h"

namespace consilium {

struct Hl7Core {
  struct Span {
    std::uint32_t end = 0;     // of the segment in `text`, without its line end
    std::uint32_t first = 0;   // its name's index in `starts`
    std::uint32_t tokens = 0;  // name and fields
    std::uint32_t number = 1;  // which one of its name, from 1
  };

  std::string text;
  Hl7Delimiters delimiters;
  std::size_t msh2_bytes = 0;
  const Hl7Charset* charset = nullptr;
  std::vector<std::uint32_t> starts;  // of every name and field, in order
  std::vector<Span> spans;
  std::vector<Hl7Segment> segments;
  std::vector<Remark> remarks;

  std::string_view Token(const Span& span, std::size_t token) const {
    if (token >= span.tokens) return {};
    const std::size_t begin = starts[span.first + token];
    const std::size_t end =
        token + 1 < span.tokens ? starts[span.first + token + 1] - 1 : std::size_t{span.end};
    return std::string_view(text).substr(begin, end - begin);
  }
};

}  // namespace consilium
