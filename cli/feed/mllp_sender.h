// Several connections to one receiver of HL7 v2. With one, messages arrive in their order.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "cli/feed/feed_sender.h"
#include "cli/feed/mllp_client.h"

namespace consilium {

class MllpFeedSender : public FeedSender {
 public:
  MllpFeedSender(const MllpClient::Find& find, std::size_t connections,
                 const FeedPatience& patience);

  bool HasRoom() const override;
  void Send(FeedItem item, TimePoint now) override;
  std::size_t under_way() const override;
  void AddPolled(std::vector<pollfd>& polled) const override;
  TimePoint Turn(TimePoint now, std::vector<FeedEnd>& ended) override;
  void Abandon(std::vector<FeedEnd>& ended) override;
  std::size_t resent() const override;
  std::optional<std::string> Trouble() const override;
  std::optional<Error> Hopeless() const override;

 private:
  std::vector<std::unique_ptr<MllpClient>> clients_;
};

}  // namespace consilium
