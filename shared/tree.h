// The neutral form between structs and bytes: a tree of null, bool, number, text, list and map.
//
// Both decoders (MessagePack, JSON) build it through TreeBuilder, which enforces limits.h while
// reading, so that nothing hostile becomes large or deep. Maps keep the order of their fields.
// Heavy header: include in .cc files only.
#pragma once

#include <cstddef>
#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "shared/result.h"

namespace consilium {

using Tree = nlohmann::ordered_json;

// Takes the events of a decoder in document order. Each returns false when a limit is reached or
// the document is not one of ours; problem() then says why and the rest is ignored.
class TreeBuilder {
 public:
  TreeBuilder();
  bool Null() { return Add(nullptr) != nullptr; }
  bool Bool(bool value) { return Add(value) != nullptr; }
  bool Integer(std::int64_t value) { return Add(value) != nullptr; }
  bool Unsigned(std::uint64_t value) { return Add(value) != nullptr; }
  bool Number(double value);  // refuses NaN and infinities
  bool Text(std::string_view value);
  // `items` as far as it is known beforehand.
  bool StartList(std::size_t items = 0);
  bool EndList();
  bool StartMap(std::size_t items = 0);
  bool Key(std::string_view key);
  bool EndMap();

  bool Fail(std::string problem);
  const std::string& problem() const { return problem_; }
  // The whole tree, once the decoder has come to its end.
  Tree Take() { return std::move(root_); }

 private:
  Tree* Add(Tree value);
  bool Open(Tree value, std::size_t items);

  Tree root_;
  // Open lists and maps, outermost first. Only the last one grows, so the others do not move.
  std::vector<Tree*> open_;
  std::string key_;
  std::size_t values_ = 0;
  std::string problem_;
};

// Errors: kTooLarge over limits.h' size, else kInvalid; the texts say what and where, never the
// content.
Result<Tree> ParseJson(std::string_view text);
// What is not UTF-8 becomes U+FFFD; what is no number becomes null.
std::string WriteJson(const Tree& tree, int indent);

}  // namespace consilium
