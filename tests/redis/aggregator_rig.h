// A broker on a private redis-server, and beside it a store that does what aggregators do.
#pragma once

#include <gtest/gtest.h>
#include <poll.h>

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "shared/store.h"
#include "tests/redis/broker_rig.h"

namespace consilium {

// A broker with clients, and a store of the test's own in the place of the aggregators.
class AggregatorRig : public BrokerRig {
 protected:
  void SetUp() override {
    Start();
    connection_.emplace(redis_.address(), Store::Scripts());
    store_.emplace(*connection_);
    PumpUntil("the store is up", [&] { return TurnStore() && connection_->up(); });
  }

  bool TurnStore() {
    connection_->Tick(Now());
    pollfd polled{connection_->fd(), connection_->events(), 0};
    poll(&polled, 1, 0);
    if (polled.revents != 0) connection_->OnReady(polled.revents);
    return true;
  }
  template <class T, class Send>
  Result<T> Tell(Send send) {
    std::optional<Result<T>> reply;
    send([&](Result<T> result) { reply.emplace(std::move(result)); });
    PumpUntil("Redis answers", [&] { return TurnStore() && reply.has_value(); });
    if (!reply) return Error{ErrorCode::kTimeout, "no reply"};
    return std::move(*reply);
  }
  std::string Raw(std::vector<std::string> command) {
    const auto reply = connection_->Call(std::move(command), std::chrono::seconds(5));
    EXPECT_TRUE(reply.ok());
    return reply ? (reply->text.empty() ? std::to_string(reply->integer) : reply->text) : "";
  }

  // A case that has ended with `states`, a revision each.
  void Ended(TestClient& client, const std::string& id, std::vector<CaseState> states) {
    Submit(client, CaseOf(id));
    for (const CaseState state : states) {
      const CaseView view = BrokerRig::Fetch(client, id);
      CaseUpdate update;
      update.case_id = id;
      update.version = view.version;
      update.state = state;
      update.retention_ms = 60000;
      update.publish = Recommendation{};
      update.publish->case_id = id;
      update.publish->status = state;
      update.publish->revision = static_cast<std::int64_t>(view.recommendations.size()) + 1;
      update.publish->ingredients = {"amoxicillin"};
      EXPECT_TRUE(*Tell<bool>([&](auto done) { store_->Apply(update, done); }));
    }
  }
  void Ended(TestClient& client, const std::string& id) {
    Ended(client, id, {CaseState::kComplete});
  }
  std::vector<Store::Event> TakeEvents(const std::string& owner, bool claim = false) {
    return *Tell<std::vector<Store::Event>>(
        [&](auto done) { store_->TakeEvents(owner, 100, claim, done); });
  }

  std::optional<RedisConnection> connection_;
  std::optional<Store> store_;
};

}  // namespace consilium
