#include "gateway/clinical/document_names.h"

#include "tests/unit/clinical/plan_fixture.h"

namespace consilium {
namespace {

// A note as FHIR has it: its own name and further ones.
FeedMessage Named(NoteAction action, List names, const char* text, List parents = {},
                  List shared = {}, const char* patient = "42") {
  FeedMessage message = Noted(action, "", "", text, patient);
  message.source = "ehr";
  Note& note = message.records[0].notes[0];
  note.document = names.front();
  note.also.assign(names.begin() + 1, names.end());
  note.shared = std::move(shared);
  if (!parents.empty()) note.parent = parents.front();
  if (!parents.empty()) note.parent_also.assign(parents.begin() + 1, parents.end());
  return message;
}

TEST(DocumentNamesTest, ADocumentThatComesAgainByAnotherNameReplacesItself) {
  Feed feed;
  const AdmissionPlan first =
      feed.Send(Named(NoteAction::kNew, {"DocumentReference/1", "m|7"}, "Cough."));
  const AdmissionPlan second =
      feed.Send(Named(NoteAction::kNew, {"Composition/9", "m|7"}, "Fever."));
  EXPECT_EQ(second.withdraw, (Withdrawn{{first.request->id, "replaced", second.request->id}}));
  EXPECT_EQ(Text(second), std::string("Fever.") + kBeside);
  // Names that only one of both had lead to it as well.
  const AdmissionPlan third = feed.Send(Named(NoteAction::kNew, {"Composition/9"}, "Rash."));
  EXPECT_EQ(third.withdraw, (Withdrawn{{second.request->id, "replaced", third.request->id}}));
  const AdmissionPlan last = feed.Send(Named(NoteAction::kRetract, {"DocumentReference/1"}, ""));
  EXPECT_EQ(last.withdraw, (Withdrawn{{third.request->id, "retracted", ""}}));
  EXPECT_EQ(Codes(last), List());
}

TEST(DocumentNamesTest, ANameLearnedFromTheSameTextIsKept) {
  Feed feed;
  const AdmissionPlan first = feed.Send(Named(NoteAction::kNew, {"D1", "m|7"}, "Cough."));
  EXPECT_EQ(feed.Send(Named(NoteAction::kNew, {"C1", "m|7"}, "Cough.")).same_as, first.request->id);
  EXPECT_EQ(feed.Send(Named(NoteAction::kReplace, {"C1"}, "Fever.")).withdraw.size(), 1u);
}

TEST(DocumentNamesTest, AnyNameOfTheReplacedDocumentLeadsToIt) {
  Feed feed;
  const AdmissionPlan first =
      feed.Send(Named(NoteAction::kNew, {"D1", "m|7"}, "Cough.", {}, {"s|1"}));
  const AdmissionPlan second =
      feed.Send(Named(NoteAction::kReplace, {"D2", "m|8"}, "Fever.", {"s|1"}));
  EXPECT_EQ(second.withdraw, (Withdrawn{{first.request->id, "replaced", second.request->id}}));
  const AdmissionPlan third = feed.Send(Named(NoteAction::kAddendum, {"D3"}, "Rash.", {"m|8"}));
  EXPECT_EQ(third.withdraw, (Withdrawn{{second.request->id, "added_to", third.request->id}}));
  EXPECT_EQ(Text(third), std::string("Fever.\n\nAddendum\nRash.") + kBeside);
}

TEST(DocumentNamesTest, OneNoteMayStandInThePlaceOfSeveralDocuments) {
  Feed feed;
  feed.Send(Named(NoteAction::kNew, {"D1"}, "Cough."));
  feed.Send(Named(NoteAction::kNew, {"D2"}, "Fever."));
  EXPECT_EQ(feed.Send(Named(NoteAction::kReplace, {"D3"}, "Both.", {"D1", "D2"})).withdraw.size(),
            2u);
}

TEST(DocumentNamesTest, ASharedNameJoinsNoDocumentsByItself) {
  Feed feed;
  feed.Send(Named(NoteAction::kNew, {"D1"}, "Cough.", {}, {"order|1"}));
  EXPECT_EQ(feed.Send(Named(NoteAction::kNew, {"D2"}, "Fever.", {}, {"order|1"})).withdraw,
            Withdrawn());
  // It is of two now: neither is guessed.
  const AdmissionPlan third =
      feed.Send(Named(NoteAction::kReplace, {"D3"}, "Rash.", {}, {"order|1"}));
  EXPECT_EQ(third.withdraw, Withdrawn());
  EXPECT_EQ(Codes(third), List{"document_unknown"});
}

TEST(DocumentNamesTest, AnAmendedDocumentIsFoundByANameThatIsItsAlone) {
  Feed feed;
  const AdmissionPlan first = feed.Send(Named(NoteAction::kNew, {"D1"}, "Cough.", {}, {"set|1"}));
  const AdmissionPlan second =
      feed.Send(Named(NoteAction::kReplace, {"D2"}, "Fever.", {}, {"set|1"}));
  EXPECT_EQ(second.withdraw, (Withdrawn{{first.request->id, "replaced", second.request->id}}));
  const AdmissionPlan third = feed.Send(Named(NoteAction::kRetract, {"D9"}, "", {}, {"set|1"}));
  EXPECT_EQ(third.withdraw, (Withdrawn{{second.request->id, "retracted", ""}}));
}

TEST(DocumentNamesTest, ARetractedDocumentStartsNoCaseByAnotherName) {
  Feed feed;
  feed.Send(Named(NoteAction::kRetract, {"D1", "m|7"}, ""));
  const AdmissionPlan plan = feed.Send(Named(NoteAction::kNew, {"C1", "m|7"}, "Cough."));
  EXPECT_FALSE(plan.request.has_value());
  EXPECT_EQ(Codes(plan), List{"document_retracted"});
}

TEST(DocumentNamesTest, NoNameLeadsToADocumentOfAnotherPatient) {
  for (const NoteAction action :
       {NoteAction::kNew, NoteAction::kReplace, NoteAction::kAddendum, NoteAction::kRetract}) {
    Feed feed;
    feed.Send(Named(NoteAction::kNew, {"D1", "m|7"}, "Cough.", {}, {"s|1"}, "41"));
    const AdmissionPlan plan = feed.Send(Named(
        action, {"D2", "m|7"}, action == NoteAction::kRetract ? "" : "Fever.", {"m|7"}, {"s|1"}));
    EXPECT_EQ(plan.withdraw, Withdrawn()) << kNoteActionNames[static_cast<int>(action)];
    EXPECT_EQ(Text(plan).find("Cough"), std::string::npos);
  }
}

TEST(DocumentNamesTest, AnotherSenderOfASourceEndsNothingOfAnotherPatient) {
  Feed feed;
  const AdmissionPlan first = feed.Send(Named(NoteAction::kNew, {"D1"}, "Cough.", {}, {}, "41"));
  for (const NoteAction action : {NoteAction::kReplace, NoteAction::kRetract}) {
    FeedMessage message = Named(action, {"D2"}, "Fever.", {"D1"});
    if (action == NoteAction::kRetract) message = Named(action, {"D1"}, "");
    message.sender = "another server with the same numbers";
    const AdmissionPlan plan = feed.Send(message);
    EXPECT_EQ(plan.withdraw, Withdrawn());
    EXPECT_EQ(Codes(plan), List{"document_other_patient"});
  }
  const AdmissionPlan last = feed.Send(Named(NoteAction::kRetract, {"D1"}, "", {}, {}, "41"));
  EXPECT_EQ(last.withdraw, (Withdrawn{{first.request->id, "retracted", ""}}));
}

TEST(DocumentNamesTest, DocumentsThatTurnOutToBeOneHaveOneCase) {
  Feed feed;
  const AdmissionPlan first = feed.Send(Named(NoteAction::kNew, {"D1"}, "Cough."));
  const AdmissionPlan second = feed.Send(Named(NoteAction::kNew, {"C1", "m|7"}, "Fever."));
  const AdmissionPlan third = feed.Send(Named(NoteAction::kNew, {"D1", "m|7"}, "Rash."));
  EXPECT_EQ(third.withdraw, (Withdrawn{{first.request->id, "replaced", third.request->id},
                                       {second.request->id, "replaced", third.request->id}}));
  EXPECT_EQ(Text(third), std::string("Rash.") + kBeside);
  EXPECT_EQ(feed.Send(Named(NoteAction::kRetract, {"C1"}, "")).withdraw, Withdrawn())
      << "the name of a replaced document does not retract what stands in its place";
}

}  // namespace
}  // namespace consilium
