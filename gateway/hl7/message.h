// An HL7 v2 message of vertical bars, read: segments, fields, repetitions, components and
// subcomponents by their numbers in the standard (from 1), whatever characters divide them.
//
// What is stated stays as it came; escape sequences are read when a value is asked for, after it
// was split, so nothing that was escaped ever divides anything. Nothing here knows what a segment
// means. Source: HL7 v2.5 chapter 2; clinical.md 1.1 to 1.3, 1.7.
// Threads: plain data; a message that does not change may be read by several.
#pragma once

#include <cstddef>
#include <cstdint>
#include <iterator>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "gateway/clinical/record.h"
#include "gateway/hl7/charset.h"
#include "gateway/hl7/delimiters.h"
#include "shared/result.h"

namespace consilium {

struct Hl7Limits {
  std::size_t bytes = 16U << 20;
  std::size_t segments = 65'536;
  std::size_t fields_per_segment = 4'096;
  std::size_t fields = 262'144;       // of the whole message
  std::size_t repetitions = 262'144;  // likewise; a text may have a line in each
};

struct Hl7Core;  // in message.cc: the text, and where its parts are

// One repetition of a field, of a message that must outlive it. A number that is 0 or beyond what
// is there yields "".
class Hl7Repetition {
 public:
  // `plain`: MSH-1 and MSH-2, where nothing divides and nothing is escaped.
  Hl7Repetition(const Hl7Core& core, std::string_view raw, bool plain)
      : core_(&core), raw_(raw), plain_(plain) {}

  // One subcomponent, with escape sequences read; "" when it is empty, absent or null. Right for
  // codes, numbers, dates and identifiers; for words use Text: senders forget to escape '&'.
  std::string Get(std::size_t component = 1, std::size_t subcomponent = 1) const;
  // One component for people: with whatever '&' stands in it.
  std::string Text(std::size_t component) const;
  // As it came.
  std::string_view Raw() const { return raw_; }

 private:
  const Hl7Core* core_;
  std::string_view raw_;
  bool plain_;
};

// The repetitions of a field in their order, for a range-based for.
class Hl7Repetitions {
 public:
  class Iterator {
   public:
    Iterator(const Hl7Core& core, std::string_view raw, bool plain);
    Hl7Repetition operator*() const { return {*core_, rest_.substr(0, end_), plain_}; }
    Iterator& operator++();
    bool operator!=(std::default_sentinel_t) const { return !done_; }

   private:
    const Hl7Core* core_;
    std::string_view rest_;
    std::size_t end_;  // of the one that it is at
    bool plain_;
    bool done_;
  };
  Hl7Repetitions(const Hl7Core& core, std::string_view raw, bool plain)
      : begin_(core, raw, plain) {}
  Iterator begin() const { return begin_; }
  std::default_sentinel_t end() const { return {}; }

 private:
  Iterator begin_;
};

// One segment of an Hl7Message, which must outlive it. All texts returned are UTF-8; a number that
// is 0 or beyond what is there yields "" (or 0, or false), never an error.
class Hl7Segment {
 public:
  Hl7Segment(const Hl7Core& core, std::size_t index) : core_(&core), index_(index) {}

  // Three characters, upper case: "PID", "ZPI".
  std::string_view name() const;
  // Which one of its name it is in the message, from 1.
  std::size_t number() const;
  // "PID-3", "OBX[2]-5": for a Remark. Field 0 = the segment.
  std::string Where(std::size_t field) const;

  // The number of the last field; MSH-1 is the field separator and MSH-2 the other delimiters.
  std::size_t Fields() const;
  // All of them, one after the other. What takes a repetition's number looks for it from the start
  // of the field: not for a loop over a field.
  Hl7Repetitions Each(std::size_t field) const;
  Hl7Repetition Repetition(std::size_t field, std::size_t repetition = 1) const;
  // 0 for an empty field.
  std::size_t Repetitions(std::size_t field) const;
  std::size_t Components(std::size_t field, std::size_t repetition = 1) const;

  // Those of Repetition(field, repetition).
  std::string Get(std::size_t field, std::size_t component = 1, std::size_t repetition = 1,
                  std::size_t subcomponent = 1) const {
    return Repetition(field, repetition).Get(component, subcomponent);
  }
  std::string Text(std::size_t field, std::size_t component, std::size_t repetition = 1) const {
    return Repetition(field, repetition).Text(component);
  }
  // The whole field for people, as TX, FT and ST have it: a repetition is a line of its own, '^'
  // and
  // '&' stand for themselves (those at the end are left out).
  std::string Text(std::size_t field) const;

  // As it came (in UTF-8): with delimiters and escape sequences. Of MSH-2: the delimiters.
  std::string_view Raw(std::size_t field) const;
  std::string_view RawRepetition(std::size_t field, std::size_t repetition) const {
    return Repetition(field, repetition).Raw();
  }

  // The field is `""`: what was stated before must be deleted. An empty field says nothing.
  bool IsNull(std::size_t field) const;

 private:
  // MSH-1 and MSH-2: nothing in them divides.
  bool IsPlain(std::size_t field) const { return index_ == 0 && field <= 2; }

  const Hl7Core* core_;
  std::size_t index_;
};

class Hl7Message {
 public:
  explicit Hl7Message(std::unique_ptr<const Hl7Core> core);
  Hl7Message(Hl7Message&&) noexcept;
  Hl7Message& operator=(Hl7Message&&) noexcept;
  ~Hl7Message();

  // In their order; the first is MSH. They stay valid when the message is moved.
  const std::vector<Hl7Segment>& segments() const;
  const Hl7Segment& msh() const { return segments().front(); }
  // The first one of that name; nullptr = none.
  const Hl7Segment* Find(std::string_view name) const;

  const Hl7Delimiters& delimiters() const;
  // What the bytes were read as, which MSH-18 may not say.
  const Hl7Charset& charset() const;
  // charset_doubt, charset_invalid (charset.h), and:
  //   charset_unknown      MSH-18 names a set that is not known
  //   delimiters_doubt     MSH-2 repeats a character
  //   lower_case_segment   a segment name was not in capitals
  //   indented_segment     spaces stood before a segment name
  //   continuation_line    a line without a segment name belongs to the field before it
  //   unknown_escape       an escape sequence stays as it came
  // One of each code; its text counts the places and `where` names the first.
  const std::vector<Remark>& remarks() const;

 private:
  std::unique_ptr<const Hl7Core> core_;
};

// Reads one message: the payload of a frame, or one that SplitBatch (batch.h) found in it.
//  - Segments end in CR, LF or CRLF, mixed; the last may lack its end. Empty lines between segments
//    are skipped, as are spaces, control characters and a byte order mark before MSH.
//  - A segment begins with a letter, two letters or digits, and the field separator; or is a name
//    of the standard alone on its line. Any other line (a raw line end in a text) continues the
//    field before it, with the empty lines between; there it reads as a line of text. So does a
//    line of three letters that is no segment, such as "NKA".
//  - Delimiters are those of MSH-1 and MSH-2; the last ones of MSH-2 may be missing. A doubled
//    escape character ("^~\\&", escaped once too often) counts once.
//  - Bytes become UTF-8 (charset.h) before they are split: MSH-18 says of what, else
//    `default_charset` (of this sender; nullptr = none is agreed).
// Errors: kInvalid (does not begin with MSH, delimiters, a second MSH), kTooLarge (a limit). Texts
// name places and delimiters only.
Result<Hl7Message> ParseHl7(std::string_view payload, const Hl7Charset* default_charset = nullptr,
                            const Hl7Limits& limits = {});

}  // namespace consilium
