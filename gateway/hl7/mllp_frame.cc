#include "gateway/hl7/mllp_frame.h"

#include <algorithm>
#include <utility>

#include "gateway/hl7/delimiters.h"
#include "gateway/hl7/lead.h"
#include "shared/check.h"

namespace consilium {
namespace {

constexpr char kStart = '\x0B';
constexpr char kEnd = '\x1C';
constexpr char kReturn = '\r';
constexpr std::size_t kNone = std::string_view::npos;
constexpr std::size_t kRejectedMax = 1024;
// What was read is moved out of the buffer when that much of it is waste.
constexpr std::size_t kWasteMax = 64U << 10;

bool IsBlank(char c) { return c == ' ' || c == '\t' || c == '\r' || c == '\n' || c == '\0'; }

bool IsWordCharacter(char c) {
  const char lower = static_cast<char>(c | 0x20);
  return (c >= '0' && c <= '9') || (lower >= 'a' && lower <= 'z');
}

// The first 0x0B or 0x1C from `from` on, before `to`.
std::size_t FindMark(std::string_view text, std::size_t from, std::size_t to) {
  return FindEither(text.substr(0, to), from, kStart, kEnd);
}

// With a byte order mark before it or without.
HeaderMatch MatchHeader(std::string_view text) {
  if (text.substr(0, kUtf8Mark.size()) == kUtf8Mark) text.remove_prefix(kUtf8Mark.size());
  if (text.size() < kUtf8Mark.size() && text == kUtf8Mark.substr(0, text.size()))
    return HeaderMatch::kMaybe;
  return MatchHl7Header(text);
}

std::string Bytes(std::size_t count) { return std::to_string(count) + " bytes"; }

}  // namespace

MllpReader::MllpReader(std::size_t payload_max)
    : payload_max_(std::min(payload_max, std::size_t{1} << 30)) {
  CHECK(payload_max >= 1, "the limit of a payload is checked with the configuration");
}

void MllpReader::Feed(std::string_view bytes) { buffer_ += bytes; }

std::optional<Result<MllpPayload>> MllpReader::Next() {
  Outcome outcome;
  while (!outcome) {
    const bool moved = state_ == State::kBetween ? SkipGarbage() : ReadFrame(outcome);
    if (!moved) break;
  }
  LetGo();
  return outcome;
}

// Of what was read, and of the room that it took: most connections are idle most of the time.
void MllpReader::LetGo() {
  const bool all = begin_ == buffer_.size();
  if (begin_ >= kWasteMax && begin_ >= buffer_.size() / 2) {
    buffer_ = buffer_.substr(begin_);
  } else if (all) {
    buffer_.clear();
  } else {
    return;
  }
  scan_ -= begin_;
  begin_ = 0;
}

void MllpReader::Begin(State state, std::size_t at) {
  state_ = state;
  begin_ = scan_ = at;
  ++begun_;
}

// False = more bytes are needed.
bool MllpReader::SkipGarbage() {
  for (; scan_ < buffer_.size(); ++scan_, ++begin_, ++garbage_bytes_) {
    const char c = buffer_[scan_];
    if (c == kStart) {
      Begin(State::kFrame, scan_ + 1);
      return true;
    }
    if (!IsWordCharacter(before_)) {
      const HeaderMatch match = MatchHl7Header(rest());
      if (match == HeaderMatch::kMaybe) return false;
      if (match == HeaderMatch::kYes) {
        Begin(State::kUnframed, scan_);
        return true;
      }
    }
    before_ = c;
  }
  return false;
}

bool MllpReader::ReadFrame(Outcome& outcome) {
  // The end may stand right behind the last byte that is allowed.
  const bool skips = state_ == State::kSkip;
  const std::size_t limit = skips ? buffer_.size() : begin_ + payload_max_ + 1;
  const std::size_t mark = FindMark(buffer_, scan_, limit);
  if (mark != kNone) {
    scan_ = mark;
    return buffer_[mark] == kEnd ? AtEnd(mark, outcome) : AtStart(mark, outcome);
  }
  scan_ = std::min(limit, buffer_.size());
  if (skips) {
    begin_ = scan_;
  } else if (scan_ == limit) {
    outcome = RefuseTooLarge(scan_);
    state_ = State::kSkip;
    begin_ = scan_;
    return true;
  }
  return false;
}

// 0x1C.
bool MllpReader::AtEnd(std::size_t at, Outcome& outcome) {
  if (at + 1 == buffer_.size()) return false;
  const char next = buffer_[at + 1];
  if (next != kReturn && next != kStart) {
    ++scan_;
    return true;
  }
  Emit(at, outcome);
  begin_ = scan_ = at + (next == kReturn ? 2 : 1);
  return true;
}

// 0x0B.
bool MllpReader::AtStart(std::size_t at, Outcome& outcome) {
  if (state_ == State::kFrame && at == begin_) {
    ++garbage_bytes_;
    begin_ = scan_ = at + 1;
    return true;
  }
  const std::size_t end = state_ == State::kSkip ? kNone : WithoutEnd(at);
  if (end != kNone) {
    Emit(end, outcome);
    begin_ = scan_ = at;
    return true;
  }
  const HeaderMatch match = MatchHeader(std::string_view(buffer_).substr(at + 1));
  if (match == HeaderMatch::kMaybe) return false;
  if (match == HeaderMatch::kNo) {
    ++scan_;
    return true;
  }
  if (state_ == State::kFrame) {
    std::string text = "a frame began before the one of ";
    text += Bytes(at - begin_);
    text += " ended, expected 0x1C 0x0D";
    outcome = Refuse(at, Invalid(std::move(text)));
    state_ = State::kBetween;
    before_ = '\0';
  } else {
    Emit(at, outcome);
    if (outcome) outcome->value().ended = false;
  }
  begin_ = scan_ = at;
  return true;
}

void MllpReader::Emit(std::size_t end, Outcome& outcome) {
  if (state_ != State::kSkip) {
    MllpPayload payload;
    payload.bytes = buffer_.substr(begin_, end - begin_);
    payload.begun = state_ == State::kFrame;
    outcome = std::move(payload);
  }
  state_ = State::kBetween;
  before_ = '\0';
}

Result<MllpPayload> MllpReader::Refuse(std::size_t end, Error error) {
  rejected_ = buffer_.substr(begin_, std::min(end - begin_, kRejectedMax));
  return error;
}

Result<MllpPayload> MllpReader::RefuseTooLarge(std::size_t end) {
  std::string text = "the payload of a frame has more than ";
  text += Bytes(payload_max_);
  return Refuse(end, {ErrorCode::kTooLarge, std::move(text)});
}

// Where 0x1C stands when nothing but blanks is between it and `end`; kNone = nowhere.
std::size_t MllpReader::WithoutEnd(std::size_t end) const {
  while (end > begin_ && IsBlank(buffer_[end - 1])) --end;
  return end > begin_ && buffer_[end - 1] == kEnd ? end - 1 : kNone;
}

std::optional<Result<MllpPayload>> MllpReader::Finish() {
  Outcome outcome;
  const std::size_t size = buffer_.size();
  const std::size_t end = state_ == State::kBetween ? kNone : WithoutEnd(size);
  const bool reads = state_ == State::kFrame || state_ == State::kUnframed;
  const bool unframed = state_ == State::kUnframed;
  if (reads && std::min(end, size) - begin_ > payload_max_) {
    // What might have been the next header was not.
    outcome = RefuseTooLarge(size);
  } else if (end != kNone) {
    Emit(end, outcome);
  } else if (unframed) {
    Emit(size, outcome);
    outcome->value().ended = false;
  } else if (state_ == State::kFrame) {
    std::string text = "the stream ended after ";
    text += Bytes(size - begin_);
    text += " of a payload, expected 0x1C 0x0D";
    outcome = Refuse(size, Invalid(std::move(text)));
  } else if (state_ == State::kBetween) {
    garbage_bytes_ += size - begin_;
  }
  buffer_.clear();
  begin_ = scan_ = 0;
  state_ = State::kBetween;
  before_ = '\0';
  return outcome;
}

std::string MllpFrame(std::string_view payload) {
  std::string frame;
  frame.reserve(payload.size() + 3);
  frame += kStart;
  while (!payload.empty()) {
    const std::size_t marks = payload.find(kEnd);
    frame += payload.substr(0, marks);
    if (marks == kNone) break;
    payload.remove_prefix(marks);
    const std::size_t behind = payload.find_first_not_of(kEnd);
    if (behind == kNone) break;
    if (payload[behind] != kReturn) frame += payload.substr(0, behind);
    payload.remove_prefix(behind);
  }
  frame += kEnd;
  frame += kReturn;
  return frame;
}

}  // namespace consilium
