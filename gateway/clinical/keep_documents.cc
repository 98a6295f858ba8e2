#include "gateway/clinical/keep_documents.h"

#include <algorithm>

#include "gateway/clinical/document_names.h"
#include "gateway/clinical/patient_key.h"

namespace consilium {
namespace {

// It is too long to be kept.
void DropText(Note& note) {
  note.text.clear();
  note.unread = Unread::kLength;
}

// What a document said before it says `now` (a digest) or another one took its place ("").
std::vector<std::string> EarlierTexts(const std::string& document, const DocumentState* before,
                                      const std::string& now) {
  if (before == nullptr) return {};
  std::vector<std::string> earlier = before->earlier;
  if (before->replaced_by.empty()) {
    for (const Note& note : before->notes) {
      if (note.document != document || note.text.empty()) continue;
      std::erase(earlier, TextDigest(note));
      earlier.push_back(TextDigest(note));
    }
  }
  std::erase(earlier, now);
  if (earlier.size() > kEarlierMax) earlier.erase(earlier.begin());
  return earlier;
}

}  // namespace

void BoundNotes(std::vector<Note>& notes, std::size_t bytes_max) {
  std::size_t bytes = 0;
  for (const Note& note : notes) bytes += note.text.size();
  while (bytes > bytes_max) {
    Note& longest = *std::max_element(notes.begin(), notes.end(), [](const Note& a, const Note& b) {
      return a.text.size() < b.text.size();
    });
    bytes -= longest.text.size();
    DropText(longest);
  }
}

void KeepDocuments(const FeedMessage& message, const std::vector<std::string>& keys,
                   const PlanLookup& lookup, const std::string& case_id, const std::string& digest,
                   DocumentPlan& documents) {
  DocumentState state;
  state.sender = message.sender;
  state.case_id = case_id;
  state.case_digest = digest;
  state.patients = keys;
  // Those of a case that is refused for their number go on alone.
  const bool together = documents.notes.size() <= kNotesMax;
  if (together) {
    state.notes = documents.notes;
    state.replaced = documents.replaced;
  }
  const std::string& source = SourceOf(message);
  const auto find = [&](const std::string& key) {
    const auto found = lookup.documents.find(key);
    return found == lookup.documents.end() ? nullptr : &found->second;
  };
  // The number is another patient's by now, and this case one of its others.
  const auto is_taken_over = [&](const std::string& key, const std::string& document) {
    const DocumentState* before = find(key);
    if (before == nullptr || ShareKey(before->patients, keys) || documents.own.count(key) > 0 ||
        Ends(documents.superseded, before->case_id)) {
      return false;
    }
    DocumentState& other = documents.states.emplace(key, *before).first->second;
    std::erase_if(other.others,
                  [&](const OtherCase& one) { return Ends(documents.superseded, one.case_id); });
    const std::vector<OtherCase> cases = CasesOf(document, state);
    other.others.insert(other.others.end(), cases.begin(), cases.end());
    return true;
  };
  for (const auto& [document, by] : documents.replaced) {
    const std::string key = DocumentKey(source, document);
    if (is_taken_over(key, document)) continue;
    DocumentState& old = documents.states[key];
    old = state;
    old.replaced_by = by;
    old.earlier = EarlierTexts(document, find(key), "");
    if (const DocumentState* before = find(key)) old.others = before->others;
  }
  for (const Note& note : documents.notes) {
    if (note.document.empty()) continue;
    const std::string key = DocumentKey(source, note.document);
    if (is_taken_over(key, note.document)) continue;
    DocumentState& own = documents.states[key];
    own = state;
    if (!together) {
      own.notes = {note};
      DropText(own.notes.front());
    }
    const DocumentState* before = find(key);
    if (const auto others = documents.others.find(key); others != documents.others.end()) {
      own.others = others->second;
    } else if (before != nullptr) {
      own.others = before->others;
      own.earlier = EarlierTexts(note.document, before, TextDigest(note));
    }
  }
  for (const Note& note : documents.notes) {
    if (note.document.empty()) continue;
    KeepNames(message, note, keys, lookup, documents.replaced, documents.states);
  }
}

}  // namespace consilium
