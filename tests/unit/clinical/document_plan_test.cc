// What notes do to earlier documents and their cases.
#include "tests/unit/clinical/plan_fixture.h"

namespace consilium {
namespace {

TEST(DocumentPlanTest, TheSameNumberAgainWithOtherTextReplacesTheCase) {
  Feed feed;
  const AdmissionPlan first = feed.Send(Noted(NoteAction::kNew, "D1", "", "Cough."));
  const AdmissionPlan second = feed.Send(Noted(NoteAction::kNew, "D1", "", "Cough and fever."));
  EXPECT_EQ(Text(second), std::string("Cough and fever.") + kBeside);
  EXPECT_EQ(second.withdraw, (Withdrawn{{first.request->id, "replaced", second.request->id}}));
}

TEST(DocumentPlanTest, TheSameNumberAgainWithTheSameTextIsTheSameCase) {
  Feed feed;
  const AdmissionPlan first = feed.Send(Noted(NoteAction::kNew, "D1", "", "Cough."));
  const auto documents = feed.documents;
  const AdmissionPlan second = feed.Send(Noted(NoteAction::kNew, "D1", "", "Cough."));
  EXPECT_FALSE(second.request.has_value());
  EXPECT_EQ(second.same_as, first.request->id);
  EXPECT_EQ(second.withdraw, Withdrawn());
  EXPECT_EQ(feed.documents, documents);
}

TEST(DocumentPlanTest, TheSameTextWithAnotherContextIsAnotherCase) {
  Feed feed;
  const AdmissionPlan first = feed.Send(Noted(NoteAction::kNew, "D1", "", "Cough."));
  feed.Send(WithFact("ADT^A08", FactKind::kAllergy, "Latex"));
  const AdmissionPlan second = feed.Send(Noted(NoteAction::kNew, "D1", "", "Cough."));
  ASSERT_TRUE(second.request.has_value());
  EXPECT_EQ(second.withdraw, (Withdrawn{{first.request->id, "replaced", second.request->id}}));
}

TEST(DocumentPlanTest, TheSameMessageAfterItsPlanWasForgottenIsItsCase) {
  Feed feed;
  const FeedMessage message = Noted(NoteAction::kNew, "D1", "", "Cough.");
  const AdmissionPlan first = feed.Send(message);
  feed.Send(WithFact("ADT^A08", FactKind::kAllergy, "Latex"));
  const AdmissionPlan again = feed.Send(message);
  EXPECT_FALSE(again.request.has_value());
  EXPECT_EQ(again.same_as, first.request->id);
  EXPECT_EQ(again.withdraw, Withdrawn());
}

TEST(DocumentPlanTest, AReplacementUnderANewNumberWithdrawsTheCaseOfTheOld) {
  Feed feed;
  const AdmissionPlan first = feed.Send(Noted(NoteAction::kNew, "D1", "", "Cough."));
  const AdmissionPlan second = feed.Send(Noted(NoteAction::kReplace, "D2", "D1", "Fever."));
  EXPECT_EQ(Text(second), std::string("Fever.") + kBeside);
  EXPECT_EQ(second.withdraw, (Withdrawn{{first.request->id, "replaced", second.request->id}}));
  EXPECT_EQ(second.origin->documents, List{"D2"});
  // The old number leads to the case in its place, which is not retracted with it.
  EXPECT_EQ(feed.Send(Noted(NoteAction::kRetract, "D1", "", "")).withdraw, Withdrawn());
  const AdmissionPlan third = feed.Send(Noted(NoteAction::kReplace, "D3", "D1", "Rash."));
  EXPECT_EQ(Text(third), std::string("Rash.") + kBeside);
  EXPECT_EQ(third.withdraw, (Withdrawn{{second.request->id, "replaced", third.request->id}}));
}

TEST(DocumentPlanTest, AReplacementOfADocumentThatWasNeverSeenStartsACaseAndSaysSo) {
  const AdmissionPlan plan = Feed().Send(Noted(NoteAction::kReplace, "D2", "D1", "Fever."));
  EXPECT_EQ(Text(plan), std::string("Fever.") + kBeside);
  EXPECT_EQ(Codes(plan), List{"document_unknown"});
}

TEST(DocumentPlanTest, AReplacementStartsACaseWhateverTheRoutingSays) {
  Feed feed;
  const AdmissionPlan first = feed.Send(Noted(NoteAction::kNew, "D1", "", "Cough."));
  FeedMessage message = Noted(NoteAction::kReplace, "D1", "", "Fever.");
  message.type = "ORU^R01";
  const AdmissionPlan second = feed.Send(message);
  ASSERT_TRUE(second.request.has_value());
  EXPECT_EQ(second.withdraw, (Withdrawn{{first.request->id, "replaced", second.request->id}}));
}

TEST(DocumentPlanTest, AnAddendumStartsACaseOfBothTexts) {
  Feed feed;
  const AdmissionPlan first = feed.Send(Noted(NoteAction::kNew, "D1", "", "Cough."));
  const AdmissionPlan second = feed.Send(Noted(NoteAction::kAddendum, "D2", "D1", "Fever."));
  EXPECT_EQ(Text(second), std::string("Cough.\n\nAddendum\nFever.") + kBeside);
  EXPECT_EQ(second.withdraw, (Withdrawn{{first.request->id, "added_to", second.request->id}}));
  EXPECT_EQ(second.origin->documents, (List{"D1", "D2"}));
  const AdmissionPlan third = feed.Send(Noted(NoteAction::kAddendum, "D3", "D1", "Rash."));
  EXPECT_EQ(Text(third), std::string("Cough.\n\nAddendum\nFever.\n\nAddendum\nRash.") + kBeside);
  EXPECT_EQ(third.withdraw, (Withdrawn{{second.request->id, "added_to", third.request->id}}));
  const AdmissionPlan again = feed.Send(Noted(NoteAction::kAddendum, "D3", "D1", "Rash."));
  EXPECT_EQ(again.same_as, third.request->id);
  const AdmissionPlan corrected = feed.Send(Noted(NoteAction::kReplace, "D2", "D2", "No fever."));
  EXPECT_EQ(Text(corrected), std::string("Cough.\n\nNo fever.\n\nAddendum\nRash.") + kBeside);
}

TEST(DocumentPlanTest, EveryDocumentOfACaseLeadsToTheNewest) {
  Feed feed;
  feed.Send(Noted(NoteAction::kNew, "D1", "", "Cough."));
  feed.Send(Noted(NoteAction::kAddendum, "D2", "D1", "Fever."));
  const AdmissionPlan third = feed.Send(Noted(NoteAction::kAddendum, "D3", "D2", "Rash."));
  const AdmissionPlan last = feed.Send(Noted(NoteAction::kRetract, "D1", "", ""));
  EXPECT_EQ(last.withdraw, (Withdrawn{{third.request->id, "retracted", ""}}));
}

TEST(DocumentPlanTest, AnAddendumUnderTheNumberOfItsDocumentAddsToIt) {
  Feed feed;
  feed.Send(Noted(NoteAction::kNew, "D1", "", "Cough."));
  const AdmissionPlan second = feed.Send(Noted(NoteAction::kAddendum, "D1", "", "Fever."));
  EXPECT_EQ(Text(second), std::string("Cough.\n\nAddendum\nFever.") + kBeside);
  const AdmissionPlan again = feed.Send(Noted(NoteAction::kAddendum, "D1", "", "Fever."));
  EXPECT_EQ(again.same_as, second.request->id);
}

TEST(DocumentPlanTest, AnAddendumToADocumentThatWasNeverSeenIsACaseOfItsOwn) {
  const AdmissionPlan plan = Feed().Send(Noted(NoteAction::kAddendum, "D2", "D1", "Fever."));
  EXPECT_EQ(Text(plan), std::string("Addendum\nFever.") + kBeside);
  EXPECT_EQ(Codes(plan), List{"document_unknown"});
}

TEST(DocumentPlanTest, AReplacedDocumentTakesItsAddendaWithIt) {
  Feed feed;
  feed.Send(Noted(NoteAction::kNew, "D1", "", "Cough."));
  const AdmissionPlan second = feed.Send(Noted(NoteAction::kAddendum, "D2", "D1", "Fever."));
  const AdmissionPlan third = feed.Send(Noted(NoteAction::kReplace, "D1", "", "Rash."));
  EXPECT_EQ(Text(third), std::string("Rash.") + kBeside);
  EXPECT_EQ(third.withdraw, (Withdrawn{{second.request->id, "replaced", third.request->id}}));
  EXPECT_EQ(Codes(third), List{"addendum_replaced"});
}

TEST(DocumentPlanTest, ARetractionWithdrawsTheCaseAndStartsNone) {
  Feed feed;
  const AdmissionPlan first = feed.Send(Noted(NoteAction::kNew, "D1", "", "Cough."));
  const AdmissionPlan second = feed.Send(Noted(NoteAction::kRetract, "D1", "", ""));
  EXPECT_FALSE(second.request.has_value());
  EXPECT_FALSE(second.refusal.has_value());
  EXPECT_EQ(second.withdraw, (Withdrawn{{first.request->id, "retracted", ""}}));
  // Sent again, late: it stays retracted. With other text it is a new statement.
  const AdmissionPlan late = feed.Send(Noted(NoteAction::kNew, "D1", "", "Cough."));
  EXPECT_FALSE(late.request.has_value());
  EXPECT_EQ(Codes(late), List{"document_retracted"});
  const AdmissionPlan other = feed.Send(Noted(NoteAction::kNew, "D1", "", "Fever."));
  EXPECT_EQ(Text(other), std::string("Fever.") + kBeside);
  EXPECT_EQ(Codes(other), List{"document_was_retracted"});
  EXPECT_EQ(other.withdraw, Withdrawn());
}

TEST(DocumentPlanTest, ARetractionThatComesBeforeItsDocumentHolds) {
  Feed feed;
  EXPECT_EQ(Codes(feed.Send(Noted(NoteAction::kRetract, "D1", "", ""))), List{"document_unknown"});
  const AdmissionPlan late = feed.Send(Noted(NoteAction::kNew, "D1", "", "Cough."));
  EXPECT_FALSE(late.request.has_value());
  EXPECT_EQ(Codes(late), List{"document_retracted"});
  EXPECT_EQ(Codes(feed.Send(Noted(NoteAction::kAddendum, "D2", "D1", "Fever."))),
            List{"document_retracted"});
}

TEST(DocumentPlanTest, ARetractedAddendumIsNotInTheNextCase) {
  Feed feed;
  feed.Send(Noted(NoteAction::kNew, "D1", "", "Cough."));
  const AdmissionPlan second = feed.Send(Noted(NoteAction::kAddendum, "D2", "D1", "Fever."));
  const AdmissionPlan third = feed.Send(Noted(NoteAction::kRetract, "D2", "", ""));
  EXPECT_EQ(third.withdraw, (Withdrawn{{second.request->id, "retracted", ""}}));
  EXPECT_EQ(Codes(third), List{"rest_without_case"});
  EXPECT_EQ(Text(feed.Send(Noted(NoteAction::kAddendum, "D3", "D1", "Rash."))),
            std::string("Cough.\n\nAddendum\nRash.") + kBeside);
}

TEST(DocumentPlanTest, OneMessageMayRetractOneDocumentAndCorrectAnother) {
  Feed feed;
  FeedMessage both = Noted(NoteAction::kNew, "D1", "", "Cough.");
  both.records[0].notes.push_back({NoteAction::kNew, "D2", "", "", "Fever.", ""});
  const AdmissionPlan first = feed.Send(both);
  EXPECT_EQ(Text(first), std::string("Cough.\n\nFever.") + kBeside);
  FeedMessage change = Noted(NoteAction::kReplace, "D2", "", "High fever.");
  change.records[0].notes.push_back({NoteAction::kRetract, "D1", "", "", "", ""});
  const AdmissionPlan second = feed.Send(change);
  EXPECT_EQ(Text(second), std::string("High fever.") + kBeside);
  EXPECT_EQ(second.withdraw, (Withdrawn{{first.request->id, "retracted", ""}}));
}

TEST(DocumentPlanTest, WhatIsSentAgainBesideANewNoteIsOneCaseWithIt) {
  Feed feed;
  const AdmissionPlan first = feed.Send(Noted(NoteAction::kNew, "D1", "", "Cough."));
  FeedMessage both = Noted(NoteAction::kNew, "D1", "", "Cough.");
  both.records[0].notes.push_back({NoteAction::kNew, "D2", "", "", "Fever.", ""});
  const AdmissionPlan second = feed.Send(both);
  EXPECT_EQ(Text(second), std::string("Cough.\n\nFever.") + kBeside);
  EXPECT_EQ(second.withdraw, (Withdrawn{{first.request->id, "replaced", second.request->id}}));
}

TEST(DocumentPlanTest, AStatusIsContextOnly) {
  Feed feed;
  feed.Send(Noted(NoteAction::kNew, "D1", "", "Cough."));
  FeedMessage message = Noted(NoteAction::kStatus, "D1", "", "");
  message.records[0].facts = WithFact("", FactKind::kDiagnosis, "Flu").records[0].facts;
  const AdmissionPlan plan = feed.Send(message);
  EXPECT_FALSE(plan.request.has_value());
  EXPECT_FALSE(plan.refusal.has_value());
  EXPECT_EQ(plan.withdraw, Withdrawn());
  EXPECT_EQ(plan.contexts.size(), 1u);
}

TEST(DocumentPlanTest, TextsOfTwoPatientsAreNeverJoined) {
  Feed feed;
  const AdmissionPlan first = feed.Send(Noted(NoteAction::kNew, "D1", "", "Cough.", "41"));
  const AdmissionPlan addendum =
      feed.Send(Noted(NoteAction::kAddendum, "D2", "D1", "Fever.", "42"));
  EXPECT_EQ(Text(addendum), std::string("Addendum\nFever.") + kBeside);
  EXPECT_EQ(addendum.withdraw, Withdrawn());
  EXPECT_EQ(Codes(addendum), List{"document_other_patient"});
  const AdmissionPlan same_number = feed.Send(Noted(NoteAction::kNew, "D1", "", "Cough.", "42"));
  EXPECT_EQ(Text(same_number), std::string("Cough.") + kBeside);
  EXPECT_EQ(same_number.withdraw, Withdrawn());
  EXPECT_EQ(Codes(same_number), List{"document_other_patient"});
  EXPECT_NE(same_number.request->id, first.request->id);
}

TEST(DocumentPlanTest, ANoteThatWasFiledUnderTheWrongPatientIsWithdrawnByItsReplacement) {
  Feed feed;
  const AdmissionPlan first = feed.Send(Noted(NoteAction::kNew, "D1", "", "Cough.", "41"));
  const AdmissionPlan second = feed.Send(Noted(NoteAction::kReplace, "D1", "", "Cough.", "42"));
  ASSERT_TRUE(second.request.has_value());
  EXPECT_EQ(second.withdraw, (Withdrawn{{first.request->id, "replaced", second.request->id}}));
  EXPECT_EQ(Codes(second), List{"document_other_patient"});
}

TEST(DocumentPlanTest, AReplacementThatCannotBeReadStillWithdrawsWhatItReplaces) {
  Feed feed;
  const AdmissionPlan first = feed.Send(Noted(NoteAction::kNew, "D1", "", "Cough."));
  FeedMessage message = Noted(NoteAction::kReplace, "D1", "", "");
  message.records[0].notes[0].unread = Unread::kForm;
  const AdmissionPlan second = feed.Send(message);
  EXPECT_FALSE(second.request.has_value());
  EXPECT_FALSE(second.origin.has_value());
  EXPECT_EQ(second.refusal,
            (Refusal{"unsupported",
                     "notes: one came in a form that is not read here (PDF, RTF, image, a "
                     "reference), expected text: a human has to look"}));
  EXPECT_EQ(second.withdraw, (Withdrawn{{first.request->id, "replaced", ""}}));
}

// What could not be read is not forgotten when more text comes.
TEST(DocumentPlanTest, AnAdditionToANoteThatCannotBeReadMakesNoCase) {
  Feed feed;
  FeedMessage scan = Noted(NoteAction::kNew, "D1", "", "");
  scan.records[0].notes[0].unread = Unread::kForm;
  EXPECT_TRUE(feed.Send(scan).refusal.has_value());
  const AdmissionPlan added = feed.Send(Noted(NoteAction::kAddendum, "D2", "D1", "Better."));
  EXPECT_FALSE(added.request.has_value());
  EXPECT_EQ(added.refusal->code, "unsupported");
  EXPECT_EQ(Text(feed.Send(Noted(NoteAction::kReplace, "D1", "", "Cough."))),
            std::string("Cough.") + kBeside);
}

TEST(DocumentPlanTest, ADocumentThatWasChangedWithoutItsTextHasNoCaseUntilTheTextComes) {
  Feed feed;
  FeedMessage edited = Noted(NoteAction::kReplace, "D1", "", "");
  edited.records[0].notes[0].unread = Unread::kMissing;
  const AdmissionPlan unknown = feed.Send(edited);
  EXPECT_FALSE(unknown.refusal.has_value()) << "of a document that nobody knows here";
  EXPECT_EQ(Codes(unknown), List{"document_unknown"});
  const AdmissionPlan first = feed.Send(Noted(NoteAction::kNew, "D1", "", "Cough."));
  edited.id = "again";
  const AdmissionPlan old = feed.Send(edited);
  EXPECT_EQ(old.withdraw, (Withdrawn{{first.request->id, "replaced", ""}}));
  EXPECT_EQ(old.refusal->text,
            "notes: one was changed or added to, and its text was not sent: a human has to look");
  EXPECT_EQ(Text(feed.Send(Noted(NoteAction::kReplace, "D1", "", "Cold."))),
            std::string("Cold.") + kBeside);
  FeedMessage added = Noted(NoteAction::kAddendum, "D2", "D1", "");
  added.records[0].notes[0].unread = Unread::kMissing;
  EXPECT_EQ(feed.Send(added).withdraw.size(), 1u);
}

// The interface engine sends an old message again, or the correction came first.
TEST(DocumentPlanTest, TheTextThatADocumentHadDoesNotComeBackInThePlaceOfTheNewOne) {
  Feed feed;
  feed.Send(Noted(NoteAction::kNew, "D1", "", "Cough."));
  const AdmissionPlan second =
      feed.Send(Noted(NoteAction::kReplace, "D2", "D1", "Allergic to lisinopril."));
  const AdmissionPlan again = feed.Send(Noted(NoteAction::kNew, "D1", "", "Cough."));
  EXPECT_FALSE(again.request.has_value());
  EXPECT_TRUE(again.withdraw.empty());
  EXPECT_EQ(Codes(again), List{"document_replaced"});
  const AdmissionPlan news = feed.Send(Noted(NoteAction::kNew, "D1", "", "Cold."));
  ASSERT_TRUE(news.request.has_value()) << "another text is news";
  EXPECT_EQ(news.withdraw, (Withdrawn{{second.request->id, "replaced", news.request->id}}));
  Feed overtaken;
  overtaken.Send(Noted(NoteAction::kReplace, "D2", "D1", "Allergic to lisinopril."));
  EXPECT_EQ(Codes(overtaken.Send(Noted(NoteAction::kNew, "D1", "", "Cough."))),
            List{"document_replaced"});
}

// Some senders number documents patient by patient.
TEST(DocumentPlanTest, ANumberThatTwoPatientsHaveIsRetractedForTheOneWhoIsNamed) {
  Feed feed;
  const AdmissionPlan first = feed.Send(Noted(NoteAction::kNew, "1", "", "Cough.", "41"));
  const AdmissionPlan second = feed.Send(Noted(NoteAction::kNew, "1", "", "Gout.", "42"));
  EXPECT_TRUE(second.withdraw.empty());
  EXPECT_EQ(feed.Send(Noted(NoteAction::kRetract, "1", "", "", "41")).withdraw,
            (Withdrawn{{first.request->id, "retracted", ""}}));
  EXPECT_EQ(feed.Send(Noted(NoteAction::kRetract, "1", "", "", "42")).withdraw,
            (Withdrawn{{second.request->id, "retracted", ""}}));
}

// Documents of the first patient go on under their other numbers.
TEST(DocumentPlanTest, ANumberThatWasTakenOverStaysTheOtherPatients) {
  Feed feed;
  feed.Send(Noted(NoteAction::kNew, "D1", "", "Cough.", "41"));
  const AdmissionPlan first = feed.Send(Noted(NoteAction::kReplace, "D2", "D1", "Cold.", "41"));
  const AdmissionPlan other = feed.Send(Noted(NoteAction::kNew, "D1", "", "Gout.", "42"));
  const AdmissionPlan added = feed.Send(Noted(NoteAction::kAddendum, "D3", "D2", "Better.", "41"));
  EXPECT_EQ(added.withdraw, (Withdrawn{{first.request->id, "added_to", added.request->id}}));
  EXPECT_EQ(feed.Send(Noted(NoteAction::kRetract, "D1", "", "", "42")).withdraw,
            (Withdrawn{{other.request->id, "retracted", ""}}));
}

TEST(DocumentPlanTest, WhatIsRetractedBesideATakenOverNumberLeavesIt) {
  Feed feed;
  feed.Send(Noted(NoteAction::kNew, "D1", "", "Cough.", "41"));
  feed.Send(Noted(NoteAction::kAddendum, "A1", "D1", "Better.", "41"));
  const AdmissionPlan other = feed.Send(Noted(NoteAction::kNew, "D1", "", "Gout.", "42"));
  EXPECT_EQ(feed.Send(Noted(NoteAction::kRetract, "A1", "", "", "41")).withdraw.size(), 1u);
  EXPECT_EQ(feed.Send(Noted(NoteAction::kRetract, "D1", "", "", "42")).withdraw,
            (Withdrawn{{other.request->id, "retracted", ""}}));
}

TEST(DocumentPlanTest, ARetractionOfNobodyThatOvertakesItsDocumentHolds) {
  Feed feed;
  feed.Send(Noted(NoteAction::kRetract, "D1", "", "", ""));
  const AdmissionPlan late = feed.Send(Noted(NoteAction::kNew, "D1", "", "Cough."));
  EXPECT_FALSE(late.request.has_value());
  EXPECT_EQ(Codes(late), List{"document_retracted"});
  EXPECT_FALSE(feed.Send(Noted(NoteAction::kAddendum, "D1", "", "Better.")).request.has_value());
}

TEST(DocumentPlanTest, ACaseThatWasWithdrawnIsNotTheSameAsANewOne) {
  Feed feed;
  const AdmissionPlan first = feed.Send(Noted(NoteAction::kNew, "D1", "", "Cough."));
  EXPECT_EQ(feed.Send(Noted(NoteAction::kNew, "D1", "", "Cough.")).same_as, first.request->id);
  feed.withdrawn.insert(first.request->id);  // its patient was deleted by mistake
  const AdmissionPlan again = feed.Send(Noted(NoteAction::kNew, "D1", "", "Cough."));
  ASSERT_TRUE(again.request.has_value());
  EXPECT_EQ(again.same_as, "");
}

TEST(DocumentPlanTest, AMessageThatComesAgainAfterItsPlanWasForgottenDoesNotEndItsCorrection) {
  Feed feed;
  const FeedMessage first = Noted(NoteAction::kNew, "D1", "", "Cough.");
  feed.Send(first);
  feed.Send(Noted(NoteAction::kNew, "D1", "", "Allergic to lisinopril."));
  const AdmissionPlan replayed = feed.Send(first);
  EXPECT_FALSE(replayed.request.has_value());
  EXPECT_TRUE(replayed.withdraw.empty());
  EXPECT_EQ(Codes(replayed), List{"document_replaced"});
  const AdmissionPlan other_id = feed.Send(Noted(NoteAction::kNew, "D1", "", "Cough."));
  EXPECT_FALSE(other_id.request.has_value()) << "under another message id";
  const AdmissionPlan back = feed.Send(Noted(NoteAction::kReplace, "D1", "", "Cough."));
  EXPECT_TRUE(back.request.has_value()) << "a replacement says that it is one";
}

TEST(DocumentPlanTest, TheCaseOfAMessageThatWasWithdrawnDoesNotStartAgain) {
  Feed feed;
  FeedMessage note = Noted(NoteAction::kNew, "", "", "Cough.");
  const AdmissionPlan first = feed.Send(note);
  feed.withdrawn.insert(first.request->id);
  const AdmissionPlan again = feed.Send(note);
  EXPECT_FALSE(again.request.has_value());
  EXPECT_EQ(Codes(again), List{"case_withdrawn"});
}

TEST(DocumentPlanTest, ARetractionThatNamesNoneOfItsPatientsRetractsThemAll) {
  Feed feed;
  const AdmissionPlan first = feed.Send(Noted(NoteAction::kNew, "1", "", "Cough.", "41"));
  const AdmissionPlan second = feed.Send(Noted(NoteAction::kNew, "1", "", "Gout.", "42"));
  EXPECT_EQ(
      feed.Send(Noted(NoteAction::kRetract, "1", "", "", "")).withdraw,
      (Withdrawn{{second.request->id, "retracted", ""}, {first.request->id, "retracted", ""}}));
}

TEST(DocumentPlanTest, WithoutPatientsANumberAloneSaysThatADocumentCameAgain) {
  Feed feed;
  const AdmissionPlan first = feed.Send(Noted(NoteAction::kNew, "1", "", "Cough.", ""));
  const AdmissionPlan second = feed.Send(Noted(NoteAction::kNew, "1", "", "Cold.", ""));
  EXPECT_EQ(second.withdraw, (Withdrawn{{first.request->id, "replaced", second.request->id}}));
  EXPECT_EQ(Text(second), std::string("Cold.") + kBeside) << "texts are not joined";
}

TEST(DocumentPlanTest, WhatIsTooLongIsKeptWithoutItsTextAndCanBeRetracted) {
  Feed feed;
  const std::string book(1'100'000, 'x');
  EXPECT_EQ(feed.Send(Noted(NoteAction::kNew, "D1", "", book.c_str())).refusal->code, "too_large");
  EXPECT_LT(Pack(feed.documents.begin()->second).size(), 1000u);
  EXPECT_EQ(feed.Send(Noted(NoteAction::kAddendum, "D2", "D1", "Better.")).refusal->code,
            "too_large");
  const AdmissionPlan replaced = feed.Send(Noted(NoteAction::kReplace, "D1", "", "Short."));
  ASSERT_TRUE(replaced.request.has_value());
  EXPECT_EQ(feed.Send(Noted(NoteAction::kRetract, "D1", "", "")).withdraw.size(), 1u);
}

TEST(DocumentPlanTest, AdditionsWithoutEndAreRefusedAndWhatIsKeptOfThemIsBounded) {
  Feed feed;
  const std::string text(3000, 'x');
  feed.Send(Noted(NoteAction::kNew, "D0", "", text.c_str()));
  std::size_t refused = 0;
  for (int i = 1; i <= 200; ++i) {
    const std::string document = "A" + std::to_string(i);
    refused += feed.Send(Noted(NoteAction::kAddendum, document.c_str(), "D0", text.c_str()))
                   .refusal.has_value();
  }
  EXPECT_GT(refused, 100u);
  for (const auto& [key, state] : feed.documents) EXPECT_LT(Pack(state).size(), 100'000u);
  EXPECT_TRUE(feed.Send(Noted(NoteAction::kRetract, "D0", "", "")).refusal == std::nullopt);
}

TEST(DocumentPlanTest, AMessageWhoseNamesCannotBeKeptIsRefusedWhole) {
  Feed feed;
  const AdmissionPlan first = feed.Send(Noted(NoteAction::kNew, "D1", "", "Cough."));
  FeedMessage message = Noted(NoteAction::kReplace, "D1", "", "Cold.");
  message.records[0].patient.family = std::string(1'100'000, 'x');
  const AdmissionPlan plan = feed.Send(message);
  EXPECT_FALSE(plan.request.has_value());
  EXPECT_EQ(plan.refusal->code, "too_large");
  EXPECT_EQ(plan.withdraw, (Withdrawn{{first.request->id, "replaced", ""}}));
  EXPECT_TRUE(plan.contexts.empty() && plan.documents.empty());
}

TEST(DocumentPlanTest, ACaseThatIsTooLargeIsRefusedAndItsContextKept) {
  PlanSettings settings = Settings();
  settings.case_bytes_max = 1024;
  const std::string text(2000, 'x');
  const AdmissionPlan plan = Feed().Send(Noted(NoteAction::kNew, "D1", "", text.c_str()), settings);
  ASSERT_TRUE(plan.refusal.has_value());
  EXPECT_EQ(plan.refusal->code, "too_large");
  EXPECT_EQ(plan.refusal->text, "case: 2193 bytes, expected at most 1024 (broker.case_bytes_max)");
  EXPECT_EQ(plan.contexts.size(), 1u);
}

// Random notes of three patients: no case ever holds a text that was sent for another patient, and
// no document keeps a case that was withdrawn.
TEST(DocumentPlanTest, NoCaseHoldsAnotherPatientsTextAndNoDocumentAWithdrawnCase) {
  for (std::uint64_t seed = 1; seed <= 400; ++seed) {
    SeededRandom random(seed, "plan");
    Feed feed;
    std::map<std::string, bool> withdrawn;
    std::set<std::string> moved;  // cases whose number another patient's document has now
    for (int step = 0; step < 60; ++step) {
      const std::string patient = std::to_string(11 + random.Below(3));
      const std::string document = "D" + std::to_string(random.Below(5));
      const std::string parent =
          random.Below(2) == 0 ? "D" + std::to_string(random.Below(5)) : std::string();
      const auto action = static_cast<NoteAction>(random.Below(5));
      std::string text;
      if (action != NoteAction::kRetract && action != NoteAction::kStatus) {
        text = "of " + patient + " text" + std::to_string(random.Below(1000)) + " end.";
      }
      FeedMessage message =
          Noted(action, document.c_str(), parent.c_str(), text.c_str(), patient.c_str());
      Note& note = message.records[0].notes[0];
      for (auto* names : {&note.also, &note.shared, &note.parent_also}) {
        if (random.Below(3) == 0) names->push_back("N" + std::to_string(random.Below(4)));
      }
      const AdmissionPlan plan = feed.Send(message);
      for (const auto& [key, state] : feed.documents) {
        for (const OtherCase& other : state.others) moved.insert(other.case_id);
      }
      for (const Withdrawal& one : plan.withdraw) {
        // A number that was taken over may still lead to a case that ended by another one.
        EXPECT_TRUE(!withdrawn[one.case_id] || moved.count(one.case_id) > 0)
            << "twice; seed " << seed << " step " << step;
        withdrawn[one.case_id] = true;
        EXPECT_NE(one.case_id, plan.request ? plan.request->id : "");
      }
      for (const auto& [key, state] : feed.documents) {
        EXPECT_TRUE(state.case_id.empty() || !withdrawn[state.case_id])
            << "kept; seed " << seed << " step " << step;
      }
      for (std::size_t at = Text(plan).find("of "); at != std::string::npos;
           at = Text(plan).find("of ", at + 1)) {
        EXPECT_EQ(Text(plan).substr(at, 5), "of " + patient) << "seed " << seed << " step " << step;
      }
    }
  }
}

}  // namespace
}  // namespace consilium
