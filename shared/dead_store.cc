#include "shared/dead_store.h"

#include <charconv>
#include <map>
#include <optional>
#include <utility>

#include "shared/codec.h"
#include "shared/ids.h"
#include "shared/redis_reply.h"
#include "shared/seal.h"
#include "store_scripts.h"

namespace consilium {
namespace {

std::optional<DeadLetter> ReadLetter(const RedisReply& entry) {
  if (entry.items.size() != 2) return std::nullopt;
  std::map<std::string, std::string> fields;
  const auto& items = entry.items[1].items;
  for (std::size_t i = 0; i + 1 < items.size(); i += 2) fields[items[i].text] = items[i + 1].text;
  auto task = TaskFromRef(fields["t"]);
  if (!task) return std::nullopt;
  DeadLetter letter;
  letter.id = entry.items[0].text;
  letter.task = std::move(*task);
  letter.died_ms = std::atoll(letter.id.c_str());
  letter.attempts = std::atoll(fields["a"].c_str());
  letter.crashes = std::atoll(fields["c"].c_str());
  // A letter whose outcome cannot be read is a letter all the same.
  if (auto outcome = UnpackSealed<Outcome>(fields["o"])) letter.outcome = std::move(*outcome);
  letter.errors = ReadErrors(fields["x"]);
  return letter;
}

bool Matches(const DeadLetter& letter, const DeadListRequest& request) {
  return (request.model.empty() || letter.task.model == request.model) &&
         (request.case_id.empty() || letter.task.case_id == request.case_id) &&
         (request.code.empty() || letter.outcome.code == request.code);
}

}  // namespace

std::vector<AttemptError> ReadErrors(const std::string& text) {
  std::vector<AttemptError> errors;
  const char* at = text.data();
  const char* const end = at + text.size();
  while (at < end) {
    std::size_t length = 0;
    const auto [colon, failed] = std::from_chars(at, end, length);
    if (failed != std::errc() || colon == end || *colon != ':') break;
    const char* const from = colon + 1;
    if (length > static_cast<std::size_t>(end - from)) break;
    at = from + length;
    std::int64_t when = 0;
    const auto [space, bad] = std::from_chars(from, at, when);
    if (bad != std::errc() || space == at || *space != ' ') continue;
    auto error =
        Unpack<AttemptError>(std::string_view(space + 1, static_cast<std::size_t>(at - space - 1)));
    if (!error) continue;
    error->at_ms = when;
    errors.push_back(std::move(*error));
  }
  return errors;
}

DeadStore::DeadStore(RedisConnection& redis, int shard)
    : redis_(redis), prefix_("consilium:{" + std::to_string(shard) + "}:") {}

std::vector<RedisScript> DeadStore::Scripts() { return {{"requeue_dead", kRequeueDeadScript}}; }

void DeadStore::List(const DeadListRequest& request, Done<DeadListReply> done) {
  const bool one = !request.id.empty();
  const std::string from = one ? request.id : request.after;
  std::vector<std::string> command = {"XRANGE", prefix_ + "dead"};
  if (one) {
    command.insert(command.end(), {from, from});
  } else {
    command.insert(command.end(), {from.empty() ? "-" : "(" + from, "+"});
  }
  command.insert(command.end(), {"COUNT", std::to_string(request.max)});
  redis_.Send(
      std::move(command),
      Reading<DeadListReply>(std::move(done), [request, from, one](const RedisReply& reply) {
        DeadListReply list;
        list.cursor = from;
        list.end = one || static_cast<std::int64_t>(reply.items.size()) < request.max;
        for (const RedisReply& entry : reply.items) {
          if (!entry.items.empty()) list.cursor = entry.items[0].text;
          auto letter = ReadLetter(entry);
          if (letter && Matches(*letter, request)) list.items.push_back(std::move(*letter));
        }
        return Result<DeadListReply>(std::move(list));
      }));
}

void DeadStore::Requeue(const std::string& entry, Done<RequeuedLetter> done) {
  redis_.Run(
      "requeue_dead",
      {prefix_ + "dead", prefix_ + "requeued:" + entry, prefix_ + "counters", prefix_ + "wanted"},
      {entry, prefix_ + "case:", prefix_ + "lane:", prefix_ + "hints", std::to_string(kMarkMs)},
      Reading<RequeuedLetter>(std::move(done),
                              [entry](const RedisReply& reply) -> Result<RequeuedLetter> {
                                if (reply.items.size() != 3) return Unexpected("requeue_dead");
                                RequeuedLetter letter;
                                letter.id = entry;
                                letter.disposition = reply.items[0].text;
                                letter.task = reply.items[1].text;
                                const std::int64_t deadline = ToInt(reply.items[2]);
                                if (deadline > 0) letter.deadline_ms = deadline;
                                return letter;
                              }));
}

void DeadStore::Purge(const std::string& entry, Done<std::int64_t> done) {
  redis_.Send({"XDEL", prefix_ + "dead", entry},
              Reading<std::int64_t>(std::move(done), [](const RedisReply& reply) {
                return Result<std::int64_t>(ToInt(reply));
              }));
}

}  // namespace consilium
