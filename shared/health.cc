#include "shared/health.h"

#include <charconv>
#include <cstdio>
#include <fstream>

namespace consilium {
namespace {

constexpr milliseconds kEvery{1000};

std::int64_t SteadyMs(TimePoint now) {
  return std::chrono::duration_cast<milliseconds>(now.time_since_epoch()).count();
}

// Under its name the file is always whole.
bool Write(const std::string& path, const std::string& text) {
  const std::string draft = path + ".new";
  std::ofstream out(draft, std::ios::trunc);
  out << text;
  out.close();
  return out.good() && std::rename(draft.c_str(), path.c_str()) == 0;
}

}  // namespace

TimePoint HealthFile::Tell(const std::string& trouble, TimePoint now) {
  if (path_.empty()) return TimePoint::max();
  if (now < next_ && trouble == told_) return next_;
  if (!Write(path_, std::to_string(SteadyMs(now)) + "\n" + trouble) && failures_.Due()) {
    LogWarn("health_not_written", {{"file", path_}, {"count", failures_.count()}});
  }
  told_ = trouble;
  next_ = now + kEvery;
  return next_;
}

Status ReadHealth(const std::string& path, milliseconds silence_max, bool alive_only,
                  TimePoint now) {
  std::ifstream in(path);
  std::string written;
  std::string trouble;
  if (!in || !std::getline(in, written)) {
    return Error{
        ErrorCode::kNotFound,
        path + ": cannot be read: no program runs here that was started with --health " + path};
  }
  std::getline(in, trouble);
  std::int64_t at = 0;
  const auto [stop, error] = std::from_chars(written.data(), written.data() + written.size(), at);
  if (error != std::errc() || stop != written.data() + written.size()) {
    return Error{ErrorCode::kInvalid,
                 path + ": expected the file of a program that was started with --health FILE"};
  }
  const std::int64_t silence = SteadyMs(now) - at;
  if (silence > silence_max.count() || silence < 0) {
    return Error{ErrorCode::kTimeout, "no sign of life for " + std::to_string(silence) + " ms"};
  }
  if (!trouble.empty() && !alive_only) return Error{ErrorCode::kUnavailable, trouble};
  return Ok();
}

}  // namespace consilium
