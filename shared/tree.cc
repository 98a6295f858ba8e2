#include "shared/tree.h"

#include <algorithm>
#include <cmath>

#include "shared/limits.h"
#include "shared/text.h"

namespace consilium {
namespace {

constexpr std::size_t kReserveMax = 64;  // a promised length is a claim until the items are there

std::string AtMost(std::size_t limit) { return ", at most " + std::to_string(limit); }

// The key that stands twice, or nullptr.
const std::string* FindDuplicate(const Tree::object_t& map) {
  std::vector<const std::string*> keys;
  keys.reserve(map.size());
  for (const auto& [key, value] : map) keys.push_back(&key);
  std::sort(keys.begin(), keys.end(),
            [](const std::string* a, const std::string* b) { return *a < *b; });
  const auto twice =
      std::adjacent_find(keys.begin(), keys.end(),
                         [](const std::string* a, const std::string* b) { return *a == *b; });
  return twice == keys.end() ? nullptr : *twice;
}

// Where byte `offset` stands, for a person.
std::string LineAndColumn(std::string_view text, std::size_t offset) {
  const std::string_view before = text.substr(0, offset);
  const auto lines = std::count(before.begin(), before.end(), '\n');
  const std::size_t newline = before.rfind('\n');
  const std::size_t column = newline == std::string_view::npos ? offset : offset - newline - 1;
  return "line " + std::to_string(lines + 1) + ", column " + std::to_string(column + 1);
}

// nlohmann's SAX interface; its parser keeps its own stack, so depth costs no recursion.
class JsonEvents {
 public:
  using number_integer_t = Tree::number_integer_t;
  using number_unsigned_t = Tree::number_unsigned_t;
  using number_float_t = Tree::number_float_t;
  using string_t = Tree::string_t;
  using binary_t = Tree::binary_t;

  JsonEvents(std::string_view text, TreeBuilder& builder) : text_(text), builder_(builder) {}

  // NOLINTBEGIN(readability-identifier-naming): the names are nlohmann's
  bool null() { return builder_.Null(); }
  bool boolean(bool value) { return builder_.Bool(value); }
  bool number_integer(std::int64_t value) { return builder_.Integer(value); }
  bool number_unsigned(std::uint64_t value) { return builder_.Unsigned(value); }
  bool number_float(double value, const string_t&) { return builder_.Number(value); }
  bool string(string_t& value) { return builder_.Text(value); }
  bool binary(binary_t&) { return builder_.Fail("binary data"); }
  bool start_object(std::size_t) { return builder_.StartMap(); }
  bool key(string_t& key) { return builder_.Key(key); }
  bool end_object() { return builder_.EndMap(); }
  bool start_array(std::size_t) { return builder_.StartList(); }
  bool end_array() { return builder_.EndList(); }
  // The exception's own text repeats what was read and may not travel.
  bool parse_error(std::size_t position, const std::string&, const nlohmann::json::exception& why) {
    constexpr int kNumberOutOfRange = 406;
    const std::size_t offset = std::min(text_.size(), position == 0 ? 0 : position - 1);
    const char* what = why.id == kNumberOutOfRange ? "a number out of range"
                       : offset >= text_.size()    ? "the text ends too early"
                                                   : "unexpected character";
    return builder_.Fail(LineAndColumn(text_, offset) + ": " + what);
  }
  // NOLINTEND(readability-identifier-naming)

 private:
  std::string_view text_;
  TreeBuilder& builder_;
};

}  // namespace

// Here, because an empty tree may throw for want of memory and the class must not promise
// otherwise.
TreeBuilder::TreeBuilder() = default;

bool TreeBuilder::Fail(std::string problem) {
  if (problem_.empty()) problem_ = std::move(problem);
  return false;
}

Tree* TreeBuilder::Add(Tree value) {
  if (++values_ > limits::kValuesMax) {
    Fail("too many values" + AtMost(limits::kValuesMax));
    return nullptr;
  }
  if (open_.empty()) {
    root_ = std::move(value);
    return &root_;
  }
  Tree& parent = *open_.back();
  if (parent.is_array()) {
    auto& items = parent.get_ref<Tree::array_t&>();
    if (items.size() >= limits::kArrayItemsMax) {
      Fail("a list is too long" + AtMost(limits::kArrayItemsMax));
      return nullptr;
    }
    items.push_back(std::move(value));
    return &items.back();
  }
  auto& items = parent.get_ref<Tree::object_t&>();
  if (items.size() >= limits::kMapItemsMax) {
    Fail("a map is too long" + AtMost(limits::kMapItemsMax));
    return nullptr;
  }
  // Past the map's own emplace(), which looks through all keys each time; EndMap() looks once.
  items.emplace_back(std::move(key_), std::move(value));
  return &items.back().second;
}

bool TreeBuilder::Number(double value) {
  if (!std::isfinite(value)) return Fail("a number that is not finite");
  return Add(value) != nullptr;
}

bool TreeBuilder::Text(std::string_view value) {
  if (value.size() > limits::kStringBytesMax) {
    return Fail("a string of " + std::to_string(value.size()) + " bytes" +
                AtMost(limits::kStringBytesMax));
  }
  if (FindInvalidUtf8(value) != std::string_view::npos) return Fail("a string is not UTF-8");
  return Add(std::string(value)) != nullptr;
}

bool TreeBuilder::Key(std::string_view key) {
  if (key.size() > limits::kStringBytesMax) {
    return Fail("a key of " + std::to_string(key.size()) + " bytes" +
                AtMost(limits::kStringBytesMax));
  }
  if (FindInvalidUtf8(key) != std::string_view::npos) return Fail("a key is not UTF-8");
  key_ = key;
  return true;
}

bool TreeBuilder::Open(Tree value, std::size_t items) {
  if (open_.size() >= limits::kDepthMax) return Fail("nested too deep" + AtMost(limits::kDepthMax));
  Tree* const added = Add(std::move(value));
  if (added == nullptr) return false;
  const std::size_t reserve = std::min(items, kReserveMax);
  if (added->is_array()) {
    added->get_ref<Tree::array_t&>().reserve(reserve);
  } else {
    added->get_ref<Tree::object_t&>().reserve(reserve);
  }
  open_.push_back(added);
  return true;
}

bool TreeBuilder::StartList(std::size_t items) {
  if (items > limits::kArrayItemsMax) {
    return Fail("a list is too long" + AtMost(limits::kArrayItemsMax));
  }
  return Open(Tree::array(), items);
}

bool TreeBuilder::EndList() {
  open_.pop_back();
  return true;
}

bool TreeBuilder::StartMap(std::size_t items) {
  if (items > limits::kMapItemsMax) {
    return Fail("a map is too long" + AtMost(limits::kMapItemsMax));
  }
  return Open(Tree::object(), items);
}

bool TreeBuilder::EndMap() {
  const std::string* const twice = FindDuplicate(open_.back()->get_ref<Tree::object_t&>());
  if (twice != nullptr) return Fail("the key " + Quoted(*twice, 32) + " stands twice");
  open_.pop_back();
  return true;
}

Result<Tree> ParseJson(std::string_view text) {
  if (text.size() > limits::kMessageBytesMax) {
    return Error{ErrorCode::kTooLarge, "JSON of " + std::to_string(text.size()) + " bytes" +
                                           AtMost(limits::kMessageBytesMax)};
  }
  const std::size_t invalid = FindInvalidUtf8(text);
  if (invalid != std::string_view::npos) {
    return Invalid("not UTF-8: " + LineAndColumn(text, invalid));
  }
  TreeBuilder builder;
  JsonEvents events(text, builder);
  if (!Tree::sax_parse(text.begin(), text.end(), &events)) {
    return Invalid("not JSON: " + builder.problem());
  }
  return builder.Take();
}

std::string WriteJson(const Tree& tree, int indent) {
  return tree.dump(indent, ' ', false, Tree::error_handler_t::replace);
}

}  // namespace consilium
