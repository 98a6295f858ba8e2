#include "gateway/feed_ack.h"

#include <gtest/gtest.h>

namespace consilium {
namespace {

AdmittedRecord Record() {
  AdmittedRecord record;
  record.admitted_ms = 1795828533000;
  record.plan.request.emplace();
  record.submitted = Result<SubmitReply>(SubmitReply{});
  return record;
}

TEST(FeedAckTest, WhatIsDurableIsAcceptedAndTheSameMessageGetsTheSameAnswer) {
  const GatewayConfig own;
  const AckContent ack = AckOfAdmitted(own, "d1", {Record()});
  EXPECT_EQ(ack.verdict, Hl7Verdict::kAccept);
  EXPECT_TRUE(ack.faults.empty());
  EXPECT_EQ(ack.control_id.size(), 20u);
  EXPECT_EQ(ack.time, "20261128011533+0000") << "when it was admitted first";
  AdmittedRecord again = Record();
  again.again = true;
  EXPECT_EQ(AckOfAdmitted(own, "d1", {again}).control_id, ack.control_id);
  EXPECT_NE(AckOfAdmitted(own, "d2", {Record()}).control_id, ack.control_id);
}

TEST(FeedAckTest, ACaseThatCannotStartIsAnErrorThatSaysWhy) {
  AdmittedRecord refused;
  refused.plan.refusal = Refusal{"unsupported", "a human has to look"};
  AckContent ack = AckOfAdmitted({}, "d", {Record(), refused});
  EXPECT_EQ(ack.verdict, Hl7Verdict::kError);
  ASSERT_EQ(ack.faults.size(), 1u);
  EXPECT_EQ(ack.faults[0].text, "a human has to look");
  EXPECT_EQ(ack.faults[0].code, Hl7FaultCode::kDataType);
  refused.plan.refusal->code = "invalid";
  EXPECT_EQ(AckOfAdmitted({}, "d", {refused}).faults[0].code, Hl7FaultCode::kRequiredFieldMissing);
  refused.plan.refusal->code = "too_large";
  EXPECT_EQ(AckOfAdmitted({}, "d", {refused}).faults[0].code, Hl7FaultCode::kValueTooLong);
  AdmittedRecord invalid = Record();
  invalid.submitted = Result<SubmitReply>(Invalid("kind = \"x\""));
  ack = AckOfAdmitted({}, "d", {invalid});
  EXPECT_EQ(ack.verdict, Hl7Verdict::kError);
  EXPECT_EQ(ack.faults[0].text, "kind = \"x\"");
}

TEST(FeedAckTest, WhyNoCaseStartsForADeadPatientIsSaidBesideTheAccept) {
  AdmittedRecord record;
  record.plan.remarks = {{"patient_deceased", "", "the patient is recorded as dead: no case"}};
  const AckContent ack = AckOfAdmitted({}, "d", {record});
  EXPECT_EQ(ack.verdict, Hl7Verdict::kAccept);
  EXPECT_EQ(ack.text, "the patient is recorded as dead: no case");
}

TEST(FeedAckTest, WhatPassesIsAnErrorAndWhatIsNeverTakenARejection) {
  const AckContent later = AckOfFailure({}, "d", {ErrorCode::kQueueFull, "too many"});
  EXPECT_EQ(later.verdict, Hl7Verdict::kError);
  EXPECT_EQ(later.faults[0].text, "queue_full: too many");
  EXPECT_EQ(later.faults[0].code, Hl7FaultCode::kApplicationError);
  EXPECT_EQ(later.faults[0].severity, 'F');
  FeedFault fault;
  fault.segment = "PID";
  fault.code = 101;
  EXPECT_EQ(AckOfFault({}, "d", fault).verdict, Hl7Verdict::kError);
  for (const int code : {200, 201, 202, 203}) {
    fault.code = code;
    EXPECT_EQ(AckOfFault({}, "d", fault).verdict, Hl7Verdict::kReject) << code;
  }
  EXPECT_EQ(AckOfUnreadable({}, "d", "x").verdict, Hl7Verdict::kReject);
}

TEST(FeedAckTest, ABatchWithoutAMessageIsAcceptedUnlessItsMessagesWereLost) {
  const auto batch = SplitBatch("BHS|^~\\&|A|B|||20261128||||B7\rBTS|0\r");
  ASSERT_TRUE(batch.ok());
  AckContent ack = AckOfEmptyBatch({}, "d", *batch);
  EXPECT_EQ(ack.verdict, Hl7Verdict::kAccept);
  ack.time = "20261128101500+0100";
  ack.control_id = "C1";
  EXPECT_EQ(AckForEmptyBatch(batch->id, ack),
            "MSH|^~\\&|CONSILIUM||||20261128101500+0100||ACK|C1|P|2.5.1\r"
            "MSA|AA|B7|a batch without a message\r");
  const auto cut = SplitBatch("FHS|^~\\&|A\rBHS|^~\\&|A\rBTS|3\rFTS|1\r");
  ASSERT_TRUE(cut.ok());
  ack = AckOfEmptyBatch({}, "d", *cut);
  EXPECT_EQ(ack.verdict, Hl7Verdict::kError);
  ASSERT_EQ(ack.faults.size(), 1u);
  EXPECT_EQ(ack.faults[0].text, "BTS-1: states 3, but 0 messages came");
}

}  // namespace
}  // namespace consilium
