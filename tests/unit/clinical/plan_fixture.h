// Messages one after the other, with what is kept between them. Header-only.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "gateway/clinical/patient_key.h"
#include "gateway/clinical/plan.h"
#include "shared/codec.h"
#include "shared/ids.h"

namespace consilium {

inline constexpr std::int64_t kNow = 1'795'867'200'000;
inline constexpr std::int64_t kHour = 3'600'000;

inline PlanSettings Settings() {
  PlanSettings settings;
  settings.routing = *ParseRouting(DefaultRouting());
  settings.context_ms = 72 * kHour;
  settings.case_bytes_max = 65'536;
  return settings;
}

// What is kept between messages, as Redis would.
class Feed {
 public:
  AdmissionPlan Send(const FeedMessage& message, const PlanSettings& settings = Settings()) {
    PlanLookup lookup;
    PlanKeys keys = KeysOf(message, 0, settings);
    for (std::size_t known = 0; known < keys.documents.size();) {
      known = keys.documents.size();
      for (const auto& key : keys.documents) {
        if (documents.count(key) > 0) lookup.documents[key] = documents[key];
      }
      keys = KeysOf(message, 0, settings, lookup);
    }
    for (const auto& key : keys.contexts) {
      if (contexts.count(key) > 0) lookup.contexts[key] = contexts[key];
    }
    now += kHour;
    lookup.now_ms = now;
    lookup.withdrawn = withdrawn;
    auto plan = PlanAdmission(message, 0, lookup, settings);
    EXPECT_TRUE(plan.ok());
    for (const auto& change : plan->contexts) contexts[change.key] = change.context;
    for (const auto& key : plan->forget) contexts.erase(key);
    for (const auto& gone : plan->withdraw) withdrawn.insert(gone.case_id);
    for (const auto& change : plan->documents) {
      const auto& looked = keys.documents;
      EXPECT_TRUE(std::find(looked.begin(), looked.end(), change.key) != looked.end())
          << "what was not looked at is not written";
      documents[change.key] = change.state;
    }
    return *plan;
  }

  std::map<std::string, PatientContext> contexts;
  std::map<std::string, DocumentState> documents;
  std::set<std::string> withdrawn;  // marks
  std::int64_t now = kNow;
};

inline int message_count = 0;

inline FeedMessage Message(const char* type, const char* patient = "42") {
  FeedMessage message;
  message.door = "hl7";
  message.sender = "APP|FAC";
  message.id = std::to_string(++message_count);
  message.digest = "d" + message.id;
  message.type = type;
  message.records.emplace_back();
  if (*patient != '\0') message.records[0].patient.ids = {{"HOSP", patient, "MR"}};
  return message;
}
inline FeedMessage Noted(NoteAction action, const char* document, const char* parent,
                         const char* text, const char* patient = "42") {
  FeedMessage message = Message("MDM^T02", patient);
  message.records[0].notes = {{action, document, parent, "", text, ""}};
  return message;
}
inline FeedMessage WithFact(const char* type, FactKind kind, const char* text,
                            const char* patient = "42") {
  FeedMessage message = Message(type, patient);
  Fact fact;
  fact.kind = kind;
  fact.text = text;
  message.records[0].facts = {fact};
  return message;
}

inline constexpr const char* kBeside =
    "\n\nStated beside the notes:\nAllergies: not stated.\nCurrent medications: not stated.\n";

using Withdrawn = std::vector<Withdrawal>;
using List = std::vector<std::string>;
inline List Codes(const AdmissionPlan& plan) {
  List codes;
  for (const Remark& remark : plan.remarks) codes.push_back(remark.code);
  return codes;
}
inline std::string Text(const AdmissionPlan& plan) {
  return plan.request ? plan.request->vignette.text : "none";
}

}  // namespace consilium
