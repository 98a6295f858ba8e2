// One line per event: time, level, program, `event` (a stable noun_verb), then key=value pairs.
//
// Values are short and technical: ids, models, counts, codes. Never case text, prompts, answers or
// keys. Values with spaces or quotes are quoted; control characters are escaped; each is cut at 256
// bytes. Goes to standard error. Threads: safe from any.   The only file that includes spdlog is
// log.cc.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <type_traits>

#include "shared/result.h"

namespace consilium {

enum class LogLevel { kDebug, kInfo, kWarn, kError, kOff };
Result<LogLevel> ParseLogLevel(std::string_view name);  // debug, info, warn, error, off

struct LogField {
  LogField(std::string_view k, std::string_view v) : key(k), value(v) {}
  LogField(std::string_view k, const std::string& v) : key(k), value(v) {}
  LogField(std::string_view k, const char* v) : key(k), value(v) {}
  template <class Number>
  requires std::is_arithmetic_v<Number> LogField(std::string_view k, Number v)
      : key(k), value(std::to_string(v)) {}
  std::string key;
  std::string value;
};

void StartLog(std::string_view program, LogLevel level);
void Log(LogLevel level, std::string_view event, std::initializer_list<LogField> fields = {});
inline void LogInfo(std::string_view e, std::initializer_list<LogField> f = {}) {
  Log(LogLevel::kInfo, e, f);
}
inline void LogWarn(std::string_view e, std::initializer_list<LogField> f = {}) {
  Log(LogLevel::kWarn, e, f);
}
inline void LogError(std::string_view e, std::initializer_list<LogField> f = {}) {
  Log(LogLevel::kError, e, f);
}
inline void LogDebug(std::string_view e, std::initializer_list<LogField> f = {}) {
  Log(LogLevel::kDebug, e, f);
}

// For failures that repeat: true at the 1st, 2nd, 4th, 8th ... call since Reset().
class PowersOfTwo {
 public:
  bool Due() {
    ++count_;
    return (count_ & (count_ - 1)) == 0;
  }
  std::int64_t count() const { return count_; }
  void Reset() { count_ = 0; }

 private:
  std::int64_t count_ = 0;
};

}  // namespace consilium
