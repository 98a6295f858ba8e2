// Reading of the files that simulated and replayed models know cases from: one JSON object per
// line. Included by .cc files only: it needs nlohmann/json. Threads: functions without state.
#pragma once

#include <functional>
#include <iosfwd>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "shared/result.h"

namespace consilium {

inline constexpr std::size_t kKnowledgeBytesMax = 64u
                                                  << 20;  // of a whole file; it is kept in memory
inline constexpr std::size_t kWarningsMax = 20;           // then only a count follows

// Calls `use` for the object of each line; its text, if any, says what is wrong with it. Such
// lines, and those that are no JSON objects, become warnings `file:line: ...`; empty lines are
// skipped. Errors: kNotFound, kTooLarge for the file as a whole, which `file` names in messages.
using UseLine = std::function<std::optional<std::string>(const nlohmann::json& object)>;
Status ReadJsonLines(std::istream& input, const std::string& file,
                     std::vector<std::string>& warnings, const UseLine& use);

// Typed members for `use`: each sets `problem` ("id: missing, expected a string") when it fails,
// and then does nothing more. A missing or null optional one leaves `value` as it is.
class LineReader {
 public:
  explicit LineReader(const nlohmann::json& object) : object_(object) {}

  void Need(const char* key, std::string& value);
  void Need(const char* key, std::vector<std::string>& value);
  void Need(const char* key, std::vector<std::vector<std::string>>& value);
  void Allow(const char* key, std::string& value);
  void Allow(const char* key, std::vector<std::string>& value);
  void Allow(const char* key, std::vector<std::vector<std::string>>& value);
  void Allow(const char* key, std::optional<double>& value);  // not negative

  const std::optional<std::string>& problem() const { return problem_; }

 private:
  template <class T>
  void Read(const char* key, bool needed, const char* expected, T& value,
            bool (*convert)(const nlohmann::json&, T&));
  const nlohmann::json& object_;
  std::optional<std::string> problem_;
};

}  // namespace consilium
