#include "gateway/key_sets.h"

#include <memory>
#include <utility>

#include "gateway/hooks/jwks.h"
#include "shared/file.h"
#include "shared/log.h"

namespace consilium {
namespace {

constexpr milliseconds kFetchTotal{5000};

}  // namespace

KeySets::KeySets(Loop& loop, HttpCalls& calls, const std::vector<CdsClientConfig>& clients,
                 Ages ages)
    : calls_(calls),
      ages_(ages),
      clients_(clients),
      asked_(clients.size()),
      came_(clients.size()),
      waiting_(clients.size()),
      renew_(loop, [this] { Renew(); }) {
  for (const CdsClientConfig& client : clients_) {
    issuers_.push_back({client.issuer, client.jku, {}});
  }
}

Status KeySets::Start() {
  for (std::size_t i = 0; i < clients_.size(); ++i) {
    if (clients_[i].keys_file.empty()) {
      FetchSet(i, [] {});
      continue;
    }
    const Result<std::string> text = ReadFile(clients_[i].keys_file, kJwkSetBytesMax);
    if (!text) return Error{text.error().code, "cds_client.keys_file: " + text.error().text};
    Result<JwkSet> set = ReadJwkSet(*text);
    if (!set)
      return Invalid("cds_client.keys_file: " + clients_[i].keys_file + ": " + set.error().text);
    if (set->keys.empty()) {
      return Invalid("cds_client.keys_file: " + clients_[i].keys_file +
                     ": no key that can be used" +
                     (set->skipped.empty() ? "" : ": " + set->skipped.front()));
    }
    issuers_[i].keys = std::move(set->keys);
  }
  renew_.At(Now() + ages_.renew);
  return Ok();
}

void KeySets::Renew() {
  renew_.At(Now() + ages_.renew);
  for (std::size_t i = 0; i < clients_.size(); ++i) {
    if (!clients_[i].jku.empty()) FetchSet(i, [] {});
  }
}

void KeySets::FetchSet(std::size_t index, std::function<void()> done) {
  waiting_[index].push_back(std::move(done));
  if (waiting_[index].size() > 1) return;  // one is under way
  asked_[index] = Now();
  HttpCall call;
  call.url = clients_[index].jku;
  call.get = true;
  call.total = kFetchTotal;
  call.reply_bytes_max = kJwkSetBytesMax;
  calls_.Start(std::move(call), [this, index](const HttpReply& reply) {
    Result<JwkSet> set = Invalid("status " + std::to_string(reply.status) + " " + reply.detail);
    if (reply.end == HttpReply::End::kDone && reply.status == 200) set = ReadJwkSet(reply.body);
    if (set.ok()) {
      issuers_[index].keys = std::move(set->keys);
      came_[index] = Now();
    } else {
      if (Now() - came_[index] >= ages_.trust) issuers_[index].keys.clear();
      LogWarn("jwks_not_fetched", {{"issuer", clients_[index].issuer},
                                   {"why", set.error().text},
                                   {"keys", issuers_[index].keys.size()}});
    }
    for (const auto& waits : std::exchange(waiting_[index], {})) waits();
  });
}

void KeySets::Refresh(std::function<void()> done) {
  std::vector<std::size_t> due;
  for (std::size_t i = 0; i < clients_.size(); ++i) {
    if (clients_[i].jku.empty()) continue;
    if (!waiting_[i].empty() || Now() - asked_[i] >= kAgainAfter) due.push_back(i);
  }
  if (due.empty()) return done();
  const auto left = std::make_shared<std::size_t>(due.size());
  for (const std::size_t index : due) {
    FetchSet(index, [left, done] {
      if (--*left == 0) done();
    });
  }
}

}  // namespace consilium
