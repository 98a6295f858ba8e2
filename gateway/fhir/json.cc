#include "gateway/fhir/json.h"

#include <nlohmann/json.hpp>
#include <utility>
#include <vector>

#include "shared/text.h"

namespace consilium {
namespace {

using Kind = FhirValue::Kind;

constexpr std::size_t kNameBytesMax = 64;

std::string Index(std::size_t i) { return "[" + std::to_string(i) + "]"; }

// Builds the tree from the events of nlohmann's parser, which keeps no stack of calls.
class TreeBuilder : public nlohmann::json_sax<nlohmann::json> {
 public:
  explicit TreeBuilder(const FhirJsonLimits& limits) : limits_(limits) {}

  bool null() override { return Add(Kind::kNull, ""); }
  bool boolean(bool value) override { return Add(Kind::kBoolean, value ? "true" : "false"); }
  bool number_integer(number_integer_t value) override {
    return Add(Kind::kNumber, std::to_string(value));
  }
  bool number_unsigned(number_unsigned_t value) override {
    return Add(Kind::kNumber, std::to_string(value));
  }
  bool number_float(number_float_t, const string_t& text) override {
    return Add(Kind::kNumber, text);
  }
  bool string(string_t& text) override { return Add(Kind::kText, std::move(text)); }
  bool binary(binary_t&) override { return false; }  // not in JSON
  bool start_object(std::size_t) override { return Open(Kind::kObject); }
  bool start_array(std::size_t) override { return Open(Kind::kArray); }
  bool end_object() override { return Close(); }
  bool end_array() override { return Close(); }
  bool key(string_t& name) override {
    FhirValue& object = *open_.back();
    if (object.Find(name) != nullptr) {
      object.names.push_back(std::move(name));  // for the path
      return Refuse("invalid", "the member is there twice");
    }
    if (object.names.size() >= limits_.members_max) {
      return Refuse("too-costly",
                    "an object with more than " + std::to_string(limits_.members_max) + " members");
    }
    object.names.push_back(std::move(name));
    return true;
  }
  bool parse_error(std::size_t position, const std::string&,
                   const nlohmann::detail::exception&) override {
    return Refuse("invalid", "not JSON at byte " + std::to_string(position));
  }

  FhirValue root;
  FhirIssue issue;

 private:
  // Where the next value goes; null when there are too many of them.
  FhirValue* Place() {
    FhirValue* const place = open_.empty() ? &root : &open_.back()->items.emplace_back();
    if (++values_ <= limits_.values_max) return place;
    Refuse("too-costly", "more than " + std::to_string(limits_.values_max) + " values");
    return nullptr;
  }
  bool Add(Kind kind, std::string text) {
    FhirValue* const place = Place();
    if (place == nullptr) return false;
    place->kind = kind;
    place->text = std::move(text);
    return true;
  }
  bool Open(Kind kind) {
    if (open_.size() >= limits_.depth_max) {
      return Refuse("too-costly",
                    "nested deeper than " + std::to_string(limits_.depth_max) + " levels");
    }
    FhirValue* const place = Place();
    if (place == nullptr) return false;
    place->kind = kind;
    open_.push_back(place);  // stays where it is: its parent gets no sibling while it is open
    return true;
  }
  bool Close() {
    open_.pop_back();
    return true;
  }
  bool Refuse(const char* code, std::string diagnostics) {
    if (issue.code.empty()) issue = {"fatal", code, Path(), std::move(diagnostics)};
    return false;
  }
  std::string Path() const {
    std::string path = ResourceTypeOf(root);
    if (path.empty()) path = "Resource";
    for (const FhirValue* value : open_) {
      if (value->kind == Kind::kObject && !value->names.empty()) {
        path += "." + NameForPath(value->names.back());
      } else if (value->kind == Kind::kArray) {
        path += Index(value->items.empty() ? 0 : value->items.size() - 1);
      }
    }
    return path;
  }

  const FhirJsonLimits limits_;
  std::vector<FhirValue*> open_;
  std::size_t values_ = 0;
};

bool HasControlCharacter(std::string_view text) {
  for (const char c : text) {
    if (static_cast<unsigned char>(c) < 0x20 && c != '\t' && c != '\n' && c != '\r') return true;
  }
  return false;
}

// `where` is below the value that is looked at; the callers put in front what is above.
FhirIssue Wrong(const char* code, const char* diagnostics, std::string where = "") {
  return {"error", code, std::move(where), diagnostics};
}

// Of `name` in `object`: the array that fills the other half of a primitive array.
const FhirValue* Twin(const FhirValue& object, std::string_view name) {
  const FhirValue* const twin =
      name.substr(0, 1) == "_" ? object.Find(name.substr(1)) : object.Find("_" + std::string(name));
  return twin != nullptr && twin->kind == Kind::kArray ? twin : nullptr;
}

FhirIssue CheckValue(const FhirValue& value);

// `array` is the member `name` of `object`.
FhirIssue CheckArray(const FhirValue& array, const FhirValue& object, std::string_view name) {
  if (array.items.empty()) return Wrong("structure", "an empty array, expected items or nothing");
  for (std::size_t i = 0; i < array.items.size(); ++i) {
    const FhirValue& item = array.items[i];
    if (item.kind == Kind::kArray) return Wrong("structure", "an array in an array", Index(i));
    if (item.kind == Kind::kNull) {
      const FhirValue* const twin = Twin(object, name);
      if (twin != nullptr && i < twin->items.size() && twin->items[i].kind != Kind::kNull) continue;
    }
    FhirIssue issue = CheckValue(item);
    if (issue.code.empty()) continue;
    issue.expression = Index(i) + issue.expression;
    return issue;
  }
  return {};
}

FhirIssue CheckObject(const FhirValue& object) {
  if (object.items.empty()) {
    return Wrong("structure", "an empty object, expected members or nothing");
  }
  for (std::size_t i = 0; i < object.items.size(); ++i) {
    const FhirValue& item = object.items[i];
    FhirIssue issue =
        item.kind == Kind::kArray ? CheckArray(item, object, object.names[i]) : CheckValue(item);
    if (issue.code.empty()) continue;
    issue.expression = "." + NameForPath(object.names[i]) + issue.expression;
    return issue;
  }
  return {};
}

FhirIssue CheckValue(const FhirValue& value) {
  switch (value.kind) {
    case Kind::kNull:
      return Wrong("structure", "null, expected a value or nothing");
    case Kind::kText:
      if (value.text.empty()) return Wrong("value", "an empty text, expected one or nothing");
      if (HasControlCharacter(value.text)) {
        return Wrong("value", "a control character, expected none but tab and line ends");
      }
      return {};
    case Kind::kArray:  // of no object: the arrays of objects are looked at there
      return Wrong("structure", "an array, expected an object");
    case Kind::kObject:
      return CheckObject(value);
    case Kind::kBoolean:
    case Kind::kNumber:
      break;
  }
  return {};
}

}  // namespace

std::string NameForPath(std::string_view name) {
  if (name.empty() || name.size() > kNameBytesMax) return "?";
  for (const char c : name) {
    const bool fits =
        (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
    if (!fits) return "?";
  }
  return std::string(name);
}

std::string ResourceTypeOf(const FhirValue& resource) {
  const std::string_view type = resource.TextOf("resourceType");
  return type.empty() ? "" : NameForPath(type);
}

FhirJsonResult ReadJsonTree(std::string_view bytes, const FhirJsonLimits& limits) {
  if (bytes.size() > limits.bytes_max) {
    return FhirIssue{"fatal", "too-long", "",
                     std::to_string(bytes.size()) + " bytes, expected at most " +
                         std::to_string(limits.bytes_max)};
  }
  const std::size_t bad = FindInvalidUtf8(bytes);
  if (bad != std::string_view::npos) {
    return FhirIssue{"fatal", "invalid", "", "not UTF-8 at byte " + std::to_string(bad + 1)};
  }
  TreeBuilder builder(limits);
  if (nlohmann::json::sax_parse(bytes, &builder)) return std::move(builder.root);
  if (builder.issue.code.empty()) builder.issue = {"fatal", "invalid", "", "not JSON"};
  return std::move(builder.issue);
}

FhirJsonResult ReadFhirJson(std::string_view bytes, const FhirJsonLimits& limits) {
  FhirJsonResult read = ReadJsonTree(bytes, limits);
  const FhirValue* const value = std::get_if<FhirValue>(&read);
  if (value == nullptr) return read;
  const std::string type = ResourceTypeOf(*value);
  FhirIssue issue = CheckFhirJson(*value, type.empty() ? "Resource" : type);
  if (issue.code.empty()) return read;
  issue.severity = "fatal";
  return issue;
}

FhirIssue CheckFhirJson(const FhirValue& resource, const std::string& path) {
  FhirIssue issue;
  if (resource.kind != Kind::kObject) {
    issue = Wrong("structure", "expected a resource, which is an object");
  } else if (issue = CheckObject(resource); issue.code.empty()) {
    const std::string type = ResourceTypeOf(resource);
    if (type.empty()) {
      issue = Wrong("required", "missing", ".resourceType");
    } else if (type == "?") {
      issue = Wrong("value", "expected the name of a type", ".resourceType");
    }
  }
  if (!issue.code.empty()) issue.expression = path + issue.expression;
  return issue;
}

}  // namespace consilium
