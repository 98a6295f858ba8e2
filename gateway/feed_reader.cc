#include "gateway/feed_reader.h"

#include <utility>
#include <vector>

namespace consilium {
namespace {

constexpr milliseconds kWait{20000};
constexpr milliseconds kTimeout{30000};
constexpr milliseconds kPause{500};

}  // namespace

FeedReader::FeedReader(Loop& loop, BusLink& bus)
    : loop_(loop), bus_(bus), again_(loop, [this] { Ask(); }) {
  Ask();
}

void FeedReader::Ask() {
  WatchRequest request;
  request.after = cursor_.empty() ? "$" : cursor_;
  request.wait_ms = cursor_.empty() ? 0 : kWait.count();
  bus_.Ask<WatchReply>(
      request, kTimeout,
      [this](Result<WatchReply> reply, std::optional<std::int64_t> /*retry*/) {
        if (!reply.ok()) return again_.At(Now() + kPause);
        cursor_ = reply->cursor;
        std::vector<std::uint64_t> ids;  // who joins or leaves meanwhile does not matter
        for (const auto& [id, call] : listeners_) ids.push_back(id);
        for (const std::uint64_t id : ids) {
          const auto found = listeners_.find(id);
          if (found == listeners_.end()) continue;
          const OnSlice call = found->second;
          call(*reply);
        }
        again_.At(Now());
      },
      milliseconds(request.wait_ms));
}

std::uint64_t FeedReader::Join(OnSlice call) {
  listeners_.emplace(next_, std::move(call));
  return next_++;
}
void FeedReader::Leave(std::uint64_t id) { listeners_.erase(id); }

}  // namespace consilium
