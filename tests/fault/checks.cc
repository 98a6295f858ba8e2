#include "tests/fault/checks.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <stdexcept>
#include <thread>

#include "shared/codec.h"
#include "shared/redis_reply.h"
#include "shared/seal.h"
#include "shared/text.h"

namespace consilium::fault {
namespace {

constexpr const char* kPrefix = "consilium:{0}:";
constexpr std::size_t kExamples = 5;

void Example(std::string& examples, const std::string& what, const std::string& id) {
  if (std::count(examples.begin(), examples.end(), '\n') < static_cast<long>(kExamples)) {
    examples += what + " " + id + "\n";
  }
}

}  // namespace

bool Feed::Follow(Rig& rig) {
  for (;;) {
    const auto reply =
        rig.TryAsk({"XRANGE", std::string(kPrefix) + "out", cursor_, "+", "COUNT", "500"});
    if (!reply) return false;
    for (const RedisReply& entry : reply->items) {
      if (entry.items.size() != 2 || entry.items[1].items.size() != 2) continue;
      cursor_ = "(" + entry.items[0].text;
      auto read = UnpackSealed<Recommendation>(entry.items[1].items[1].text);
      if (!read) continue;
      Entry& of = cases_[read->case_id];
      if (read->revision == 0) {
        ++of.notices;
      } else if (read->revision > 1) {
        ++of.revisions;
      } else if (++of.firsts == 1) {
        of.published_ms = std::atoll(entry.items[0].text.c_str());
        of.recommendation.status = read->status;
        of.recommendation.reason = read->reason;
        of.recommendation.accepted_ms = read->accepted_ms;
      }
    }
    if (reply->items.size() < 500) return true;
  }
}

LoadOptions LoadOf(const Rig& rig, double per_second) {
  LoadOptions options;
  options.brokers = rig.all_clients();
  options.ledger = rig.folder().File("ledger");
  options.per_second = per_second;
  options.seed = Seed();
  return options;
}

StatusReply StatusOf(const Rig& rig, int broker) {
  const auto frame =
      AskBroker(rig.clients(broker), MakeFrame(StatusRequest{}), std::chrono::seconds(5));
  const auto status = frame ? Unpack<StatusReply>(frame->body) : frame.error();
  return status ? *status : StatusReply{};
}

void Sleep(std::chrono::milliseconds time) { std::this_thread::sleep_for(time); }

std::string Left(Rig& rig) {
  std::string left;
  const auto expect_zero = [&](std::vector<std::string> command, const std::string& name) {
    const auto reply = rig.TryAsk(std::move(command));
    if (!reply) {
      left += name + ": " + reply.error().text + "; ";
      return;
    }
    const bool summary = reply->kind == RedisReply::Kind::kArray && !reply->items.empty();
    const std::int64_t count = summary ? ToInt(reply->items[0]) : ToInt(*reply);
    if (count != 0) left += name + " " + std::to_string(count) + "; ";
  };
  const std::string prefix = kPrefix;
  for (int m = 1; m <= rig.options().models; ++m) {
    for (const char* stage : {"generate", "review"}) {
      const std::string lane = "lane:" + std::string(stage) + ":m" + std::to_string(m);
      expect_zero({"XLEN", prefix + lane}, lane);
      expect_zero({"XPENDING", prefix + lane, "w"}, lane + " leased");
    }
  }
  expect_zero({"ZCARD", prefix + "delayed"}, "delayed");
  expect_zero({"ZCARD", prefix + "timers"}, "timers");
  expect_zero({"XLEN", prefix + "events"}, "events");
  expect_zero({"XPENDING", prefix + "events", "a"}, "events taken");
  if (!left.empty()) return left;
  std::int64_t ended = 0;
  for (const char* name : {"complete", "degraded", "insufficient", "failed", "cancelled"}) {
    ended += rig.Counter(name);
  }
  const std::int64_t accepted = rig.Counter("accepted");
  if (accepted != ended) {
    left = "accepted " + std::to_string(accepted) + ", ended " + std::to_string(ended);
  }
  return left;
}

bool Drained(Rig& rig, std::chrono::milliseconds within) {
  return Eventually([&] { return Left(rig).empty(); }, within);
}

Dispatches CountDispatches(Rig& rig, const std::set<std::string>& ids) {
  Dispatches counted;
  for (const std::string& id : ids) {
    const RedisReply record = rig.Ask({"HGETALL", std::string(kPrefix) + "case:" + id});
    for (std::size_t i = 0; i + 1 < record.items.size(); i += 2) {
      if (record.items[i].text.rfind("f:", 0) != 0) continue;
      const std::int64_t leases = ToInt(record.items[i + 1]);
      ++counted.tasks;
      counted.again += leases - 1;
      counted.most = std::max(counted.most, leases);
    }
  }
  return counted;
}

Verdict Judge(Rig& rig, const Feed& feed, const std::vector<const Load*>& loads,
              const std::set<std::string>& others) {
  Verdict verdict;
  std::set<std::string> submitted = others;
  for (const Load* load : loads) {
    verdict.submitted += load->submitted();
    submitted.insert(load->submitted_ids().begin(), load->submitted_ids().end());
    for (const std::string& id : load->LedgerIds()) {
      ++verdict.acknowledged;
      const auto found = feed.cases().find(id);
      if (found != feed.cases().end() && found->second.firsts + found->second.notices > 0) continue;
      ++verdict.lost;
      Example(verdict.examples, "lost", id);
    }
  }
  for (const auto& [id, entry] : feed.cases()) {
    if (entry.firsts > 1 || entry.notices > 1 || entry.firsts + entry.notices > 1) {
      ++verdict.duplicated;
      Example(verdict.examples, "duplicated", id);
    }
    if (submitted.count(id) == 0) {
      ++verdict.unexpected;
      Example(verdict.examples, "unexpected", id);
    }
  }
  verdict.left = Left(rig);
  // Each case was accepted once: more than there are cases in the feed means that one came twice.
  const std::int64_t accepted = rig.Counter("accepted");
  if (verdict.left.empty() && accepted != static_cast<std::int64_t>(feed.cases().size())) {
    verdict.left = "accepted " + std::to_string(accepted) + ", published " +
                   std::to_string(feed.cases().size());
  }
  return verdict;
}

FaultRun::FaultRun(const char* fault, Rig& rig) : fault_(fault), started_(Now()) {
  std::printf("%s CONSILIUM_FAULT_SEED=%llu CONSILIUM_FAULT_SCALE=%g\n", fault,
              static_cast<unsigned long long>(Seed()), Scale());
  std::fflush(stdout);
  if (const std::string why = rig.StartAll(); !why.empty()) throw std::runtime_error(why);
}

FaultRun::~FaultRun() {
  std::printf(
      "%s seed %llu: submitted %zu acknowledged %zu lost %zu duplicated %zu unexpected %zu,"
      " %.1f s;%s\n",
      fault_.c_str(), static_cast<unsigned long long>(Seed()), verdict_.submitted,
      verdict_.acknowledged, verdict_.lost, verdict_.duplicated, verdict_.unexpected, seconds_,
      notes_.c_str());
  std::fflush(stdout);
}

void FaultRun::Note(const std::string& name, double value) {
  char text[64];
  std::snprintf(text, sizeof(text), " %s %.4g", name.c_str(), value);
  notes_ += text;
}

void FaultRun::Settle(Rig& rig, const std::vector<Load*>& loads, std::chrono::milliseconds within) {
  if (Scale() > 1) within = Scaled(within);
  if (const char* most = std::getenv("CONSILIUM_FAULT_PATIENCE_S")) {
    within = std::min<std::chrono::milliseconds>(within, std::chrono::seconds(std::atoi(most)));
  }
  for (Load* load : loads) {
    EXPECT_TRUE(load->Finish(within)) << "each submitted case is acknowledged in the end; "
                                      << load->acknowledged() << " of " << load->submitted();
    EXPECT_EQ(load->refusals(), std::vector<std::string>{});
  }
  EXPECT_TRUE(Drained(rig, within));
  EXPECT_TRUE(feed_.Follow(rig));
  verdict_ = Judge(rig, feed_, {loads.begin(), loads.end()}, others_);
  EXPECT_EQ(verdict_.lost, 0u) << verdict_.examples;
  EXPECT_EQ(verdict_.duplicated, 0u) << verdict_.examples;
  EXPECT_EQ(verdict_.unexpected, 0u) << verdict_.examples;
  EXPECT_EQ(verdict_.left, "");
  EXPECT_GT(verdict_.acknowledged, 0u);
  if (!keys_are_cut_) {
    EXPECT_EQ(rig.Counter("restored"), 0) << "tasks were in no lane, though nobody cut one";
  }
  seconds_ = std::chrono::duration<double>(Now() - started_).count();
}

}  // namespace consilium::fault
