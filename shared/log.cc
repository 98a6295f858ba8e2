#include "shared/log.h"

#include <spdlog/logger.h>
#include <spdlog/pattern_formatter.h>
#include <spdlog/sinks/stdout_sinks.h>

#include <algorithm>
#include <array>
#include <memory>
#include <mutex>

#include "shared/text.h"

namespace consilium {
namespace {

constexpr std::size_t kValueBytesMax = 256;
constexpr std::array<std::string_view, 5> kLevelNames = {"debug", "info", "warn", "error", "off"};

struct Sink {
  std::string program;
  LogLevel level = LogLevel::kWarn;
  std::shared_ptr<spdlog::logger> logger;
};

std::shared_ptr<const Sink> MakeSink(std::string_view program, LogLevel level) {
  auto sink = std::make_shared<Sink>();
  sink->program = program;
  sink->level = level;
  sink->logger = std::make_shared<spdlog::logger>(
      std::string(program), std::make_shared<spdlog::sinks::stderr_sink_mt>());
  // The level is ours (below), so that a line that nobody wants is never put together.
  sink->logger->set_level(spdlog::level::trace);
  sink->logger->set_pattern("%Y-%m-%dT%H:%M:%S.%eZ %v", spdlog::pattern_time_type::utc);
  return sink;
}

std::mutex& Guard() {
  static std::mutex guard;
  return guard;
}

// Shared, so that a thread that is writing keeps the old sink alive while StartLog() replaces it.
std::shared_ptr<const Sink>& Current() {
  static std::shared_ptr<const Sink> current = MakeSink("consilium", LogLevel::kWarn);
  return current;
}

bool NeedsQuotes(std::string_view value) {
  return value.empty() || std::any_of(value.begin(), value.end(), [](char c) {
           return c == ' ' || c == '"' || c == '=' || c == '\\' ||
                  static_cast<unsigned char>(c) < 0x20;
         });
}

std::string Line(const Sink& sink, LogLevel level, std::string_view event,
                 std::initializer_list<LogField> fields) {
  std::string line;
  line.reserve(160);
  line += kLevelNames[static_cast<std::size_t>(level)];
  line += ' ';
  line += sink.program;
  line += ' ';
  line += event;
  for (const LogField& field : fields) {
    line += ' ';
    line += Escaped(field.key);
    line += '=';
    if (field.value.size() > kValueBytesMax || NeedsQuotes(field.value)) {
      line += Quoted(field.value, kValueBytesMax);
    } else {
      line += Escaped(field.value);
    }
  }
  return line;
}

}  // namespace

Result<LogLevel> ParseLogLevel(std::string_view name) {
  const auto* const found = std::find(kLevelNames.begin(), kLevelNames.end(), name);
  if (found == kLevelNames.end()) {
    return Invalid("log level = " + Quoted(name) +
                   ", expected one of debug, info, warn, error, off");
  }
  return static_cast<LogLevel>(found - kLevelNames.begin());
}

void StartLog(std::string_view program, LogLevel level) {
  auto sink = MakeSink(program, level);
  const std::lock_guard lock(Guard());
  Current() = std::move(sink);
}

void Log(LogLevel level, std::string_view event, std::initializer_list<LogField> fields) {
  std::shared_ptr<const Sink> sink;
  {
    const std::lock_guard lock(Guard());
    sink = Current();
  }
  if (level < sink->level || level == LogLevel::kOff) return;
  const std::string line = Line(*sink, level, event, fields);
  const spdlog::string_view_t view(line.data(), line.size());
  switch (level) {
    case LogLevel::kDebug:
      sink->logger->log(spdlog::level::debug, view);
      break;
    case LogLevel::kInfo:
      sink->logger->log(spdlog::level::info, view);
      break;
    case LogLevel::kWarn:
      sink->logger->log(spdlog::level::warn, view);
      break;
    case LogLevel::kError:
    case LogLevel::kOff:
      sink->logger->log(spdlog::level::err, view);
      break;
  }
}

}  // namespace consilium
