#include "worker/json_lines.h"

#include <istream>

#include "worker/json_object.h"
#include "worker/text_clean.h"

namespace consilium {
namespace {

using Json = nlohmann::json;
using Words = std::vector<std::string>;

bool ToText(const Json& value, std::string& text) {
  if (!value.is_string()) return false;
  text = value.get<std::string>();
  return true;
}

bool ToWords(const Json& value, Words& words) {
  if (!value.is_array()) return false;
  for (const Json& item : value) {
    if (!item.is_string() || Trimmed(item.get<std::string>()).empty()) return false;
    words.push_back(item.get<std::string>());
  }
  return true;
}

bool ToLists(const Json& value, std::vector<Words>& lists) {
  if (!value.is_array()) return false;
  for (const Json& item : value) {
    if (!ToWords(item, lists.emplace_back())) return false;
  }
  return true;
}

bool ToAmount(const Json& value, std::optional<double>& amount) {
  if (!value.is_number() || !(value.get<double>() >= 0.0)) return false;
  amount = value.get<double>();
  return true;
}

constexpr char kText[] = "a string";
constexpr char kWords[] = "an array of non-empty strings";
constexpr char kLists[] = "an array of arrays of non-empty strings";

}  // namespace

template <class T>
void LineReader::Read(const char* key, bool needed, const char* expected, T& value,
                      bool (*convert)(const Json&, T&)) {
  if (problem_) return;
  const auto found = object_.find(key);
  if (found == object_.end() || found->is_null()) {
    if (needed) problem_ = std::string(key) + ": missing, expected " + expected;
    return;
  }
  T read;
  if (convert(*found, read)) {
    value = std::move(read);
  } else {
    problem_ = std::string(key) + ": expected " + expected;
  }
}

void LineReader::Need(const char* key, std::string& value) {
  Read(key, true, kText, value, ToText);
}
void LineReader::Need(const char* key, Words& value) { Read(key, true, kWords, value, ToWords); }
void LineReader::Need(const char* key, std::vector<Words>& value) {
  Read(key, true, kLists, value, ToLists);
}
void LineReader::Allow(const char* key, std::string& value) {
  Read(key, false, kText, value, ToText);
}
void LineReader::Allow(const char* key, Words& value) { Read(key, false, kWords, value, ToWords); }
void LineReader::Allow(const char* key, std::vector<Words>& value) {
  Read(key, false, kLists, value, ToLists);
}
void LineReader::Allow(const char* key, std::optional<double>& value) {
  Read(key, false, "a number of at least 0", value, ToAmount);
}

Status ReadJsonLines(std::istream& input, const std::string& file,
                     std::vector<std::string>& warnings, const UseLine& use) {
  if (!input || input.peek() == std::istream::traits_type::eof()) {
    return Error{ErrorCode::kNotFound, file + ": missing, empty or not readable"};
  }
  std::size_t bad = 0;
  std::size_t bytes = 0;
  std::size_t number = 0;
  std::string line;
  while (std::getline(input, line)) {
    ++number;
    bytes += line.size() + 1;
    if (bytes > kKnowledgeBytesMax) {
      return Error{ErrorCode::kTooLarge, file + ": more than " +
                                             std::to_string(kKnowledgeBytesMax >> 20) +
                                             " MiB, expected at most that"};
    }
    if (Trimmed(line).empty()) continue;
    const std::optional<Json> object = ReadJson(line);
    std::optional<std::string> problem = "expected a JSON object";
    if (object && object->is_object()) problem = use(*object);
    if (!problem) continue;
    if (++bad <= kWarningsMax) {
      warnings.push_back(file + ":" + std::to_string(number) + ": " + *problem);
    }
  }
  if (bad > kWarningsMax) {
    warnings.push_back(file + ": " + std::to_string(bad - kWarningsMax) + " more bad lines");
  }
  return Ok();
}

}  // namespace consilium
