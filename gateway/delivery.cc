#include "gateway/delivery.h"

#include <algorithm>
#include <cctype>
#include <utility>

#include "shared/check.h"

namespace consilium {
namespace {

// Codes of table 0357 are digits; anything else may be text of a patient.
bool IsErrorCode(const std::string& text) {
  return !text.empty() && text.size() <= 6 && std::all_of(text.begin(), text.end(), [](char c) {
    return std::isdigit(static_cast<unsigned char>(c)) != 0;
  });
}

std::string AnswerText(const ReceiverAck& ack) {
  std::string text = "answered " + ack.code;
  if (IsErrorCode(ack.error)) text += " with error " + ack.error;
  return text;
}

std::string Within(milliseconds time) { return " within " + std::to_string(time.count()) + " ms"; }

}  // namespace

Delivery::Delivery(DeliveryConfig config, std::uint64_t seed)
    : config_(config), random_(seed, "delivery") {
  CHECK(config.attempts_max >= 1, "a message is tried at least once");
}

void Delivery::Start() {
  if (state_ == State::kOff) state_ = State::kIdle;
}

void Delivery::Stop() {
  const bool closing = std::any_of(steps_.begin(), steps_.end(), [](const DeliveryStep& step) {
    return step.what == DeliveryDo::kClose;
  });
  steps_.clear();
  if (closing || connected_ || state_ == State::kConnecting) Do(DeliveryDo::kClose);
  connected_ = false;
  state_ = State::kOff;
  due_ = TimePoint::max();
  failures_ = 0;
  done_control_id_.clear();
}

void Delivery::Do(DeliveryDo what) { steps_.push_back({what, "", {}, ""}); }

DeliveryStep Delivery::Next(TimePoint now) {
  if (steps_.empty() && now >= due_) {
    switch (state_) {
      case State::kConnecting:
        Fail("no connection" + Within(config_.connect_timeout), true);
        break;
      case State::kAwaiting:
        Fail("no answer" + Within(config_.ack_timeout), true);
        break;
      case State::kRecording:
        due_ = TimePoint::max();
        steps_.push_back(record_);
        break;
      case State::kPausing:
        state_ = State::kIdle;
        break;
      default:
        break;
    }
  }
  if (steps_.empty() && state_ == State::kIdle) {
    state_ = State::kAsking;
    due_ = TimePoint::max();
    look_ = false;
    empty_ = false;
    Do(DeliveryDo::kHead);
  }
  if (steps_.empty()) return {};
  DeliveryStep step = std::move(steps_.front());
  steps_.pop_front();
  if (step.what == DeliveryDo::kConnect) due_ = now + config_.connect_timeout;
  if (step.what == DeliveryDo::kSend) due_ = now + config_.ack_timeout;
  return step;
}

TimePoint Delivery::NextDue() const {
  if (!steps_.empty() || state_ == State::kIdle) return TimePoint::min();
  return due_;
}

void Delivery::TakeHead(const OutboxHead& head, const std::string& control_id) {
  if (state_ != State::kAsking) return;
  entry_ = head.entry;
  control_id_ = control_id;
  tried_ = head.tried;
  state_ = connected_ ? State::kAwaiting : State::kConnecting;
  Do(connected_ ? DeliveryDo::kSend : DeliveryDo::kConnect);
}

void Delivery::NoHead(TimePoint now) {
  if (state_ != State::kAsking) return;
  state_ = look_ ? State::kIdle : State::kPausing;
  due_ = now + config_.look_every;
  empty_ = true;
}

void Delivery::Look() {
  look_ = true;
  // A pause after a failure is not cut short.
  if (state_ == State::kPausing && empty_) state_ = State::kIdle;
}

void Delivery::Connected() {
  if (state_ != State::kConnecting) return;
  connected_ = true;
  state_ = State::kIdle;
  due_ = TimePoint::max();
}

void Delivery::Lost(const std::string& why) {
  connected_ = false;
  if (state_ == State::kConnecting) {
    Fail("no connection: " + why, false);
  } else if (state_ == State::kAwaiting) {
    Fail("connection lost: " + why, false);
  }
}

void Delivery::Answered(const std::optional<ReceiverAck>& ack) {
  if (state_ != State::kAwaiting) return;  // it says nothing about what is to be sent
  if (!ack) return Fail("an answer that cannot be read", true);
  if (ack->control_id != control_id_) {
    if (!done_control_id_.empty() && ack->control_id == done_control_id_) return;
    return Fail("an answer to another message", true);
  }
  if (ack->code == "AA" || ack->code == "CA") {
    failures_ = 0;
    done_control_id_ = control_id_;
    pause_ = milliseconds(0);
    return Record(DeliveryDo::kSent, "");
  }
  const bool refused = ack->code == "AE" || ack->code == "CE";
  const bool rejected = ack->code == "AR" || ack->code == "CR";
  if (!refused && !rejected) return Fail("an answer with a code that is none", true);
  failures_ = 0;
  ++tried_.tries;
  if (refused) ++tried_.refusals;
  if (rejected || tried_.refusals >= config_.attempts_max) {
    done_control_id_ = control_id_;
    pause_ = milliseconds(0);
    std::string times = rejected ? "" : ", " + std::to_string(tried_.refusals) + " times refused";
    return Record(DeliveryDo::kSetAside, AnswerText(*ack) + times);
  }
  pause_ = Pause(tried_.refusals);
  Record(DeliveryDo::kRetry, AnswerText(*ack));
}

void Delivery::Recorded(bool holds, TimePoint now) {
  if (state_ != State::kRecording) return;
  if (!holds) return Stop();
  state_ = pause_ > milliseconds(0) ? State::kPausing : State::kIdle;
  due_ = now + pause_;
}

void Delivery::StoreFailed(TimePoint now) {
  if (state_ == State::kAsking) {
    state_ = State::kPausing;
  } else if (state_ != State::kRecording) {
    return;
  }
  due_ = now + config_.store_pause;
}

void Delivery::Fail(std::string why, bool close) {
  if (close) Do(DeliveryDo::kClose);
  connected_ = false;
  done_control_id_.clear();
  ++failures_;
  ++tried_.tries;
  pause_ = Pause(failures_);
  Record(DeliveryDo::kRetry, std::move(why));
}

void Delivery::Record(DeliveryDo what, std::string why) {
  state_ = State::kRecording;
  due_ = TimePoint::max();
  record_ = {what, entry_, tried_, std::move(why)};
  steps_.push_back(record_);
}

milliseconds Delivery::Pause(std::int64_t failures) {
  milliseconds pause = std::min(config_.pause, config_.pause_max);
  for (std::int64_t i = 1; i < failures && pause < config_.pause_max; ++i) {
    pause = std::min(2 * pause, config_.pause_max);
  }
  const double kept = 1.0 - 0.5 * random_.Unit();
  return milliseconds(std::max<std::int64_t>(
      1, static_cast<std::int64_t>(static_cast<double>(pause.count()) * kept)));
}

}  // namespace consilium
