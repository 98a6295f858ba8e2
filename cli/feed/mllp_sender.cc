#include "cli/feed/mllp_sender.h"

#include <algorithm>
#include <utility>

#include "shared/check.h"

namespace consilium {
namespace {

constexpr milliseconds kArrival{2};

}  // namespace

MllpFeedSender::MllpFeedSender(const MllpClient::Find& find, std::size_t connections,
                               const FeedPatience& patience) {
  for (std::size_t i = 0; i < connections; ++i) {
    clients_.push_back(std::make_unique<MllpClient>(find, patience));
  }
}

bool MllpFeedSender::HasRoom() const { return under_way() < clients_.size(); }

void MllpFeedSender::Send(FeedItem item, TimePoint now) {
  const auto idle = std::find_if(clients_.begin(), clients_.end(),
                                 [](const auto& client) { return !client->busy(); });
  CHECK(idle != clients_.end(), "there is room");
  (*idle)->Send(std::move(item), now);
}

std::size_t MllpFeedSender::under_way() const {
  return static_cast<std::size_t>(std::count_if(clients_.begin(), clients_.end(),
                                                [](const auto& client) { return client->busy(); }));
}

void MllpFeedSender::AddPolled(std::vector<pollfd>& polled) const {
  for (const auto& client : clients_) {
    if (client->fd() >= 0) polled.push_back({client->fd(), client->events(), 0});
  }
}

TimePoint MllpFeedSender::Turn(TimePoint now, std::vector<FeedEnd>& ended) {
  TimePoint next = TimePoint::max();
  for (const auto& client : clients_) {
    if (auto end = client->Turn(now)) ended.push_back(std::move(*end));
    next = std::min(next, client->awaits_arrival() ? now + kArrival : client->next());
  }
  return next;
}

void MllpFeedSender::Abandon(std::vector<FeedEnd>& ended) {
  for (const auto& client : clients_) {
    if (client->busy()) ended.push_back(client->Abandon());
  }
}

std::size_t MllpFeedSender::resent() const {
  std::size_t resent = 0;
  for (const auto& client : clients_) resent += static_cast<std::size_t>(client->resent());
  return resent;
}

std::optional<std::string> MllpFeedSender::Trouble() const {
  for (const auto& client : clients_) {
    if (client->trouble()) return client->trouble();
  }
  return std::nullopt;
}

std::optional<Error> MllpFeedSender::Hopeless() const {
  for (const auto& client : clients_) {
    if (client->in_vain()) return client->in_vain();
  }
  return std::nullopt;
}

}  // namespace consilium
