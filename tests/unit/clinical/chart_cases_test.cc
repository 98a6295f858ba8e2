// Which cases a chart that is opened finds.
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "gateway/clinical/plan.h"

namespace consilium {
namespace {

constexpr std::int64_t kHour = 3'600'000;
constexpr std::int64_t kLimit = 24 * kHour;

class ChartCasesTest : public testing::Test {
 protected:
  // A message with one note about the same patient, an hour after the last one; the id of its case.
  std::string Send(NoteAction action, const std::string& document, const std::string& text,
                   const std::string& door = "hl7") {
    FeedMessage message;
    message.door = door;
    message.sender = "APP|FAC";
    message.id = std::to_string(++count_);
    message.digest = "d" + message.id;
    message.type = "MDM^T02";
    message.records.emplace_back();
    message.records[0].patient.ids = {{"HOSP", "42", "MR"}};
    message.records[0].notes = {{action, document, "", "", text, ""}};
    PlanSettings settings;
    settings.routing = *ParseRouting(DefaultRouting());
    settings.context_ms = kLimit;
    settings.case_bytes_max = 65'536;
    PlanLookup lookup;
    lookup.contexts = contexts_;
    lookup.documents = documents_;
    lookup.now_ms = count_ * kHour;
    const auto plan = PlanAdmission(message, 0, lookup, settings);
    EXPECT_TRUE(plan.ok());
    for (const auto& change : plan->contexts) contexts_[change.key] = change.context;
    for (const auto& change : plan->documents) documents_[change.key] = change.state;
    return plan->request ? plan->request->id : "";
  }
  std::vector<std::string> Cases() const {
    std::vector<std::string> ids;
    for (const ContextCase& one : contexts_.begin()->second.cases) ids.push_back(one.id);
    return ids;
  }
  std::map<std::string, PatientContext> contexts_;
  std::map<std::string, DocumentState> documents_;
  std::int64_t count_ = 0;
};
using Ids = std::vector<std::string>;

TEST_F(ChartCasesTest, TheLatestOfNotesAreKeptAndWhatIsWithdrawnIsNot) {
  const std::string first = Send(NoteAction::kNew, "1", "Cough.");
  const std::string second = Send(NoteAction::kNew, "2", "Fever.");
  EXPECT_EQ(Cases(), (Ids{first, second}));
  Send(NoteAction::kRetract, "2", "");
  EXPECT_EQ(Cases(), Ids{first}) << "the one before it stands";
  const std::string corrected = Send(NoteAction::kNew, "1", "Cough, no fever.");
  EXPECT_EQ(Cases(), Ids{corrected});
  Send(NoteAction::kNew, "9", "A chart that was opened.", kChartDoor);
  EXPECT_EQ(Cases(), Ids{corrected});
  Ids last;
  for (int i = 3; i < 7; ++i) {
    last.push_back(Send(NoteAction::kNew, std::to_string(i), "Note " + std::to_string(i)));
  }
  EXPECT_EQ(Cases(), last) << "no more than kContextCasesMax";
  count_ += 40;
  EXPECT_EQ(Send(NoteAction::kStatus, "8", ""), "");
  EXPECT_EQ(Cases(), Ids{}) << "too long ago";
}

}  // namespace
}  // namespace consilium
