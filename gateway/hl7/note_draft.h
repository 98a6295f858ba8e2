// A note while its segments are read: TXA or OBR, then the texts of its OBX and NTE.
// Threads: none of its own.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "gateway/clinical/record.h"
#include "gateway/hl7/feed_remarks.h"
#include "gateway/hl7/message.h"
#include "gateway/hl7/read_observation.h"

namespace consilium {

class NoteDraft {
 public:
  // Lines that belong to no document: comments on a patient, texts without an OBR.
  NoteDraft() = default;
  // A report: its document is the filler order number with the service ("123^LAB/24317-0"); OBR-25
  // says how final it is. `entity` is that number whole.
  static NoteDraft OfObr(const Hl7Segment& obr, const std::string& filler, const EntityId& entity,
                         FeedRemarks& remarks);
  // A document: what it does to earlier ones is by the event of MDM ("T06", or "" in another
  // message), and by TXA-19: deleted and obsolete documents are retracted.
  static NoteDraft OfTxa(const Hl7Segment& txa, const std::string& event, FeedRemarks& remarks);

  bool is_document() const { return is_document_; }
  // Lines under the name of an OBX-3; values that follow each other under one name are one part.
  void AddLines(std::string_view name, std::string_view text);
  // An OBX of it: its text, or that it cannot be read; and how final it is, whatever its kind.
  void Add(const Observation& seen);
  // Said beside the document: shown after its text, and no text by itself.
  void AddComment(std::string_view text);
  // The note; empty where nothing was said.
  std::optional<Note> Finish(FeedRemarks& remarks) &&;

 private:
  struct Part {
    std::string name;
    std::string text;
  };
  std::string Text() const;
  NoteAction Action() const;

  Note note_;
  bool is_document_ = false;
  bool expects_text_ = false;  // an event of MDM that carries the document
  bool changes_ = false;       // an event of MDM that says it was changed
  bool retracted_ = false;
  bool preliminary_ = false;
  bool corrected_ = false;
  bool unreadable_ = false;
  bool deleted_ = false;
  std::string where_;
  std::vector<Part> parts_;
  std::string comments_;
};

}  // namespace consilium
