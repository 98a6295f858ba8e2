#include "gateway/outbox.h"

#include <cstdlib>
#include <map>
#include <utility>

#include "door_scripts.h"
#include "gateway/store_reply.h"
#include "shared/case_record.h"
#include "shared/redis_reply.h"
#include "shared/text.h"

namespace consilium {
namespace {

std::string OutboxKey() { return DoorKey("outbox"); }
std::string StateKey() { return DoorKey("outbox:state"); }
std::string AsideKey() { return DoorKey("aside"); }
// The newest revision of a case that went to the outbox.
std::string ResultKey(const std::string& case_id) { return DoorKey("result:" + case_id); }

Error NoEntry(const std::string& entry) {
  return Invalid("entry = " + Quoted(entry) + ", expected one of an earlier reply");
}

// Of a stream id; 0 for "".
std::int64_t TimeOf(const std::string& entry) { return std::atoll(entry.c_str()); }

Result<FillReply> ReadFilled(const RedisReply& reply) {
  if (reply.items.size() < 2) return Unexpected("fill_outbox");
  FillReply filled;
  const std::string& word = reply.items[0].text;
  if (word == "full") return filled;
  filled.cursor = reply.items[1].text;
  if (word == "moved") {
    filled.kind = FillReply::Kind::kMoved;
  } else if (word == "filled" && reply.items.size() == 3) {
    filled.kind = FillReply::Kind::kFilled;
    filled.added = ToInt(reply.items[2]);
  } else {
    return Unexpected("fill_outbox");
  }
  return filled;
}

Result<HeadReply> ReadHead(const RedisReply& reply) {
  HeadReply head;
  const std::string word = reply.items.empty() ? "" : reply.items[0].text;
  if (word == "lost") {
    head.holds = false;
  } else if (word == "head" && reply.items.size() == 7) {
    const auto& f = reply.items;
    head.head = {f[1].text, {f[2].text, ToInt(f[3]), f[4].text}, {ToInt(f[5]), ToInt(f[6])}};
  } else if (word != "empty") {
    return Unexpected("head_outbox");
  }
  return head;
}

std::vector<AsideMessage> ReadAside(const RedisReply& reply) {
  std::vector<AsideMessage> list;
  for (const RedisReply& entry : reply.items) {
    if (entry.items.size() != 2) continue;
    std::map<std::string, std::string> f;
    const auto& items = entry.items[1].items;
    for (std::size_t i = 0; i + 1 < items.size(); i += 2) f[items[i].text] = items[i + 1].text;
    list.push_back({entry.items[0].text,
                    {f["c"], std::atoll(f["r"].c_str()), f["b"]},
                    f["w"],
                    std::atoll(f["t"].c_str()),
                    TimeOf(entry.items[0].text)});
  }
  return list;
}

Result<OutboxStatus> ReadStatus(const RedisReply& reply) {
  const auto& f = reply.items;
  if (f.size() != 13) return Unexpected("describe_outbox");
  OutboxStatus status;
  status.now_ms = ToInt(f[0]);
  status.waiting = ToInt(f[1]);
  status.oldest_ms = TimeOf(f[2].text);
  status.aside = ToInt(f[3]);
  status.oldest_aside_ms = TimeOf(f[4].text);
  status.cursor = f[5].text;
  status.sender = f[6].text;
  status.seen_ms = ToInt(f[7]);
  status.tried = {ToInt(f[8]), ToInt(f[9])};
  status.why = f[10].text;
  status.sent_ms = ToInt(f[11]);
  status.since_ms = ToInt(f[12]);
  return status;
}

}  // namespace

Outbox::Outbox(RedisConnection& redis, milliseconds silence, std::int64_t waiting_max)
    : redis_(redis), silence_(silence), waiting_max_(waiting_max) {}

std::vector<RedisScript> Outbox::Scripts() {
  return {{"begin_outbox", kBeginOutboxScript},   {"fill_outbox", kFillOutboxScript},
          {"hold_outbox", kHoldOutboxScript},     {"release_outbox", kReleaseOutboxScript},
          {"head_outbox", kHeadOutboxScript},     {"end_delivery", kEndDeliveryScript},
          {"requeue_aside", kRequeueAsideScript}, {"describe_outbox", kDescribeOutboxScript}};
}

void Outbox::Begin(milliseconds up, Done<OutboxBegin> done) {
  redis_.Run(
      "begin_outbox", {StateKey()}, {std::to_string(up.count())},
      Reading<OutboxBegin>(std::move(done), [](const RedisReply& reply) -> Result<OutboxBegin> {
        if (reply.items.size() != 3) return Unexpected("begin_outbox");
        return OutboxBegin{reply.items[0].text, ToInt(reply.items[1]), ToInt(reply.items[2]) == 1};
      }));
}

void Outbox::Fill(const std::string& from, const std::string& to,
                  const std::vector<OutboxMessage>& messages, milliseconds keep,
                  Done<FillReply> done) {
  std::vector<std::string> keys = {OutboxKey(), StateKey()};
  std::vector<std::string> args = {from, to, std::to_string(waiting_max_), ExpiryMs(keep)};
  for (const OutboxMessage& message : messages) {
    keys.push_back(ResultKey(message.case_id));
    args.insert(args.end(), {message.case_id, std::to_string(message.revision), message.bytes});
  }
  redis_.Run("fill_outbox", std::move(keys), std::move(args),
             NamingNoMemory(Reading<FillReply>(std::move(done), ReadFilled)));
}

void Outbox::Hold(const std::string& gateway, Done<OutboxTurn> done) {
  redis_.Run(
      "hold_outbox", {StateKey()}, {gateway, std::to_string(silence_.count())},
      Reading<OutboxTurn>(std::move(done), [](const RedisReply& reply) -> Result<OutboxTurn> {
        if (reply.items.size() != 2) return Unexpected("hold_outbox");
        return OutboxTurn{ToInt(reply.items[0]), milliseconds(ToInt(reply.items[1]))};
      }));
}

void Outbox::Release(std::int64_t token, Done<bool> done) {
  redis_.Run("release_outbox", {StateKey()}, {std::to_string(token)},
             Reading<bool>(std::move(done), [](const RedisReply& reply) {
               return Result<bool>(ToInt(reply) == 1);
             }));
}

void Outbox::Head(std::int64_t token, Done<HeadReply> done) {
  redis_.Run("head_outbox", {OutboxKey(), StateKey()}, {std::to_string(token)},
             Reading<HeadReply>(std::move(done), ReadHead));
}

void Outbox::End(const char* what, std::int64_t token, const std::string& entry,
                 const DeliveryTries& tried, const std::string& why, Done<bool> done) {
  redis_.Run("end_delivery", {OutboxKey(), StateKey(), AsideKey(), DoorKey("counters")},
             {std::to_string(token), entry, what, why, std::to_string(tried.tries),
              std::to_string(tried.refusals), std::to_string(kAsideMax)},
             Reading<bool>(std::move(done), [](const RedisReply& reply) -> Result<bool> {
               if (reply.items.size() != 2) return Unexpected("end_delivery");
               return ToInt(reply.items[0]) == 1;
             }));
}

void Outbox::Sent(std::int64_t token, const std::string& entry, Done<bool> done) {
  End("sent", token, entry, {}, "", std::move(done));
}

void Outbox::Retry(std::int64_t token, const std::string& entry, const DeliveryTries& tried,
                   const std::string& why, Done<bool> done) {
  End("retry", token, entry, tried, why, std::move(done));
}

void Outbox::SetAside(std::int64_t token, const std::string& entry, const DeliveryTries& tried,
                      const std::string& why, Done<bool> done) {
  End("aside", token, entry, tried, why, std::move(done));
}

void Outbox::ListAside(const std::string& after, std::int64_t count,
                       Done<std::vector<AsideMessage>> done) {
  if (!after.empty() && !IsStreamId(after)) return done(NoEntry(after));
  redis_.Send({"XRANGE", AsideKey(), after.empty() ? "-" : "(" + after, "+", "COUNT",
               std::to_string(count)},
              Reading<std::vector<AsideMessage>>(std::move(done), [](const RedisReply& reply) {
                return Result<std::vector<AsideMessage>>(ReadAside(reply));
              }));
}

void Outbox::Requeue(const std::string& entry, Done<std::string> done) {
  if (!IsStreamId(entry)) return done(NoEntry(entry));
  redis_.Run("requeue_aside", {AsideKey(), OutboxKey(), DoorKey("requeued:" + entry)},
             {entry, ResultKey(""), ExpiryMs(kMark)},
             NamingNoMemory(Reading<std::string>(std::move(done), [](const RedisReply& reply) {
               return Result<std::string>(reply.text);
             })));
}

void Outbox::Purge(const std::string& entry, Done<bool> done) {
  if (!IsStreamId(entry)) return done(NoEntry(entry));
  redis_.Send({"XDEL", AsideKey(), entry},
              Reading<bool>(std::move(done), [](const RedisReply& reply) {
                return Result<bool>(ToInt(reply) == 1);
              }));
}

void Outbox::Describe(Done<OutboxStatus> done) {
  redis_.Run("describe_outbox", {OutboxKey(), StateKey(), AsideKey()}, {},
             Reading<OutboxStatus>(std::move(done), ReadStatus));
}

}  // namespace consilium
