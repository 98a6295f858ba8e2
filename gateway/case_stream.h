// Cases that come as lines of JSON over one request, each answered by a line as soon as it is
// accepted or refused: {"line", "id", "status", ...}.
//
// A queue that is full makes the stream wait, not fail: the line is tried again until `kPatience`,
// and what comes behind it is not read. Lines are answered in the order in which their answers
// come; `line` says which one it is, from 1. The stream may stay open between its lines, but a line
// that has begun and is not whole within `line_time` ends it. Threads: the loop's.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "gateway/bus_link.h"
#include "gateway/net/http.h"

namespace consilium {

class CaseStream : public std::enable_shared_from_this<CaseStream> {
 public:
  static constexpr std::size_t kWindow = 128;  // lines under way
  static constexpr std::size_t kLineBytesMax = 1u << 20;
  static constexpr std::size_t kUnsentMax = 1u << 20;  // answers that the client does not take
  static constexpr milliseconds kPatience{60000};

  // Kept by the exchange and by what is under way.
  static void Start(Loop& loop, BusLink& bus, const HttpExchangePtr& exchange,
                    const std::string& source, milliseconds line_time);

  CaseStream(Loop& loop, BusLink& bus, HttpExchangePtr exchange, std::string source,
             milliseconds line_time);

 private:
  void OnPiece(std::string_view piece, bool last);
  void TakeLines();
  void OnLine(std::string_view line);
  // The rest is not read, for that reason.
  void GiveUp(int status, Error error);
  void Submit(std::int64_t line, const CaseRequest& request, std::size_t bytes, TimePoint since);
  void Tell(std::int64_t line, const std::string& json_fields);
  void TellError(std::int64_t line, const std::string& id, int status, const Error& error,
                 std::optional<std::int64_t> retry_after_ms = {});
  void OnEnd();

  Loop& loop_;
  BusLink& bus_;
  HttpExchangePtr exchange_;
  std::string source_;
  milliseconds line_time_;
  std::string unread_;
  std::int64_t lines_ = 0;
  std::size_t under_way_ = 0;
  std::size_t under_way_bytes_ = 0;
  bool last_ = false;
  bool paused_ = false;
  bool in_line_ = false;  // one has begun and is not whole: slow_ runs
  Timer slow_;
};

}  // namespace consilium
