#include "gateway/delivery.h"

#include <gtest/gtest.h>

#include <optional>
#include <ostream>
#include <string>
#include <vector>

namespace consilium {

void PrintTo(const DeliveryStep& step, std::ostream* out) {
  *out << static_cast<int>(step.what) << " " << step.entry << " " << step.tried.tries << "/"
       << step.tried.refusals << " " << step.why;
}

namespace {

using Do = DeliveryDo;

class DeliveryTest : public testing::Test {
 protected:
  // The next step, which is this one and carries nothing to record.
  void Expect(Do what) { EXPECT_EQ(delivery_.Next(now_), (DeliveryStep{what, "", {}, ""})); }
  void ExpectRecord(Do what, const std::string& entry, DeliveryTries tried,
                    const std::string& why = "") {
    EXPECT_EQ(delivery_.Next(now_), (DeliveryStep{what, entry, tried, why}));
  }
  void TakeHead(const std::string& entry = "1-0", DeliveryTries tried = {}) {
    delivery_.TakeHead({entry, {"case", 1, "bytes"}, tried}, "id of " + entry);
  }
  void Answer(const std::string& code, const std::string& entry = "1-0",
              const std::string& error = "") {
    delivery_.Answered(ReceiverAck{code, "id of " + entry, error});
  }
  // On a new connection up to where the answer is awaited.
  void Send(const std::string& entry = "1-0", DeliveryTries tried = {}) {
    Expect(Do::kHead);
    TakeHead(entry, tried);
    Expect(Do::kConnect);
    Expect(Do::kWait);
    delivery_.Connected();
    SendAgain(entry, tried);
  }
  // The same on the connection that there is.
  void SendAgain(const std::string& entry, DeliveryTries tried = {}) {
    Expect(Do::kHead);
    TakeHead(entry, tried);
    Expect(Do::kSend);
    Expect(Do::kWait);
    EXPECT_TRUE(delivery_.OnTheWire());
  }
  // Waits out what is due; the time that it took.
  milliseconds Wait() {
    Expect(Do::kWait);
    const TimePoint due = delivery_.NextDue();
    EXPECT_GT(due, now_);
    EXPECT_LT(due, now_ + std::chrono::hours(1));
    const auto waited = due - now_;
    now_ = due - milliseconds(1);
    Expect(Do::kWait);
    now_ = due;
    return std::chrono::duration_cast<milliseconds>(waited);
  }
  void Recorded() {
    Expect(Do::kWait);
    EXPECT_EQ(delivery_.NextDue(), TimePoint::max()) << "only the record goes on";
    delivery_.Recorded(true, now_);
  }

  DeliveryConfig config_;
  TimePoint now_{milliseconds(1000000)};
  Delivery delivery_{config_, 7};
};

TEST_F(DeliveryTest, DoesNothingUntilItsTurnBegins) {
  EXPECT_FALSE(delivery_.on());
  Expect(Do::kWait);
  EXPECT_EQ(delivery_.NextDue(), TimePoint::max());
  delivery_.Look();
  delivery_.Connected();
  delivery_.Lost("reset");
  delivery_.Recorded(true, now_);
  TakeHead();
  Answer("AA");
  Expect(Do::kWait);
  delivery_.Start();
  EXPECT_TRUE(delivery_.on());
  Expect(Do::kHead);
}

TEST_F(DeliveryTest, AMessageThatIsAcceptedIsDoneAndTheNextGoesOutOnTheSameConnection) {
  delivery_.Start();
  Send();
  Answer("AA");
  EXPECT_FALSE(delivery_.OnTheWire());
  ExpectRecord(Do::kSent, "1-0", {});
  Recorded();
  SendAgain("2-0");
  Answer("CA", "2-0");
  ExpectRecord(Do::kSent, "2-0", {});
}

TEST_F(DeliveryTest, NothingIsSentUntilTheLastOneIsRecorded) {
  delivery_.Start();
  Send();
  Answer("AA");
  ExpectRecord(Do::kSent, "1-0", {});
  delivery_.Look();
  delivery_.StoreFailed(now_);
  EXPECT_EQ(Wait(), config_.store_pause);
  ExpectRecord(Do::kSent, "1-0", {});
  Recorded();
  Expect(Do::kHead);
}

TEST_F(DeliveryTest, TheHeadIsAskedForAgainBeforeItIsSent) {
  delivery_.Start();
  Expect(Do::kHead);
  TakeHead();
  Expect(Do::kConnect);
  delivery_.Connected();
  Expect(Do::kHead);
  TakeHead("2-0");  // somebody else's yes came in between
  Expect(Do::kSend);
  Answer("AA", "2-0");
  ExpectRecord(Do::kSent, "2-0", {});
}

TEST_F(DeliveryTest, AnEmptyOutboxIsLookedAtNowAndThen) {
  delivery_.Start();
  Expect(Do::kHead);
  delivery_.NoHead(now_);
  EXPECT_EQ(Wait(), config_.look_every);
  Expect(Do::kHead);
  delivery_.NoHead(now_);
  Expect(Do::kWait);
  delivery_.Look();
  EXPECT_LE(delivery_.NextDue(), now_);
  Expect(Do::kHead);
  delivery_.Look();  // while it is asked
  delivery_.NoHead(now_);
  Expect(Do::kHead);
}

TEST_F(DeliveryTest, AnOutboxThatCannotBeReadIsAskedAgain) {
  delivery_.Start();
  Expect(Do::kHead);
  delivery_.StoreFailed(now_);
  delivery_.Look();
  EXPECT_EQ(Wait(), config_.store_pause);
  Expect(Do::kHead);
}

TEST_F(DeliveryTest, ARefusedMessageIsSentAgainAfterAPauseOnTheSameConnection) {
  delivery_.Start();
  Send();
  Answer("AE", "1-0", "207");
  ExpectRecord(Do::kRetry, "1-0", {1, 1}, "answered AE with error 207");
  Recorded();
  delivery_.Look();
  const milliseconds first = Wait();
  EXPECT_GE(first, config_.pause / 2);
  EXPECT_LE(first, config_.pause);
  SendAgain("1-0", {1, 1});
  Answer("CE");
  ExpectRecord(Do::kRetry, "1-0", {2, 2}, "answered CE");
  Recorded();
  const milliseconds second = Wait();
  EXPECT_GE(second, config_.pause);
  EXPECT_LE(second, 2 * config_.pause);
}

TEST_F(DeliveryTest, AMessageThatIsRefusedTooOftenIsSetAsideAndTheNextGoesOut) {
  delivery_.Start();
  Send("1-0", {40, 4});  // counted by whoever sent before
  Answer("AE");
  ExpectRecord(Do::kSetAside, "1-0", {41, 5}, "answered AE, 5 times refused");
  Recorded();
  SendAgain("2-0");
}

TEST_F(DeliveryTest, ARejectedMessageIsSetAsideAtOnce) {
  for (const char* code : {"AR", "CR"}) {
    delivery_.Start();
    Send();
    Answer(code, "1-0", "202");
    ExpectRecord(Do::kSetAside, "1-0", {1, 0}, "answered " + std::string(code) + " with error 202");
    Recorded();
    Expect(Do::kHead);
    delivery_.Stop();
    Expect(Do::kClose);
  }
}

TEST_F(DeliveryTest, WhatTheReceiverWroteIsNotRepeatedUnlessItIsACode) {
  delivery_.Start();
  Send();
  Answer("AR", "1-0", "Smith^John");
  ExpectRecord(Do::kSetAside, "1-0", {1, 0}, "answered AR");
  Recorded();
  SendAgain("2-0");
  Answer("Smith", "2-0");
  Expect(Do::kClose);
  ExpectRecord(Do::kRetry, "2-0", {1, 0}, "an answer with a code that is none");
}

TEST_F(DeliveryTest, AnAnswerThatIsNoneIsNoSuccess) {
  delivery_.Start();
  Send();
  delivery_.Answered(std::nullopt);
  Expect(Do::kClose);
  ExpectRecord(Do::kRetry, "1-0", {1, 0}, "an answer that cannot be read");
  Recorded();
  Wait();
  Send("1-0", {1, 0});
  Answer("AA", "2-0");
  Expect(Do::kClose);
  ExpectRecord(Do::kRetry, "1-0", {2, 0}, "an answer to another message");
  Recorded();
  Wait();
  Send("1-0", {2, 0});
  Answer("");
  Expect(Do::kClose);
  ExpectRecord(Do::kRetry, "1-0", {3, 0}, "an answer with a code that is none");
  Recorded();
  Wait();
  Send("1-0", {3, 0});
}

TEST_F(DeliveryTest, ASecondAnswerToTheMessageBeforeIsPassedOver) {
  delivery_.Start();
  Send("1-0");
  Answer("CA", "1-0");
  ExpectRecord(Do::kSent, "1-0", {});
  Answer("AA", "1-0");  // while nothing is on the wire
  Recorded();
  SendAgain("2-0");
  Answer("AA", "1-0");
  Expect(Do::kWait);
  EXPECT_TRUE(delivery_.OnTheWire());
  Answer("AA", "2-0");
  ExpectRecord(Do::kSent, "2-0", {});
  Recorded();
  SendAgain("3-0");
  Answer("AA", "1-0");
  Expect(Do::kClose);
  ExpectRecord(Do::kRetry, "3-0", {1, 0}, "an answer to another message");
}

TEST_F(DeliveryTest, WithoutAnAnswerTheSameMessageIsSentAgainOnANewConnection) {
  delivery_.Start();
  Send();
  EXPECT_EQ(Wait(), config_.ack_timeout);
  Expect(Do::kClose);
  ExpectRecord(Do::kRetry, "1-0", {1, 0}, "no answer within 30000 ms");
  Answer("AA");  // too late: the connection is closed
  Recorded();
  Wait();
  Send("1-0", {1, 0});
}

TEST_F(DeliveryTest, ALostConnectionIsMadeAgain) {
  delivery_.Start();
  Send();
  delivery_.Lost("reset");
  ExpectRecord(Do::kRetry, "1-0", {1, 0}, "connection lost: reset");
  Recorded();
  Wait();
  Send("1-0", {1, 0});
  Answer("AA");
  ExpectRecord(Do::kSent, "1-0", {1, 0});
  delivery_.Lost("closed");  // while nothing is on the wire: no failure
  Recorded();
  Send("2-0");
}

TEST_F(DeliveryTest, AReceiverThatCannotBeReachedIsTriedForEverWithGrowingPauses) {
  delivery_.Start();
  milliseconds longest{0};
  for (std::int64_t tries = 1; tries <= 50; ++tries) {
    Expect(Do::kHead);
    TakeHead("1-0", {tries - 1, 0});
    Expect(Do::kConnect);
    delivery_.Lost("refused");
    ExpectRecord(Do::kRetry, "1-0", {tries, 0}, "no connection: refused");
    Recorded();
    const milliseconds pause = Wait();
    const milliseconds whole =
        tries > 6 ? config_.pause_max
                  : std::min(config_.pause_max, config_.pause * (1 << (tries - 1)));
    EXPECT_GE(pause, whole / 2) << tries;
    EXPECT_LE(pause, whole) << tries;
    longest = std::max(longest, pause);
  }
  EXPECT_GT(longest, config_.pause_max * 3 / 4);
  // Once something was taken the next failure pauses briefly again.
  Send("1-0", {50, 0});
  Answer("AA");
  ExpectRecord(Do::kSent, "1-0", {50, 0});
  Recorded();
  SendAgain("2-0");
  delivery_.Lost("reset");
  ExpectRecord(Do::kRetry, "2-0", {1, 0}, "connection lost: reset");
  Recorded();
  EXPECT_LE(Wait(), config_.pause);
}

TEST_F(DeliveryTest, AConnectionThatDoesNotComeIsGivenUp) {
  delivery_.Start();
  Expect(Do::kHead);
  TakeHead();
  Expect(Do::kConnect);
  EXPECT_EQ(Wait(), config_.connect_timeout);
  Expect(Do::kClose);
  ExpectRecord(Do::kRetry, "1-0", {1, 0}, "no connection within 10000 ms");
  delivery_.Connected();  // too late
  Recorded();
  Wait();
  Send("1-0", {1, 0});
}

TEST_F(DeliveryTest, PausesOfTwoSendersDiffer) {
  std::vector<milliseconds> pauses;
  for (const std::uint64_t seed : {1U, 2U, 3U}) {
    Delivery delivery(config_, seed);
    delivery.Start();
    delivery.Next(now_);
    delivery.TakeHead({"1-0", {}, {}}, "id");
    delivery.Next(now_);
    delivery.Lost("refused");
    delivery.Next(now_);
    delivery.Recorded(true, now_);
    pauses.push_back(std::chrono::duration_cast<milliseconds>(delivery.NextDue() - now_));
  }
  EXPECT_NE(pauses[0], pauses[1]);
  EXPECT_NE(pauses[1], pauses[2]);
}

TEST_F(DeliveryTest, WhoseTurnEndsClosesAndBeginsAnewLater) {
  delivery_.Start();
  Send();
  delivery_.Stop();
  EXPECT_FALSE(delivery_.on());
  EXPECT_FALSE(delivery_.OnTheWire());
  Expect(Do::kClose);
  Expect(Do::kWait);
  EXPECT_EQ(delivery_.NextDue(), TimePoint::max());
  Answer("AA");
  Expect(Do::kWait);
  delivery_.Start();
  Send();
  Answer("AE");
  ExpectRecord(Do::kRetry, "1-0", {1, 1}, "answered AE");
  delivery_.Recorded(false, now_);  // Redis says so
  EXPECT_FALSE(delivery_.on());
  Expect(Do::kClose);
  Expect(Do::kWait);
}

TEST_F(DeliveryTest, StoppingClosesWhateverStageItIsIn) {
  delivery_.Start();
  Expect(Do::kHead);
  TakeHead();
  Expect(Do::kConnect);
  delivery_.Stop();
  Expect(Do::kClose);
  Expect(Do::kWait);
  delivery_.Start();
  Send();
  delivery_.Answered(std::nullopt);
  delivery_.Stop();  // before the close was asked for
  Expect(Do::kClose);
  Expect(Do::kWait);
  delivery_.Start();
  Expect(Do::kHead);
  delivery_.Stop();  // nothing to close
  Expect(Do::kWait);
}

}  // namespace
}  // namespace consilium
