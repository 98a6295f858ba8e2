#include "cli/feed/feed_state.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstring>

#include "shared/file.h"
#include "shared/ids.h"
#include "shared/text.h"

namespace consilium {
namespace {

constexpr std::string_view kHead = "consilium feed state 1";
constexpr std::size_t kKeyDigits = 32;
constexpr std::size_t kStateBytesMax = 256u << 20;

bool IsKey(std::string_view text) {
  return text.size() == kKeyDigits &&
         text.find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

std::string Line(const std::string& key, std::int64_t number, bool refused) {
  return key + " " + std::to_string(number) + (refused ? " refused" : "") + "\n";
}

Error Failed(const std::string& file, const char* what) {
  return {ErrorCode::kUnavailable, file + ": " + what + ": " + std::strerror(errno)};
}

}  // namespace

std::string FeedState::KeyOf(const std::string& path, std::string_view content) {
  std::string both = path;
  both += '\0';
  both += content;
  return Sha256Hex(both).substr(0, kKeyDigits);
}

FeedState::~FeedState() {
  if (fd_ >= 0) close(fd_);
}

Status FeedState::Open(const std::string& file) {
  file_ = file;
  fd_ = open(file.c_str(), O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
  if (fd_ < 0) return Failed(file, "cannot be opened");
  if (flock(fd_, LOCK_EX | LOCK_NB) != 0) {
    return Error{ErrorCode::kConflict, file + ": another feed keeps its state there"};
  }
  const Result<std::string> text = ReadOpenFile(fd_, file, kStateBytesMax);
  if (!text) return text.error();
  std::string_view rest = *text;
  bool first = true;
  while (!rest.empty()) {
    const std::size_t end = rest.find('\n');
    if (end == std::string_view::npos) break;  // cut off
    const std::string_view line = rest.substr(0, end);
    rest.remove_prefix(end + 1);
    if (first && line != kHead) {
      return Invalid(file + ": is not the state of a feed, which begins with \"" +
                     std::string(kHead) + "\"");
    }
    first = false;
    const std::size_t space = line.find(' ');
    if (space == std::string_view::npos || !IsKey(line.substr(0, space))) continue;
    const std::string key(line.substr(0, space));
    constexpr std::string_view kRefused = " refused";
    std::string_view what = line.substr(space + 1);
    const bool refused = what.ends_with(kRefused);
    if (refused) what.remove_suffix(kRefused.size());
    std::int64_t number = 0;
    const auto [at, failed] = std::from_chars(what.data(), what.data() + what.size(), number);
    if (what == "all") {
      all_.insert(key);
      some_.erase(key);
    } else if (failed == std::errc() && at == what.data() + what.size()) {
      if (refused) refused_[key].insert(number);
      if (all_.count(key) == 0) some_[key].insert(number);
    }
  }
  if (first && !text->empty()) {
    return Invalid(file + ": is not the state of a feed, which begins with \"" +
                   std::string(kHead) + "\"");
  }
  // In place, as the lock is on this very file. Shorter than it was, or as long.
  std::string lines = std::string(kHead) + "\n";
  for (const std::string& key : all_) lines += key + " all\n";
  for (const auto& [key, numbers] : some_) {
    for (const std::int64_t number : numbers) {
      if (!WasRefused(key, number)) lines += Line(key, number, false);
    }
  }
  for (const auto& [key, numbers] : refused_) {
    for (const std::int64_t number : numbers) lines += Line(key, number, true);
  }
  if (lines == *text) return Ok();
  if (first || lines.size() < text->size()) {
    if (Status written = WriteFileAtomically(file, lines); !written) return written;
    const int fresh = open(file.c_str(), O_RDWR | O_APPEND | O_CLOEXEC);
    if (fresh < 0) return Failed(file, "cannot be opened");
    if (flock(fresh, LOCK_EX | LOCK_NB) != 0) {
      close(fresh);
      return Error{ErrorCode::kConflict, file + ": another feed keeps its state there"};
    }
    close(fd_);
    fd_ = fresh;
  }
  return Ok();
}

bool FeedState::HasAll(const std::string& key) const { return all_.count(key) > 0; }

bool FeedState::Has(const std::string& key, std::int64_t number) const {
  if (HasAll(key)) return true;
  const auto found = some_.find(key);
  return found != some_.end() && found->second.count(number) > 0;
}

bool FeedState::WasRefused(const std::string& key, std::int64_t number) const {
  const auto found = refused_.find(key);
  return found != refused_.end() && found->second.count(number) > 0;
}

Status FeedState::Append(const std::string& line) {
  std::size_t written = 0;
  while (written < line.size()) {
    const ssize_t more = write(fd_, line.data() + written, line.size() - written);
    if (more < 0 && errno == EINTR) continue;
    if (more < 0) return Failed(file_, "cannot be written");
    written += static_cast<std::size_t>(more);
  }
  return Ok();
}

Status FeedState::Add(const std::string& key, std::int64_t number, bool refused) {
  if (fd_ < 0 || Has(key, number)) return Ok();
  some_[key].insert(number);
  if (refused) refused_[key].insert(number);
  return Append(Line(key, number, refused));
}

Status FeedState::AddAll(const std::string& key) {
  if (fd_ < 0 || HasAll(key)) return Ok();
  all_.insert(key);
  some_.erase(key);
  return Append(key + " all\n");
}

}  // namespace consilium
