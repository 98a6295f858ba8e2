#include "gateway/hooks/hook_feed.h"

#include <algorithm>
#include <utility>

#include "gateway/clinical/scrub.h"
#include "gateway/fhir/json.h"
#include "gateway/fhir/record_reader.h"
#include "shared/ids.h"
#include "shared/number_text.h"

namespace consilium {
namespace {

bool IsNeeded(std::string_view key) {
  return key == kPrefetchPatient || key == kPrefetchConditions;
}

void Erase(FhirValue& object, std::string_view name) {
  for (std::size_t i = 0; i < object.names.size(); ++i) {
    if (object.names[i] != name) continue;
    object.names.erase(object.names.begin() + static_cast<std::ptrdiff_t>(i));
    object.items.erase(object.items.begin() + static_cast<std::ptrdiff_t>(i));
    return;
  }
}

// Puts what was fetched where the prefetch had nothing.
void Fill(HookRequest& request, const std::vector<FhirFetched>& fetched) {
  for (PrefetchItem& item : request.prefetch) {
    if (item.state != PrefetchState::kMissing) continue;
    const auto found =
        std::find_if(fetched.begin(), fetched.end(),
                     [&item](const FhirFetched& one) { return one.key == item.prefetch->key; });
    if (found == fetched.end()) continue;
    const std::string where = "fetched." + found->key;
    FhirJsonResult read = ReadJsonTree(found->json);
    FhirValue* const value = std::get_if<FhirValue>(&read);
    const std::string_view type = value == nullptr ? "" : value->TextOf("resourceType");
    if (type == item.prefetch->type || type == "Bundle") {
      item.state = PrefetchState::kGiven;
      item.value = std::move(*value);
    } else {
      item.state = PrefetchState::kFailed;
      request.remarks.push_back(
          {"fetch_failed", where,
           "expected " + std::string(item.prefetch->type) + " or a Bundle: not read"});
    }
  }
}

std::string OrderText(const DraftOrder& draft) {
  return draft.dosage.empty() ? draft.text : draft.text + " (" + draft.dosage + ")";
}

std::string QuestionOf(const std::vector<DraftOrder>& drafts, const Scrubber& scrubber) {
  std::string selected;
  std::string others;
  for (const DraftOrder& draft : drafts) {
    std::string& list = draft.selected ? selected : others;
    if (!list.empty()) list += "; ";
    list += OrderText(draft);
  }
  std::string question;
  if (!selected.empty()) question = "About to be ordered: " + selected + ".";
  if (!others.empty()) {
    question += (question.empty() ? "" : " ") + std::string("Also drafted, not ordered yet: ") +
                others + ".";
  }
  if (question.empty()) return question;
  return scrubber.Scrub(question) +
         " None of these is given yet. Which medication fits this patient, and does anything speak "
         "against what is about to be ordered?";
}

// Each part with its length before it, so that no two lists of parts are one text.
class Content {
 public:
  void Add(std::string_view part) {
    text_ += std::to_string(part.size());
    text_ += ':';
    text_ += part;
  }
  const std::string& text() const { return text_; }

 private:
  std::string text_;
};

std::string FactText(const Fact& fact) {
  Content content;
  content.Add(kFactKindNames[static_cast<std::size_t>(fact.kind)]);
  content.Add(kFactStatusNames[static_cast<std::size_t>(fact.status)]);
  for (const std::string* part : {&fact.text, &fact.code, &fact.system, &fact.detail,
                                  &fact.value_text, &fact.unit, &fact.time}) {
    content.Add(*part);
  }
  content.Add(fact.value ? ShortestDecimal(*fact.value) : "");
  return content.text();
}

std::string NoteText(const Note& note) {
  Content content;
  content.Add(kNoteActionNames[static_cast<std::size_t>(note.action)]);
  for (const std::string* part :
       {&note.document, &note.parent, &note.title, &note.text, &note.time}) {
    content.Add(*part);
  }
  for (const auto* names : {&note.also, &note.shared, &note.parent_also}) {
    content.Add(std::to_string(names->size()));
    for (const std::string& name : *names) content.Add(name);
  }
  return content.text();
}

// Servers do not always answer in the same order.
void AddSorted(std::vector<std::string> parts, Content& content) {
  std::sort(parts.begin(), parts.end());
  content.Add(std::to_string(parts.size()));
  for (const std::string& part : parts) content.Add(part);
}

std::string DigestOf(const HookRequest& request, const FeedRecord& record,
                     const std::string& sender) {
  Content content;
  content.Add(sender);
  content.Add(request.fhir_server);
  content.Add(record.reference);
  const Demographics& patient = record.patient;
  for (const std::string* part : {&patient.family, &patient.given, &patient.birth_date,
                                  &patient.sex, &patient.deceased, &record.reason, &record.visit}) {
    content.Add(*part);
  }
  std::vector<std::string> ids;
  for (const PatientId& id : patient.ids) {
    Content one;
    one.Add(id.authority);
    one.Add(id.value);
    ids.push_back(one.text());
  }
  AddSorted(std::move(ids), content);
  std::vector<std::string> facts;
  for (const Fact& fact : record.facts) facts.push_back(FactText(fact));
  AddSorted(std::move(facts), content);
  std::vector<std::string> notes;
  for (const Note& note : record.notes) notes.push_back(NoteText(note));
  AddSorted(std::move(notes), content);
  std::vector<std::string> drafts;
  for (const DraftOrder& draft : request.drafts) {
    Content one;
    for (const std::string* part : {&draft.text, &draft.code, &draft.system, &draft.dosage}) {
      one.Add(*part);
    }
    one.Add(draft.selected ? "selected" : "");
    drafts.push_back(one.text());
  }
  AddSorted(std::move(drafts), content);
  return Sha256Hex(content.text());
}

bool HasQuestion(const FeedRecord& record) {
  const bool diagnosis =
      std::any_of(record.facts.begin(), record.facts.end(), [](const Fact& fact) {
        return fact.kind == FactKind::kDiagnosis && fact.status == FactStatus::kActive;
      });
  return diagnosis || !record.reason.empty() || !record.notes.empty();
}

const PrefetchItem* Find(const HookRequest& request, std::string_view key) {
  for (const PrefetchItem& item : request.prefetch) {
    if (item.prefetch->key == key) return &item;
  }
  return nullptr;
}

// "" = it was had.
std::string WhyLacking(const PrefetchItem* item) {
  if (item == nullptr) return "missing";
  switch (item->state) {
    case PrefetchState::kGiven:
      return "";
    case PrefetchState::kNoData:
      return "null";
    case PrefetchState::kFailed:
      return "could not be got";
    case PrefetchState::kMissing:
      return "missing";
  }
  return "missing";
}

}  // namespace

std::vector<FhirRead> ReadsToMake(const HookRequest& request) {
  std::vector<FhirRead> reads;
  if (request.fhir_server.empty()) return reads;
  for (const PrefetchItem& item : request.prefetch) {
    if (item.state != PrefetchState::kMissing) continue;
    std::string url = PrefetchQuery(*item.prefetch, request.patient, request.encounter);
    if (url.empty()) continue;
    reads.push_back(
        {std::string(item.prefetch->key), std::move(url), IsNeeded(item.prefetch->key)});
  }
  std::stable_sort(reads.begin(), reads.end(),
                   [](const FhirRead& a, const FhirRead& b) { return a.needed && !b.needed; });
  return reads;
}

Result<HookFeed> ToHookFeed(HookRequest request, const std::vector<FhirFetched>& fetched,
                            const std::string& sender) {
  Fill(request, fetched);
  const std::string patient = WhyLacking(Find(request, kPrefetchPatient));
  if (!patient.empty()) {
    return Error{ErrorCode::kNotFound,
                 "prefetch.patient: " + patient +
                     ", expected the Patient of the context, there or at fhirServer"};
  }
  FhirRecordReader reader(request.patient, request.fhir_server);
  for (PrefetchItem& item : request.prefetch) {
    if (item.state != PrefetchState::kGiven) continue;
    // Only the latest were asked for: that there are more is no remark.
    if (item.prefetch->latest) Erase(item.value, "link");
    reader.Take(std::move(item.value), "prefetch." + std::string(item.prefetch->key));
  }
  FhirRecordReading reading = reader.Finish();
  if (!reading.has_patient) {
    return Error{ErrorCode::kNotFound,
                 "prefetch.patient: unreadable or another patient, expected that of the context"};
  }
  HookFeed feed;
  feed.asks = HasQuestion(reading.record);
  if (!feed.asks) {
    const std::string conditions = WhyLacking(Find(request, kPrefetchConditions));
    if (!conditions.empty() && conditions != "null") {
      return Error{ErrorCode::kNotFound,
                   "prefetch.conditions: " + conditions +
                       ", expected conditions or an encounter with a reason, there or at "
                       "fhirServer"};
    }
  }
  feed.question = QuestionOf(request.drafts, Scrubber(reading.record));
  FeedMessage& message = feed.message;
  message.door = "cds";
  message.sender = sender;
  message.digest = DigestOf(request, reading.record, sender);
  message.type = request.hook;
  message.remarks = std::move(request.remarks);
  for (Remark& remark : reading.remarks) message.remarks.push_back(std::move(remark));
  for (const FhirIssue& issue : reading.issues) {
    message.remarks.push_back(
        {"unreadable_resource", issue.expression, issue.code + ": " + issue.diagnostics});
  }
  message.records.push_back(std::move(reading.record));
  return feed;
}

}  // namespace consilium
