// One MLLP connection; see mllp_door.h. Only for mllp_door.cc and mllp_session.cc.
#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "gateway/hl7/mllp_frame.h"
#include "gateway/mllp_door.h"
#include "shared/log.h"

namespace consilium {

class MllpSession {
 public:
  MllpSession(MllpDoor& door, std::uint64_t id, std::unique_ptr<Connection> connection);
  void Drain();

 private:
  void OnData(std::string_view bytes);
  void OnNoMore();
  void OnEnd();
  void OnTime();
  // Works off what was read, until something has to be waited for or it is the turn of others.
  void Work();
  void WorkNextTurn();
  std::optional<std::size_t> WorkOnce();
  void OnPayload(Result<MllpPayload> payload);
  void NextOfBatch();
  struct Hl7Parsed;
  void OnMessage(Hl7Parsed parsed, TimePoint began);
  void OnAnswered();
  void Reply(std::string ack);
  void Close();
  // Says what this connection has, and reads on only where there is room for more.
  void Balance();

  MllpDoor& door_;
  std::uint64_t id_;
  std::unique_ptr<Connection> connection_;
  MllpReader reader_;
  std::deque<std::string> batch_;  // messages of the frame, not yet worked off
  // Answers of a batch with headers gather here, to be one frame again.
  std::string batch_acks_;
  bool batched_ = false;
  bool working_ = false;           // a message is being parsed, or at the intake
  bool in_work_ = false;           // Work() is on the stack
  bool next_turn_ = false;         // Work() was posted
  bool idle_ = true;               // all that was read is worked off
  bool draining_ = false;          // no further message is taken
  bool no_more_ = false;           // nothing more comes; what came is worked off
  std::optional<TimePoint> over_;  // since when it is being closed
  std::size_t frame_bytes_ = 0;    // of the frame that is worked off
  ByteBudget::Share held_;
  bool starved_ = false;  // not read for want of room
  std::uint64_t begun_ = 0;
  TimePoint begun_at_;  // of the frame that is half-read
  std::optional<TimePoint> unsent_since_;
  Timer timer_;
};

}  // namespace consilium
