#include "gateway/http_calls.h"

#include <utility>
#include <vector>

#include "shared/check.h"

namespace consilium {

HttpCalls::HttpCalls(Loop& loop)
    : loop_(loop), watch_(loop, [this] { Run(); }), timer_(loop, [this] { Run(); }) {
  constexpr std::size_t kConnectionsMax = 64;
  HttpOptions options;
  options.connections_max = kConnectionsMax;
  auto client = HttpClient::Make(options);
  CHECK(client.ok(), "only a file of certificates can be wrong, and none is named");
  client_ = std::move(*client);
  watch_.Watch(client_->fd());
}

void HttpCalls::Start(HttpCall call, std::function<void(HttpReply)> done) {
  open_.emplace(client_->Start(std::move(call), Now()), std::move(done));
  loop_.Post([this] { Run(); });
}

void HttpCalls::Run() {
  std::vector<HttpEnded> ended;
  timer_.At(client_->Run(Now(), ended));
  for (HttpEnded& one : ended) {
    const auto found = open_.find(one.id);
    if (found == open_.end()) continue;
    const auto done = std::move(found->second);
    open_.erase(found);
    done(std::move(one.reply));
  }
}

}  // namespace consilium
