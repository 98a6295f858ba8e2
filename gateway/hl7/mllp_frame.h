// The frames of MLLP (release 1), read from a stream that may be cut anywhere and may hold
// anything:
//
//   0x0B payload 0x1C 0x0D
//
// Source: HL7 v2 appendix C / MLLP release 1; what is seen in the field: clinical.md 1.1, 1.7.
// Where the field differs from it:
//  - Between frames anything may stand (line ends, zero bytes, blanks, a byte order mark, garbage):
//    it is counted and skipped. But text that begins with a header (MSH, BHS or FHS and delimiters)
//    is a message whose sender left out 0x0B.
//  - Within a frame, 0x1C is data unless 0x0D follows. 0x1C and then 0x0B ends one frame and begins
//    the next (the sender left out 0x0D), also with blanks or line ends between.
//  - Within a frame, 0x0B is data (word processors end lines so), unless a header follows: then the
//    frame was cut off, which is an error, and the next begins.
//  - A frame that is too large is an error as soon as that is known; what belongs to it is skipped.
// UTF-16 and UTF-32 payloads work only as far as these bytes do not occur in them; MLLP forbids
// them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "shared/result.h"

namespace consilium {

// What came in one frame.
struct MllpPayload {
  std::string bytes;
  bool begun = true;  // false: without 0x0B
  bool ended = true;  // false: without 0x1C, so nothing tells whether it is whole

  friend bool operator==(const MllpPayload&, const MllpPayload&) = default;
};

// Invariant: what it yields depends on the bytes alone, not on how they were cut. Time is linear in
// the bytes, memory within `payload_max` and one Feed, when Next is called until it has nothing.
class MllpReader {
 public:
  // A payload has at most `payload_max` bytes (at least 1).
  explicit MllpReader(std::size_t payload_max);

  void Feed(std::string_view bytes);

  // The next payload, in order; nullopt = feed more.
  // Errors: kTooLarge, kInvalid (cut off by the next frame). Either way read on; rejected() holds
  // the beginning of what was refused, so that the sender can be told.
  std::optional<Result<MllpPayload>> Next();

  // Ends the stream, or gives up waiting (Next has nothing): what was half-read. A payload if only
  // 0x0D was missing, or 0x0B (`ended` is false then); else kInvalid, kTooLarge. nullopt = there
  // was none. The reader starts anew.
  std::optional<Result<MllpPayload>> Finish();

  // The first bytes (at most 1,024) of the payload that the latest error was about.
  const std::string& rejected() const { return rejected_; }

  // Once Next has nothing: a payload has begun and its end is missing (also while the rest of one
  // that is too large is skipped). For time limits: `begun` counts payloads that began, so that a
  // frame that never ends is told from many that do.
  bool half_read() const { return state_ != State::kBetween; }
  std::uint64_t begun() const { return begun_; }
  // Bytes that it keeps.
  std::size_t held() const { return buffer_.size(); }
  // Bytes outside of any frame, those that the protocol has for itself not counted.
  std::uint64_t garbage_bytes() const { return garbage_bytes_; }

 private:
  enum class State { kBetween, kFrame, kUnframed, kSkip };
  using Outcome = std::optional<Result<MllpPayload>>;

  std::string_view rest() const { return std::string_view(buffer_).substr(scan_); }
  void LetGo();
  bool SkipGarbage();
  bool ReadFrame(Outcome& outcome);
  bool AtEnd(std::size_t at, Outcome& outcome);
  bool AtStart(std::size_t at, Outcome& outcome);
  void Begin(State state, std::size_t at);
  void Emit(std::size_t end, Outcome& outcome);
  Result<MllpPayload> Refuse(std::size_t end, Error error);
  Result<MllpPayload> RefuseTooLarge(std::size_t end);
  std::size_t WithoutEnd(std::size_t end) const;

  std::size_t payload_max_;
  State state_ = State::kBetween;
  std::string buffer_;
  std::size_t begin_ = 0;  // of what is being read
  std::size_t scan_ = 0;   // up to here is known to be part of it
  char before_ = '\0';     // between frames: the byte before scan_
  std::string rejected_;
  std::uint64_t begun_ = 0;
  std::uint64_t garbage_bytes_ = 0;
};

// The payload in a frame. A frame's end within it (0x1C, several too, before 0x0D or at its end) is
// left out: what EscapeHl7 wrote has none.
std::string MllpFrame(std::string_view payload);

}  // namespace consilium
