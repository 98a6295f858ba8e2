#include "shared/msgpack.h"

#include <cmath>
#include <cstdint>
#include <msgpack.hpp>
#include <utility>

#include "shared/limits.h"
#include "shared/text.h"

namespace consilium {
namespace {

// msgpack's Stream concept.
class StringStream {
 public:
  explicit StringStream(std::string& text) : text_(text) {}
  // NOLINTNEXTLINE(readability-identifier-naming): the name is msgpack's
  void write(const char* bytes, std::size_t size) { text_.append(bytes, size); }

 private:
  std::string& text_;
};

// A packer holds nothing but a reference to its stream.
template <class Write>
void With(std::string& bytes, Write write) {
  StringStream stream(bytes);
  msgpack::packer<StringStream> packer(stream);
  write(packer);
}

// msgpack's visitor; its parser keeps its own stack, so depth costs no recursion.
class Visitor : public msgpack::null_visitor {
 public:
  explicit Visitor(TreeBuilder& builder) : builder_(builder) {}

  // NOLINTBEGIN(readability-identifier-naming): the names are msgpack's
  bool visit_nil() { return Value() && builder_.Null(); }
  bool visit_boolean(bool value) { return Value() && builder_.Bool(value); }
  bool visit_positive_integer(std::uint64_t value) {
    if (!Value()) return false;
    if (!std::in_range<std::int64_t>(value)) return builder_.Unsigned(value);
    return builder_.Integer(static_cast<std::int64_t>(value));
  }
  bool visit_negative_integer(std::int64_t value) { return Value() && builder_.Integer(value); }
  bool visit_float32(float value) { return visit_float64(static_cast<double>(value)); }
  bool visit_float64(double value) { return Value() && builder_.Number(value); }
  bool visit_str(const char* text, std::uint32_t size) {
    const std::string_view view(text, size);
    return in_key_ ? builder_.Key(view) : builder_.Text(view);
  }
  bool visit_bin(const char*, std::uint32_t) { return builder_.Fail("binary data"); }
  bool visit_ext(const char*, std::uint32_t) { return builder_.Fail("extension data"); }
  bool start_array(std::uint32_t items) { return Value() && builder_.StartList(items); }
  bool end_array() { return builder_.EndList(); }
  bool start_map(std::uint32_t items) { return Value() && builder_.StartMap(items); }
  bool start_map_key() { return in_key_ = true; }
  bool end_map_key() {
    in_key_ = false;
    return true;
  }
  bool end_map() { return builder_.EndMap(); }
  void parse_error(std::size_t, std::size_t) { builder_.Fail("not MessagePack"); }
  void insufficient_bytes(std::size_t, std::size_t) { builder_.Fail("it ends too early"); }
  // NOLINTEND(readability-identifier-naming)

 private:
  bool Value() { return !in_key_ || builder_.Fail("a key is not a string"); }

  TreeBuilder& builder_;
  bool in_key_ = false;
};

}  // namespace

PackStream::PackStream() { bytes_.reserve(512); }

void PackStream::Nil() {
  With(bytes_, [](auto& packer) { packer.pack_nil(); });
}

void PackStream::Bool(bool value) {
  With(bytes_, [value](auto& packer) { value ? packer.pack_true() : packer.pack_false(); });
}

void PackStream::Integer(std::int64_t value) {
  With(bytes_, [value](auto& packer) { packer.pack_int64(value); });
}

void PackStream::Number(double value) {
  if (!std::isfinite(value)) return Nil();
  With(bytes_, [value](auto& packer) { packer.pack_double(value); });
}

void PackStream::Text(std::string_view text) {
  if (FindInvalidUtf8(text) != std::string_view::npos) return Text(ToValidUtf8(text));
  With(bytes_, [text](auto& packer) {
    packer.pack_str(static_cast<std::uint32_t>(text.size()));
    packer.pack_str_body(text.data(), static_cast<std::uint32_t>(text.size()));
  });
}

void PackStream::List(std::size_t items) {
  With(bytes_, [items](auto& packer) { packer.pack_array(static_cast<std::uint32_t>(items)); });
}

void PackStream::Map(std::size_t items) {
  With(bytes_, [items](auto& packer) { packer.pack_map(static_cast<std::uint32_t>(items)); });
}

Result<Tree> UnpackTree(std::string_view bytes) {
  if (bytes.size() > limits::kMessageBytesMax) {
    return Error{ErrorCode::kTooLarge, "a message of " + std::to_string(bytes.size()) +
                                           " bytes, at most " +
                                           std::to_string(limits::kMessageBytesMax)};
  }
  TreeBuilder builder;
  Visitor visitor(builder);
  std::size_t offset = 0;
  if (!msgpack::parse(bytes.data(), bytes.size(), offset, visitor)) {
    const std::string& why = builder.problem();
    return Invalid("malformed message: " + (why.empty() ? "not MessagePack" : why));
  }
  if (offset != bytes.size()) return Invalid("malformed message: bytes after the end");
  return builder.Take();
}

}  // namespace consilium
