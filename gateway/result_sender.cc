#include "gateway/result_sender.h"

#include <algorithm>
#include <utility>

#include "gateway/clinical/plan.h"
#include "gateway/hl7/ack.h"
#include "shared/codec.h"
#include "shared/ids.h"
#include "shared/seal.h"

namespace consilium {
namespace {

constexpr milliseconds kTimeout{20000};
constexpr milliseconds kPause{1000};
constexpr milliseconds kHoldAgain{200};
constexpr std::size_t kAckBytesMax = 65536;
// A message in the outbox without its case's origin has nowhere to go.
constexpr std::string_view kDoor = "hl7";

DeliveryConfig DeliveryOf(const GatewayConfig& config) {
  DeliveryConfig delivery;
  delivery.ack_timeout = milliseconds(static_cast<std::int64_t>(config.receiver_ack_s * 1000));
  delivery.attempts_max = config.receiver_attempts_max;
  return delivery;
}

}  // namespace

ResultSender::ResultSender(Loop& loop, BusLink& bus, RedisLoop& redis, FeedReader& feed,
                           const Config& config, std::string link)
    : loop_(loop),
      bus_(bus),
      redis_(redis),
      feed_(feed),
      store_(redis.redis()),
      outbox_(redis.redis()),
      link_(std::move(link)),
      ca_file_(config.gateway.receiver_ca_file),
      keep_(static_cast<std::int64_t>(config.council.retention_h * 3'600'000)),
      gateway_(RandomHexId()),
      fill_again_(loop, [this] { Fill(); }),
      delivery_(DeliveryOf(config.gateway), SeededRandom(0, gateway_).Next()),
      hold_(loop, [this] { Hold(); }),
      due_(loop, [this] { Drive(); }) {
  const std::size_t colon = config.gateway.receiver.rfind(':');
  host_ = config.gateway.receiver.substr(0, colon);
  if (host_.size() > 2 && host_.front() == '[') host_ = host_.substr(1, host_.size() - 2);
  port_ = config.gateway.receiver.substr(colon + 1);
  header_.form = config.gateway.result_form == "MDM^T02" ? ResultForm::kMdm : ResultForm::kOru;
  header_.application = config.gateway.application;
  header_.facility = config.gateway.facility;
}

ResultSender::~ResultSender() {
  if (joined_ != 0) feed_.Leave(joined_);
}

Status ResultSender::Start() {
  if (!ca_file_.empty()) {
    auto tls = TlsContext::Client(ca_file_);
    if (!tls) return Error{tls.error().code, "gateway.receiver_ca_file: " + tls.error().text};
    tls_ = *tls;
  }
  joined_ = feed_.Join([this](const WatchReply&) { Fill(); });
  Fill();
  Hold();
  return Ok();
}

struct ResultSender::Slice {
  struct Item {
    const Recommendation* recommendation = nullptr;  // in `reply`
    CaseOrigin origin;
    std::optional<Recommendation> before;
  };
  std::string from;
  std::int64_t since_ms = 0;
  WatchReply reply;
  std::vector<Item> items;
};

// --- filling: the feed from the cursor that all gateways share

void ResultSender::FillAgain(milliseconds pause) {
  filling_ = false;
  if (std::exchange(fill_due_, false)) pause = milliseconds(0);
  fill_again_.At(Now() + pause);
}

void ResultSender::FillFailed(const Error& error) {
  if (unfilled_.Due()) {
    LogWarn("results_not_filled", {{"code", ErrorName(error.code)}, {"count", unfilled_.count()}});
  }
  FillAgain(kPause);
}

void ResultSender::Fill() {
  if (stopped_) return;
  fill_due_ = filling_;
  if (std::exchange(filling_, true)) return;
  const auto up = std::chrono::duration_cast<milliseconds>(Now() - started_);
  outbox_.Begin(up, [this](Result<OutboxBegin> begin) {
    if (!begin.ok()) return FillFailed(begin.error());
    if (begin->first) LogInfo("results_begin", {{"since_ms", begin->since_ms}});
    WatchRequest request;
    request.after = begin->cursor;
    bus_.Ask<WatchReply>(request, kTimeout,
                         [this, from = begin->cursor, since_ms = begin->since_ms](
                             Result<WatchReply> slice, std::optional<std::int64_t> /*retry*/) {
                           if (!slice.ok()) return FillFailed(slice.error());
                           if (slice->gap) LogError("results_gap", {{"after", from}});
                           unfilled_.Reset();
                           if (slice->items.empty() && slice->cursor == from) {
                             return FillAgain(std::chrono::seconds(30));
                           }
                           const auto next = std::make_shared<Slice>();
                           next->from = from;
                           next->since_ms = since_ms;
                           next->reply = std::move(*slice);
                           ReadOrigins(next);
                         });
  });
  redis_.PumpSoon();
}

void ResultSender::ReadOrigins(const SlicePtr& slice) {
  std::vector<std::string> ids;
  for (const Recommendation& item : slice->reply.items) ids.push_back(item.case_id);
  store_.OriginsOf(ids, [this, slice](Result<std::vector<std::optional<std::string>>> origins) {
    if (!origins.ok()) return FillAgain(kPause);
    for (std::size_t i = 0; i < origins->size(); ++i) {
      const std::optional<std::string>& stored = (*origins)[i];
      const Recommendation& recommendation = slice->reply.items[i];
      if (!stored || recommendation.decided_ms < slice->since_ms) continue;
      Result<CaseOrigin> origin = UnpackSealed<CaseOrigin>(*stored);
      if (!origin) {
        LogError("origin_unreadable", {{"case", recommendation.case_id}});
      } else if (origin->door == kDoor) {
        slice->items.push_back({&recommendation, std::move(*origin), {}});
      }
    }
    ReadBefore(slice, 0);
  });
  redis_.PumpSoon();
}

void ResultSender::ReadBefore(const SlicePtr& slice, std::size_t index) {
  while (index < slice->items.size() && slice->items[index].recommendation->revision <= 1) ++index;
  if (index == slice->items.size()) return Store(slice);
  const Recommendation& now = *slice->items[index].recommendation;
  bus_.Ask<CaseView>(FetchRequest{now.case_id}, kTimeout,
                     [this, slice, index, revision = now.revision](
                         Result<CaseView> view, std::optional<std::int64_t> /*retry*/) {
                       // A case that is not kept any more has no earlier result that could be read.
                       if (!view.ok() && view.error().code != ErrorCode::kNotFound)
                         return FillAgain(kPause);
                       if (view.ok()) {
                         for (const Recommendation& earlier : view->recommendations) {
                           if (earlier.revision < revision) slice->items[index].before = earlier;
                         }
                       }
                       ReadBefore(slice, index + 1);
                     });
}

void ResultSender::Store(const SlicePtr& slice) {
  std::vector<OutboxMessage> messages;
  for (const Slice::Item& item : slice->items) {
    const Recommendation& now = *item.recommendation;
    OutboxMessage message;
    message.case_id = now.case_id;
    message.revision = now.revision;
    message.bytes =
        Sealed(WriteResultMessage(header_, item.origin, now, item.before ? &*item.before : nullptr,
                                  link_.empty() ? "" : link_ + now.case_id, now.decided_ms));
    messages.push_back(std::move(message));
  }
  outbox_.Fill(slice->from, slice->reply.cursor, messages, keep_, [this](Result<FillReply> reply) {
    const bool full = reply.ok() && reply->kind == FillReply::Kind::kFull;
    if (!reply.ok() || full) return FillAgain(kPause);
    delivery_.Look();
    Drive();
    FillAgain(milliseconds(0));
  });
  redis_.PumpSoon();
}

// --- sending: one gateway at a time

void ResultSender::Hold() {
  hold_.At(Now() + Outbox::kHoldEvery);
  if (stopped_) return;
  outbox_.Hold(gateway_, [this](Result<OutboxTurn> turn) {
    if (stopped_) return;
    // Redis was not reached, as just after the start: results need not wait for the next turn.
    if (!turn.ok()) return hold_.At(Now() + kHoldAgain);
    if (turn->token == token_) return;
    token_ = turn->token;
    if (token_ == 0) {
      delivery_.Stop();
    } else {
      LogInfo("results_sender", {{"token", token_}});
      delivery_.Start();
    }
    Drive();
  });
  redis_.PumpSoon();
}

void ResultSender::Stop() {
  stopped_ = true;
  delivery_.Stop();
  Drive();
  if (token_ != 0) {
    outbox_.Release(std::exchange(token_, 0), [](const Result<bool>&) {});
    redis_.PumpSoon();
  }
}

void ResultSender::Drive() {
  if (std::exchange(driving_, true)) return;
  while (true) {
    const DeliveryStep step = delivery_.Next(Now());
    if (step.what == DeliveryDo::kWait) break;
    Do(step);
  }
  driving_ = false;
  const TimePoint next = delivery_.NextDue();
  if (next == TimePoint::max()) {
    due_.Cancel();
  } else {
    due_.At(next);
  }
}

void ResultSender::Do(const DeliveryStep& step) {
  const auto recorded = [this](Result<bool> holds) {
    if (holds.ok()) {
      delivery_.Recorded(*holds, Now());
    } else {
      delivery_.StoreFailed(Now());
    }
    Drive();
  };
  switch (step.what) {
    case DeliveryDo::kWait:
      return;
    case DeliveryDo::kHead:
      outbox_.Head(token_, [this](Result<HeadReply> reply) {
        if (!reply.ok()) {
          delivery_.StoreFailed(Now());
        } else if (!reply->holds) {
          token_ = 0;
          delivery_.Stop();
        } else if (!reply->head) {
          delivery_.NoHead(Now());
        } else {
          head_ = std::move(reply->head);
          delivery_.TakeHead(*head_,
                             ResultControlId(head_->message.case_id, head_->message.revision));
        }
        Drive();
      });
      break;
    case DeliveryDo::kConnect:
      return Connect();
    case DeliveryDo::kSend:
      return SendHead();
    case DeliveryDo::kClose:
      return Close();
    case DeliveryDo::kSent:
      failures_.Reset();
      outbox_.Sent(token_, step.entry, recorded);
      break;
    case DeliveryDo::kRetry:
      if (failures_.Due()) {
        LogWarn(
            "result_not_taken",
            {{"case", head_->message.case_id}, {"why", step.why}, {"count", failures_.count()}});
      }
      outbox_.Retry(token_, step.entry, step.tried, step.why, recorded);
      break;
    case DeliveryDo::kSetAside:
      LogWarn("result_set_aside", {{"case", head_->message.case_id}, {"why", step.why}});
      outbox_.SetAside(token_, step.entry, step.tried, step.why, recorded);
      break;
  }
  redis_.PumpSoon();
}

void ResultSender::Connect() {
  // The delivery has its own limit, and closes what takes longer.
  connector_ = std::make_unique<Connector>(
      loop_, host_, port_, tls_, Now() + std::chrono::minutes(2),
      [this](Result<std::unique_ptr<Connection>> made) {
        if (!made.ok()) {
          delivery_.Lost(made.error().text);
          return Drive();
        }
        connection_ = std::move(*made);
        reader_.emplace(kAckBytesMax);
        ConnectionEvents events;
        events.on_data = [this](std::string_view bytes) { OnData(bytes); };
        events.on_end = [this](const std::string& why) {
          if (!reader_) return;
          delivery_.Lost(why.empty() ? "the receiver closed the connection" : why);
          Drive();
        };
        connection_->Start(std::move(events));
        delivery_.Connected();
        Drive();
      });
}

void ResultSender::SendHead() {
  const Result<std::string_view> bytes = Opened(head_->message.bytes);
  if (!bytes) {
    // Nobody can send it; the receiver is asked to take nothing, which it refuses.
    LogError("result_unreadable", {{"case", head_->message.case_id}});
    ReceiverAck refusal;
    refusal.code = "AR";
    refusal.control_id = ResultControlId(head_->message.case_id, head_->message.revision);
    refusal.error = "what is kept of it cannot be read";
    return loop_.Post([this, refusal] {
      delivery_.Answered(refusal);
      Drive();
    });
  }
  connection_->Write(MllpFrame(*bytes));
}

void ResultSender::OnData(std::string_view bytes) {
  if (!reader_) return;  // of a connection that is being closed
  reader_->Feed(bytes);
  while (reader_) {
    const auto payload = reader_->Next();
    if (!payload) return;
    std::optional<ReceiverAck> answer;
    if (payload->ok()) {
      if (const Result<Hl7Ack> ack = ReadAck((*payload)->bytes)) {
        answer = ReceiverAck{ack->code, ack->control_id, ""};
      }
    }
    delivery_.Answered(answer);
    Drive();
  }
}

void ResultSender::Close() {
  connector_.reset();
  reader_.reset();
  // Not inside of its own callback.
  if (connection_ != nullptr) {
    loop_.Post([old = std::shared_ptr<Connection>(std::move(connection_))] {});
  }
}

}  // namespace consilium
