// What `consilium feed` sends, one at a time, and how each of them ends.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include "shared/result.h"

namespace consilium {

// Where in a gateway it goes.
enum class FeedDoor {
  kMllp,   // an HL7 v2 message
  kCases,  // POST /v1/cases: a case as one line of JSON
  kFhir,   // POST /fhir: a Bundle
  kBulk,   // POST /fhir/bulk: resources as lines of JSON
};

struct FeedItem {
  FeedDoor door = FeedDoor::kMllp;
  std::string file;
  std::int64_t number = 1;  // in its file
  std::string id;           // MSH-10, case id; "" = it has none
  std::string bytes;
  std::string file_key;  // feed_state.h
  // kMllp: no acknowledgement is due when it is taken (MSH-15 and MSH-16 are NE, say).
  bool unanswered = false;
};

// "notes.hl7, message 3"
inline std::string PlaceOf(const FeedItem& item) {
  return item.file + ", message " + std::to_string(item.number);
}

struct FeedEnd {
  enum class Kind {
    kAccepted,
    kUnconfirmed,  // it has arrived at the other machine, and no answer to it is due
    kRefused,      // for good, for what it is; with `code` and, for people, `text`
    kUnsent,       // nothing was said about it itself: sending it again later is right
  };
  FeedItem item;
  Kind kind = Kind::kUnsent;
  std::string code;  // "AA", "AR", "http_422", "invalid", "no_answer", ...
  std::string text;
  int again = 0;             // how often it was sent again
  std::size_t left_out = 0;  // of kAccepted: parts of it that were not taken; `text` has the first
};

// What an answer means.
struct FeedVerdict {
  enum class Kind {
    kAccepted,
    kRefused,  // for what the message is: never again
    kAgain,
    kStop,  // for who sends, or where to: no other message would be taken either
  };
  Kind kind = Kind::kAgain;
  std::string code;
  std::string text;
  // kAgain: not before so long from now; 0 = after the usual pause.
  std::int64_t wait_ms = 0;
  // Of kAgain.
  enum class Cause {
    kSilence,  // no answer that can be used: nobody knows what became of it
    kError,    // an answer: an error that may pass
    kBusy,     // an answer: it is to wait (a full queue)
  };
  Cause cause = Cause::kSilence;
  // Of kStop.
  ErrorCode why = ErrorCode::kUnavailable;
  std::size_t left_out = 0;  // of kAccepted, as in FeedEnd
};

}  // namespace consilium
