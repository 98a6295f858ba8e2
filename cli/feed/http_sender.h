// The doors of a gateway that speak HTTP. Several requests at once; with one, they arrive in their
// order.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "cli/feed/feed_attempt.h"
#include "cli/feed/feed_sender.h"
#include "shared/http/http_client.h"
#include "shared/result.h"

namespace consilium {

struct HttpFeedOptions {
  std::string url;    // "https://gateway.hospital:8080", without a path
  std::string token;  // sent as Bearer; "" = none
  std::string ca_file;
  std::size_t at_once = 1;
};

// As long as a gateway may take: it lets a case wait for room for a minute before it says that
// there is none.
inline constexpr milliseconds kHttpAnswer{90000};

class HttpFeedSender : public FeedSender {
 public:
  // kInvalid for a URL that is none, or would carry the token or patients' data over the internet
  // in the clear; for a CA file that cannot be read.
  static Result<std::unique_ptr<HttpFeedSender>> Make(const HttpFeedOptions& options,
                                                      const FeedPatience& patience);

  bool HasRoom() const override { return under_way() < options_.at_once; }
  void Send(FeedItem item, TimePoint now) override;
  std::size_t under_way() const override { return running_.size() + waiting_.size(); }
  void AddPolled(std::vector<pollfd>& polled) const override;
  TimePoint Turn(TimePoint now, std::vector<FeedEnd>& ended) override;
  void Abandon(std::vector<FeedEnd>& ended) override;
  std::size_t resent() const override { return resent_; }
  std::optional<std::string> Trouble() const override { return trouble_; }
  std::optional<Error> Hopeless() const override { return in_vain_; }

 private:
  HttpFeedSender(HttpFeedOptions options, const FeedPatience& patience,
                 std::unique_ptr<HttpClient> http);
  void Start(FeedAttempt attempt, TimePoint now);

  HttpFeedOptions options_;
  FeedPatience patience_;
  std::unique_ptr<HttpClient> http_;
  std::map<std::uint64_t, FeedAttempt> running_;
  std::vector<FeedAttempt> waiting_;  // to be sent again
  std::optional<Error> in_vain_;
  std::optional<std::string> trouble_;
  std::size_t resent_ = 0;
};

}  // namespace consilium
