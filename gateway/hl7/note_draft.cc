#include "gateway/hl7/note_draft.h"

#include <algorithm>
#include <array>
#include <utility>

#include "gateway/clinical/fold_text.h"
#include "gateway/hl7/feed_values.h"
#include "shared/text.h"

namespace consilium {
namespace {

// Table 0270, where the words are missing.
std::string_view DocumentTypeName(std::string_view code) {
  static constexpr std::pair<std::string_view, std::string_view> kNames[] = {
      {"AR", "Autopsy report"},
      {"CD", "Cardiodiagnostics"},
      {"CN", "Consultation"},
      {"DI", "Diagnostic imaging"},
      {"DS", "Discharge summary"},
      {"ED", "Emergency department report"},
      {"HP", "History and physical examination"},
      {"OP", "Operative report"},
      {"PC", "Psychiatric consultation"},
      {"PH", "Psychiatric history and physical examination"},
      {"PN", "Procedure note"},
      {"PR", "Progress note"},
      {"SP", "Surgical pathology"},
      {"TS", "Transfer summary"},
  };
  for (const auto& [name, text] : kNames) {
    if (name == code) return text;
  }
  return code;
}

template <std::size_t N>
bool IsOneOf(std::string_view word, const std::array<std::string_view, N>& words) {
  return std::find(words.begin(), words.end(), word) != words.end();
}

}  // namespace

NoteDraft NoteDraft::OfObr(const Hl7Segment& obr, const std::string& filler, const EntityId& entity,
                           FeedRemarks& remarks) {
  NoteDraft draft;
  draft.where_ = obr.Where(0);
  // Several reports may share one number.
  const Coded service = ReadCoded(obr, 4);
  draft.note_.document = filler;
  draft.note_.entity = entity;
  if (!filler.empty()) Append(draft.note_.document, "/", service.code);
  draft.note_.title = service.text;
  draft.note_.time = TimeOf(obr, 7, remarks);
  // Table 0123.
  const std::string status = UpperCase(Trimmed(obr.Get(25)));
  draft.corrected_ = status == "C";
  draft.preliminary_ = status == "P" || status == "A" || status == "R";
  return draft;
}

NoteDraft NoteDraft::OfTxa(const Hl7Segment& txa, const std::string& event, FeedRemarks& remarks) {
  static constexpr std::array<std::string_view, 5> kWithText = {"T02", "T04", "T06", "T08", "T10"};
  static constexpr std::array<std::string_view, 2> kAdds = {"T05", "T06"};
  static constexpr std::array<std::string_view, 4> kReplaces = {"T07", "T08", "T09", "T10"};
  // Table 0271: dictated, documented, in progress, incomplete, pre-authenticated.
  static constexpr std::array<std::string_view, 4> kUnfinished = {"DI", "IP", "IN", "PA"};
  NoteDraft draft;
  draft.where_ = txa.Where(0);
  draft.is_document_ = true;
  draft.note_.document = NumberOf(txa, 12);
  draft.note_.entity = EntityOf(txa, 12);
  draft.note_.parent = NumberOf(txa, 13);
  const Coded type = ReadCoded(txa, 2);
  draft.note_.title = type.text == type.code ? DocumentTypeName(type.code) : type.text;
  draft.note_.time = TimeOf(txa, 4, remarks);
  if (draft.note_.time.empty()) draft.note_.time = TimeOf(txa, 6, remarks);
  if (draft.note_.document.empty()) {
    remarks.Add("document_number_missing", txa.Where(12), "nothing can replace or retract it");
  }
  if (IsOneOf(event, kAdds)) draft.note_.action = NoteAction::kAddendum;
  if (IsOneOf(event, kReplaces)) draft.note_.action = NoteAction::kReplace;
  draft.expects_text_ = IsOneOf(event, kWithText);
  draft.changes_ = draft.note_.action != NoteAction::kNew;
  // Table 0273: deleted, obsolete.
  const std::string availability = UpperCase(Trimmed(txa.Get(19)));
  draft.retracted_ = event == "T11" || availability == "CA" || availability == "OB";
  draft.preliminary_ = IsOneOf(UpperCase(Trimmed(txa.Get(17))), kUnfinished);
  return draft;
}

void NoteDraft::AddLines(std::string_view name, std::string_view text) {
  if (parts_.empty() || parts_.back().name != name) {
    if (Trimmed(text).empty()) return;
    parts_.push_back({std::string(name), std::string(text)});
  } else {
    parts_.back().text += '\n';
    parts_.back().text += text;
  }
}

void NoteDraft::Add(const Observation& seen) {
  const bool is_of_text = seen.kind == Observation::Kind::kText;
  if (seen.deleted) {
    deleted_ = deleted_ || is_of_text;
    return;
  }
  if (seen.corrected) corrected_ = true;
  if (seen.preliminary) preliminary_ = true;
  if (seen.kind == Observation::Kind::kUnreadable) unreadable_ = true;
  if (is_of_text) AddLines(seen.name, seen.text);
}

void NoteDraft::AddComment(std::string_view text) { Append(comments_, "\n", Trimmed(text)); }

// Parts have their names over them where there are several or the name says something else than the
// title.
std::string NoteDraft::Text() const {
  std::string text;
  const std::string title = FoldText(note_.title);
  for (const Part& part : parts_) {
    const std::string_view body = Trimmed(part.text);
    if (body.empty()) continue;
    if (!text.empty()) text += "\n\n";
    const bool named = !part.name.empty() && FoldText(part.name) != title &&
                       (parts_.size() > 1 || !note_.title.empty());
    if (named) text += part.name + ":\n";
    text += body;
  }
  if (!text.empty()) Append(text, "\n\nComment:\n", comments_);
  return text;
}

NoteAction NoteDraft::Action() const {
  const bool has_text = !note_.text.empty() || unreadable_;
  if (retracted_ || (deleted_ && !has_text)) return NoteAction::kRetract;
  if (!has_text && !expects_text_ && !changes_) return NoteAction::kStatus;
  if (note_.action == NoteAction::kNew && corrected_) return NoteAction::kReplace;
  return note_.action;
}

std::optional<Note> NoteDraft::Finish(FeedRemarks& remarks) && {
  note_.text = Text();
  note_.action = Action();
  const bool says = note_.action != NoteAction::kRetract && note_.action != NoteAction::kStatus;
  if (!is_document_ && note_.action == NoteAction::kStatus) return std::nullopt;
  if (!is_document_ && note_.action == NoteAction::kRetract && note_.document.empty()) {
    return std::nullopt;
  }
  if (!says) note_.text.clear();
  if (says && unreadable_) {
    note_.unread = Unread::kForm;
  } else if (says && note_.text.empty() && expects_text_) {
    remarks.Add("note_without_text", where_, "an event that carries the document, without a text");
  } else if (says && note_.text.empty() && changes_) {
    remarks.Add("changed_without_text", where_,
                "the document was changed and its text was not sent: what is known of it is old");
  }
  // What a document says instead of what is known of it is not here.
  if (says && note_.text.empty() && !unreadable_ && note_.action != NoteAction::kNew) {
    note_.unread = Unread::kMissing;
  }
  if (says && preliminary_) Append(note_.title, " ", "(preliminary)");
  return std::move(note_);
}

}  // namespace consilium
