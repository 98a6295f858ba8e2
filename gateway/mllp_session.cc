#include "gateway/mllp_session.h"

#include <utility>

#include "gateway/feed_ack.h"
#include "gateway/hl7/ack.h"
#include "gateway/hl7/batch.h"
#include "gateway/hl7/charset.h"
#include "gateway/hl7/hl7_time.h"
#include "gateway/hl7/message.h"
#include "gateway/hl7/read_feed.h"
#include "gateway/wall_clock.h"
#include "shared/ids.h"
#include "shared/message_rule.h"
#include "shared/text.h"

namespace consilium {
namespace {

// What is read ahead of the message that is worked at.
constexpr std::size_t kAheadBytesMax = 1u << 20;
// Acknowledgements that wait for a peer to take them; beyond it nothing is worked at or read.
constexpr std::size_t kUnsentBytesMax = 1u << 20;
// What one connection works at before others have their turn, as much as of one message; each
// message counts for kMessageBytes more, as there may be thousands of a few bytes.
constexpr std::size_t kTurnBytes = Loop::kParseHereBytesMax;
constexpr std::size_t kMessageBytes = 1024;
constexpr milliseconds kTick{1000};
// For a peer to take its acknowledgements.
constexpr milliseconds kUnreadMax{30000};

// For /metrics. Of anybody's making, so only what is read becomes a label, and without its event.
std::string TypeOf(const Hl7Message& message) {
  const std::string type = message.msh().Get(9, 1);
  return IsHl7PatientMessage(type) ? type : "other";
}

}  // namespace

// What the bytes of a message say. Plain data: made in the loop or beside it.
struct MllpSession::Hl7Parsed {
  Hl7Parsed(std::string payload, const Hl7Charset* default_charset,
            const std::vector<SourceConfig>& sources)
      : bytes(std::move(payload)),
        digest(Sha256Hex(bytes)),
        charset(default_charset),
        message(ParseHl7(bytes, charset)) {
    if (!message.ok()) return;
    // A source may have a character set of its own, and only the message says which source it is.
    for (const SourceConfig& source : sources) {
      const bool its = source.application == message->msh().Get(3) &&
                       (source.facility.empty() || source.facility == message->msh().Get(4));
      if (!its) continue;
      charset = FindHl7Charset(source.charset);
      message = ParseHl7(bytes, charset);
      break;
    }
    if (message.ok()) feed = ReadFeed(*message, bytes);
  }

  std::string bytes;
  std::string digest;
  const Hl7Charset* charset;
  Result<Hl7Message> message;
  std::variant<FeedMessage, FeedFault> feed;  // of a message that can be read
};

MllpSession::MllpSession(MllpDoor& door, std::uint64_t id, std::unique_ptr<Connection> connection)
    : door_(door),
      id_(id),
      connection_(std::move(connection)),
      reader_(static_cast<std::size_t>(door.config_.body_bytes_max)),
      held_(door.budget_),
      timer_(door.loop_, [this] { OnTime(); }) {
  ConnectionEvents events;
  events.on_data = [this](std::string_view bytes) { OnData(bytes); };
  events.on_sent = [this] { unsent_since_.reset(); };
  events.on_progress = [this] {
    if (unsent_since_) unsent_since_ = Now();
    Work();
  };
  events.on_no_more = [this] { OnNoMore(); };
  events.on_end = [this](const std::string& /*why*/) { OnEnd(); };
  connection_->Start(std::move(events));
  timer_.At(Now() + kTick);
}

void MllpSession::OnData(std::string_view bytes) {
  if (draining_) return;
  reader_.Feed(bytes);
  Work();
}

void MllpSession::Balance() {
  const std::size_t unsent = connection_->unsent();
  const bool room = held_.Set(reader_.held() + frame_bytes_ + batch_acks_.size() + unsent);
  starved_ = !room || unsent > kUnsentBytesMax;
  if (over_ || no_more_) return;
  const bool ahead = !idle_ && reader_.held() > kAheadBytesMax;
  if (starved_ || ahead) {
    connection_->Pause();
  } else {
    connection_->Resume();
  }
}

void MllpSession::Work() {
  if (in_work_) return;
  in_work_ = true;
  idle_ = false;
  std::size_t worked = 0;
  while (!working_ && !over_ && !idle_ && !next_turn_ && connection_->unsent() <= kUnsentBytesMax) {
    if (worked >= kTurnBytes) {
      WorkNextTurn();
    } else if (const auto bytes = WorkOnce()) {
      worked += *bytes + kMessageBytes;
    } else {
      idle_ = true;
    }
  }
  in_work_ = false;
  Balance();
  if (!idle_ || over_) return;
  if (draining_ || no_more_) return Close();
  if (reader_.half_read() && reader_.begun() != begun_) {
    begun_ = reader_.begun();
    begun_at_ = Now();
  }
}

void MllpSession::WorkNextTurn() {
  next_turn_ = true;
  door_.loop_.Post([&door = door_, id = id_] {
    const auto session = door.sessions_.find(id);
    if (session == door.sessions_.end()) return;
    session->second->next_turn_ = false;
    session->second->Work();
  });
}

// The bytes of the message that was worked at; none: there is nothing to do.
std::optional<std::size_t> MllpSession::WorkOnce() {
  if (!batch_.empty()) {
    const std::size_t bytes = batch_.front().size();
    NextOfBatch();
    return bytes;
  }
  frame_bytes_ = 0;
  if (draining_) return {};
  auto payload = reader_.Next();
  if (!payload && no_more_) payload = reader_.Finish();
  if (!payload) return {};
  OnPayload(std::move(*payload));
  return 0;
}

void MllpSession::OnPayload(Result<MllpPayload> payload) {
  if (!payload.ok()) {
    const std::string& begin = reader_.rejected();
    if (const auto ack = AckForUnreadable(
            begin, AckOfUnreadable(door_.config_, Sha256Hex(begin), payload.error().text))) {
      Reply(*ack);
    }
    door_.metrics_.OnHl7("unreadable", "AR", milliseconds(0));
    return;
  }
  // Takes a small part of what parsing takes, so it is done here whatever the size.
  const Result<Hl7Batch> batch = SplitBatch(payload->bytes);
  if (!batch) {
    const AckContent content =
        AckOfUnreadable(door_.config_, Sha256Hex(payload->bytes), batch.error().text);
    if (const auto ack = AckForUnreadable(payload->bytes, content)) Reply(*ack);
    return;
  }
  if (batch->messages.empty()) {
    AckContent content = AckOfEmptyBatch(door_.config_, Sha256Hex(payload->bytes), *batch);
    content.time = Hl7Time(UnixMsNow());
    Reply(AckForEmptyBatch(batch->id, content));
    const bool whole = content.verdict == Hl7Verdict::kAccept;
    return door_.metrics_.OnHl7("batch", whole ? "AA" : "AE", milliseconds(0));
  }
  frame_bytes_ = payload->bytes.size();
  batched_ = batch->has_headers;
  if (!batch->remarks.empty()) {
    LogInfo("hl7_batch_odd", {{"peer", connection_->peer()},
                              {"code", batch->remarks.front().code},
                              {"messages", batch->messages.size()}});
  }
  const bool alone =
      batch->messages.size() == 1 && batch->messages.front().size() == payload->bytes.size();
  if (alone) return batch_.push_back(std::move(payload->bytes));
  for (const std::string_view message : batch->messages) batch_.emplace_back(message);
}

void MllpSession::NextOfBatch() {
  std::string bytes = std::move(batch_.front());
  batch_.pop_front();
  working_ = true;
  const std::size_t size = bytes.size();
  // The session may be gone, or on its end, when the message is parsed: it was not taken, nobody
  // was told that it was, and its sender comes again.
  door_.loop_.Parse(
      size,
      [bytes = std::move(bytes), charset = FindHl7Charset(door_.config_.charset),
       sources = door_.sources_]() mutable {
        return Hl7Parsed(std::move(bytes), charset, *sources);
      },
      [&door = door_, id = id_, began = Now()](Hl7Parsed parsed) {
        const auto session = door.sessions_.find(id);
        if (session == door.sessions_.end() || session->second->over_.has_value()) return;
        session->second->OnMessage(std::move(parsed), began);
      });
}

void MllpSession::OnMessage(Hl7Parsed parsed, TimePoint began) {
  if (!parsed.message.ok()) {
    const AckContent content =
        AckOfUnreadable(door_.config_, parsed.digest, parsed.message.error().text);
    Reply(AckForUnreadable(parsed.bytes, content, parsed.charset).value_or(""));
    door_.metrics_.OnHl7("unreadable", "AR", milliseconds(0));
    return OnAnswered();
  }
  const auto message = std::make_shared<Hl7Message>(std::move(*parsed.message));
  const std::string type = TypeOf(*message);
  const auto answer = [this, message, type, began](AckContent content) {
    if (content.time.empty()) content.time = Hl7Time(UnixMsNow());
    const auto ack = AckFor(*message, content);
    const auto code = AckCode(*message, content.verdict);
    door_.metrics_.OnHl7(type, code ? std::string(*code) : "",
                         std::chrono::duration_cast<milliseconds>(Now() - began));
    Reply(ack.value_or(""));
    OnAnswered();
  };
  if (const FeedFault* const fault = std::get_if<FeedFault>(&parsed.feed)) {
    return answer(AckOfFault(door_.config_, parsed.digest, *fault));
  }
  // The session may be gone when the intake answers: what was admitted stays so, and is
  // acknowledged when it comes again.
  door_.intake_.Take(
      std::move(std::get<FeedMessage>(parsed.feed)),
      [&door = door_, id = id_, answer, digest = parsed.digest](
          Result<std::vector<AdmittedRecord>> records, std::optional<std::int64_t> /*retry*/) {
        const auto session = door.sessions_.find(id);
        if (session == door.sessions_.end() || session->second->over_.has_value()) return;
        if (!records.ok()) {
          LogInfo("hl7_not_stored", {{"code", ErrorName(records.error().code)}});
        }
        answer(records.ok() ? AckOfAdmitted(door.config_, digest, *records)
                            : AckOfFailure(door.config_, digest, records.error()));
      });
}

void MllpSession::OnAnswered() {
  working_ = false;
  Work();
}

// One acknowledgement, or "" where none is due. Those of a batch leave together, as it came.
void MllpSession::Reply(std::string ack) {
  if (over_) return;
  std::string out;
  if (!batched_) {
    out = ack.empty() ? "" : MllpFrame(ack);
  } else {
    batch_acks_ += ack;
    if (batch_.empty()) {
      if (!batch_acks_.empty()) out = MllpFrame(batch_acks_);
      batch_acks_.clear();
      batched_ = false;
    }
  }
  if (out.empty()) return;
  if (!unsent_since_) unsent_since_ = Now();
  connection_->Write(std::move(out));
}

void MllpSession::OnTime() {
  const TimePoint now = Now();
  timer_.At(now + kTick);
  const auto limit = milliseconds(static_cast<std::int64_t>(door_.config_.request_s * 1000));
  if (over_) {
    if (now - *over_ >= kUnreadMax) OnEnd();
    return;
  }
  if (starved_) Balance();
  if (idle_ && reader_.half_read() && now - begun_at_ >= limit) {
    LogInfo("hl7_frame_slow", {{"peer", connection_->peer()}, {"no_room", starved_}});
    // Not its sender's fault: it gets no answer, and comes again.
    if (starved_) return OnEnd();
    // What only lacked its end may be whole; whoever waits for an answer gets one.
    return OnNoMore();
  }
  if (unsent_since_ && now - *unsent_since_ >= kUnreadMax) OnEnd();
}

void MllpSession::Drain() {
  draining_ = true;
  Work();
}

void MllpSession::Close() {
  over_ = Now();
  connection_->CloseWhenSent();
}

// Some senders close their side behind the last message and wait for its answer.
void MllpSession::OnNoMore() {
  no_more_ = true;
  connection_->Pause();
  Work();
}

void MllpSession::OnEnd() {
  over_ = Now();
  door_.Remove(id_);
}

}  // namespace consilium
