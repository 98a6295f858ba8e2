#include "gateway/mllp_door.h"

#include <utility>

#include "gateway/mllp_session.h"

namespace consilium {

MllpDoor::MllpDoor(Loop& loop, ByteBudget& budget, Intake& intake, Metrics& metrics,
                   const Config& config)
    : loop_(loop),
      budget_(budget),
      intake_(intake),
      metrics_(metrics),
      config_(config.gateway),
      sources_(std::make_shared<const std::vector<SourceConfig>>(config.sources)) {}
MllpDoor::~MllpDoor() = default;

Status MllpDoor::Open(const std::string& endpoint, std::shared_ptr<TlsContext> tls) {
  auto listener = Listener::Open(
      loop_, endpoint, std::move(tls), static_cast<std::size_t>(config_.connections_max),
      [this](std::unique_ptr<Connection> connection) {
        const std::uint64_t id = next_++;
        sessions_.emplace(id, std::make_unique<MllpSession>(*this, id, std::move(connection)));
      });
  if (!listener.ok()) return listener.error();
  listener_ = std::move(*listener);
  return Ok();
}

void MllpDoor::Remove(std::uint64_t id) {
  loop_.Post([this, id] { sessions_.erase(id); });
}

void MllpDoor::Drain() {
  if (listener_ != nullptr) listener_->Close();
  for (const auto& [id, session] : sessions_) session->Drain();
}

}  // namespace consilium
