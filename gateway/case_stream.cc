#include "gateway/case_stream.h"

#include <nlohmann/json.hpp>
#include <utility>

#include "gateway/case_json.h"
#include "gateway/problem.h"
#include "shared/codec.h"
#include "shared/ids.h"
#include "shared/text.h"

namespace consilium {
namespace {

using nlohmann::ordered_json;

constexpr milliseconds kSubmitTimeout{20000};
constexpr milliseconds kRetryPause{500};
constexpr int kTooSlow = 408;

std::string Line(const ordered_json& json) {
  return json.dump(-1, ' ', false, ordered_json::error_handler_t::replace) + "\n";
}

}  // namespace

void CaseStream::Start(Loop& loop, BusLink& bus, const HttpExchangePtr& exchange,
                       const std::string& source, milliseconds line_time) {
  const auto stream = std::make_shared<CaseStream>(loop, bus, exchange, source, line_time);
  exchange->OnBodyPiece(
      [stream](std::string_view piece, bool last) { stream->OnPiece(piece, last); });
  HttpResponse head;
  head.content_type = "application/x-ndjson";
  exchange->Begin(std::move(head));
  // Answers that the client did not take hold the reading up; it goes on when it took them.
  exchange->OnSent([stream] { stream->TakeLines(); });
  exchange->OnGone([exchange = std::weak_ptr(exchange)] {
    // Ends the circle of exchange and stream.
    if (const auto gone = exchange.lock()) {
      gone->OnBodyPiece(nullptr);
      gone->OnSent(nullptr);
    }
  });
}

CaseStream::CaseStream(Loop& loop, BusLink& bus, HttpExchangePtr exchange, std::string source,
                       milliseconds line_time)
    : loop_(loop),
      bus_(bus),
      exchange_(std::move(exchange)),
      source_(std::move(source)),
      line_time_(line_time),
      slow_(loop, [this] {
        GiveUp(kTooSlow, {ErrorCode::kTimeout, "the line did not arrive in time"});
        TakeLines();
      }) {}

void CaseStream::OnPiece(std::string_view piece, bool last) {
  unread_ += piece;
  last_ = last_ || last;
  TakeLines();
}

void CaseStream::TakeLines() {
  if (exchange_->gone()) return unread_.clear();
  std::size_t begin = 0;
  const auto full = [this] {
    const bool room = exchange_->HoldBody(unread_.size() + under_way_bytes_);
    return under_way_ >= kWindow || exchange_->unsent() >= kUnsentMax || (!room && under_way_ > 0);
  };
  while (begin < unread_.size() && !full()) {
    const std::size_t end = unread_.find('\n', begin);
    if (end == std::string::npos && !last_) break;
    const std::string_view line = Trimmed(
        std::string_view(unread_).substr(begin, end == std::string::npos ? end : end - begin));
    begin = end == std::string::npos ? unread_.size() : end + 1;
    ++lines_;
    if (!line.empty()) OnLine(line);
  }
  unread_.erase(0, begin);
  if (unread_.size() > kLineBytesMax && unread_.find('\n') == std::string::npos) {
    const Error error{ErrorCode::kTooLarge,
                      "a line of more than " + std::to_string(kLineBytesMax) + " bytes"};
    GiveUp(StatusOf(error.code), error);
  }
  if (!exchange_->HoldBody(unread_.size() + under_way_bytes_) && under_way_ == 0) {
    const Error error{ErrorCode::kUnavailable, "too much is being read here"};
    GiveUp(StatusOf(error.code), error);
  }
  const bool waits = !unread_.empty() && full();
  if (waits != paused_) {
    paused_ = waits;
    if (waits) exchange_->PauseBody();
    if (!waits) exchange_->ResumeBody();
  }
  const bool in_line = !waits && !unread_.empty();
  if (in_line && (begin > 0 || !in_line_)) slow_.At(Now() + line_time_);
  if (!in_line) slow_.Cancel();
  in_line_ = in_line;
  if (last_ && unread_.empty() && under_way_ == 0) OnEnd();
}

void CaseStream::GiveUp(int status, Error error) {
  error.text += "; the rest is not read";
  TellError(lines_ + 1, "", status, error);
  unread_.clear();
  last_ = true;
  exchange_->OnBodyPiece(nullptr);
}

void CaseStream::OnLine(std::string_view line) {
  const std::int64_t number = lines_;
  Result<CaseRequest> request = ReadCaseJson(line, "http-" + RandomHexId());
  if (!request) return TellError(number, "", StatusOf(request.error().code), request.error());
  request->source = source_;
  ++under_way_;
  under_way_bytes_ += line.size();
  Submit(number, *request, line.size(), Now());
}

void CaseStream::Submit(std::int64_t line, const CaseRequest& request, std::size_t bytes,
                        TimePoint since) {
  bus_.Ask<SubmitReply>(
      SubmitRequest{request}, kSubmitTimeout,
      [self = shared_from_this(), line, request, bytes, since](Result<SubmitReply> reply,
                                                               std::optional<std::int64_t> retry) {
        const bool passing = !reply.ok() && (reply.error().code == ErrorCode::kQueueFull ||
                                             reply.error().code == ErrorCode::kUnavailable ||
                                             reply.error().code == ErrorCode::kDraining);
        if (passing && Now() - since < kPatience && !self->exchange_->gone()) {
          self->loop_.After(
              milliseconds(retry.value_or(kRetryPause.count())),
              [self, line, request, bytes, since] { self->Submit(line, request, bytes, since); });
          return;
        }
        --self->under_way_;
        self->under_way_bytes_ -= bytes;
        if (reply.ok()) {
          self->Tell(line, ToJson(*reply));
        } else {
          self->TellError(line, request.id, StatusOf(reply.error().code), reply.error(), retry);
        }
        self->TakeLines();
      });
}

void CaseStream::Tell(std::int64_t line, const std::string& json_fields) {
  ordered_json fields = ordered_json::parse(json_fields);
  ordered_json out = {{"line", line}, {"status", fields.value("duplicate", false) ? 200 : 202}};
  out.update(fields);
  exchange_->Send(Line(out));
}

void CaseStream::TellError(std::int64_t line, const std::string& id, int status, const Error& error,
                           std::optional<std::int64_t> retry_after_ms) {
  ordered_json out = {{"line", line},
                      {"status", status},
                      {"code", std::string(ErrorName(error.code))},
                      {"detail", error.text}};
  if (!id.empty()) out["id"] = id;
  if (retry_after_ms) out["retry_after_ms"] = *retry_after_ms;
  exchange_->Send(Line(out));
}

void CaseStream::OnEnd() {
  const HttpExchangePtr exchange = exchange_;
  exchange->OnBodyPiece(nullptr);
  exchange->OnSent(nullptr);
  exchange->End();
}

}  // namespace consilium
