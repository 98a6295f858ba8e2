#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <malloc.h>
#include <poll.h>

#include <algorithm>
#include <chrono>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "shared/clock.h"
#include "shared/limits.h"
#include "shared/redis.h"
#include "tests/support/private_redis.h"

namespace consilium {
namespace {

constexpr std::chrono::seconds kPatience{20};
constexpr RedisScript kAdd = {"add", "return redis.call('INCRBY', KEYS[1], ARGV[1])"};
constexpr RedisScript kFail = {"fail", "return redis.error_reply('WRONG on purpose')"};
// What sends without caring for the reply.
void Ignore(const Result<RedisReply>& /*reply*/) {}

// A loop with some connections, until `holds` or patience ends.
bool RunUntil(const std::vector<RedisConnection*>& connections,
              const std::function<bool()>& holds) {
  const TimePoint until = Now() + kPatience;
  while (!holds()) {
    const TimePoint now = Now();
    if (now >= until) return false;
    TimePoint due = until;
    for (RedisConnection* connection : connections) due = std::min(due, connection->Tick(now));
    std::vector<pollfd> polled;
    polled.reserve(connections.size());
    for (RedisConnection* connection : connections) {
      polled.push_back({connection->fd(), connection->events(), 0});
    }
    poll(polled.data(), polled.size(), PollTimeoutMs(Now(), due));
    for (std::size_t i = 0; i < connections.size(); ++i) {
      connections[i]->OnReady(polled[i].revents);
    }
  }
  return true;
}

bool ComesUp(RedisConnection& connection) {
  return RunUntil({&connection}, [&] { return connection.up(); });
}

class RedisConnectionTest : public testing::Test {
 protected:
  Result<RedisReply> Call(std::vector<std::string> command) {
    return connection_.Call(std::move(command), kPatience);
  }
  Result<RedisReply> Run(RedisConnection& connection, const std::string& script,
                         const std::string& key, const std::string& argument) {
    std::optional<Result<RedisReply>> result;
    connection.Run(script, {key}, {argument}, [&](Result<RedisReply> r) { result = std::move(r); });
    EXPECT_TRUE(RunUntil({&connection}, [&] { return result.has_value(); }));
    return result.value_or(Error{ErrorCode::kTimeout, "no end"});
  }

  PrivateRedis redis_;
  RedisConnection connection_{redis_.address(), {kAdd, kFail}};
};

TEST_F(RedisConnectionTest, RepliesOfEveryKindArrive) {
  EXPECT_EQ(Call({"SET", "k", "v"})->text, "OK");
  EXPECT_EQ(Call({"GET", "k"})->text, "v");
  EXPECT_TRUE(Call({"GET", "none"})->nil());
  EXPECT_EQ(Call({"INCR", "n"})->integer, 1);
  EXPECT_EQ(Call({"SET", "binary", std::string("a\0\r\n\xFF", 5)})->text, "OK");
  EXPECT_EQ(Call({"GET", "binary"})->text, std::string("a\0\r\n\xFF", 5));
  const RedisReply list = Call({"MGET", "k", "none"}).value();
  ASSERT_EQ(list.kind, RedisReply::Kind::kArray);
  ASSERT_EQ(list.items.size(), 2u);
  EXPECT_EQ(list.items[0].text, "v");
  EXPECT_TRUE(list.items[1].nil());
  EXPECT_EQ(connection_.generation(), 1);
  EXPECT_EQ(connection_.reason(), "");
}

TEST_F(RedisConnectionTest, NothingIsSentBeforeItIsUp) {
  std::optional<Result<RedisReply>> result;
  connection_.Send({"PING"}, [&](Result<RedisReply> r) { result = std::move(r); });
  ASSERT_TRUE(result);
  EXPECT_EQ(result->error(), (Error{ErrorCode::kUnavailable, "redis: not connected yet"}));
  EXPECT_EQ(connection_.fd(), -1);
}

TEST_F(RedisConnectionTest, APipelineKeepsItsOrderAlsoWhenCallbacksSend) {
  ASSERT_TRUE(ComesUp(connection_));
  std::vector<std::int64_t> seen;
  for (int i = 0; i < 1000; ++i) {
    connection_.Send({"INCR", "n"}, [&](const Result<RedisReply>& reply) {
      seen.push_back(reply->integer);
      if (seen.size() <= 500) {
        connection_.Send({"INCR", "n"},
                         [&](const Result<RedisReply>& r) { seen.push_back(r->integer); });
      }
    });
  }
  EXPECT_EQ(connection_.outstanding(), 1000u);
  ASSERT_TRUE(RunUntil({&connection_}, [&] { return seen.size() == 1500; }));
  for (std::size_t i = 0; i < seen.size(); ++i) {
    ASSERT_EQ(seen[i], static_cast<std::int64_t>(i) + 1);
  }
  EXPECT_EQ(connection_.outstanding(), 0u);
}

TEST_F(RedisConnectionTest, SeveralLinksShareTheScriptsAndKeepTheOrderOfCommands) {
  RedisConnection wide(redis_.address(), {kAdd}, 4);
  ASSERT_TRUE(ComesUp(wide));
  EXPECT_EQ(wide.generation(), 1);
  EXPECT_NE(Call({"CLIENT", "LIST"})->text.find("cmd=ping"), std::string::npos);
  std::int64_t ended = 0;
  std::vector<std::int64_t> seen;
  for (int i = 0; i < 500; ++i) {
    wide.Run("add", {"sum"}, {"2"}, [&](const Result<RedisReply>& r) { ended += r ? 1 : 0; });
    wide.Send({"INCR", "n"}, [&](const Result<RedisReply>& r) { seen.push_back(r->integer); });
  }
  EXPECT_EQ(wide.outstanding(), 1000u);
  ASSERT_TRUE(RunUntil({&wide}, [&] { return ended == 500 && seen.size() == 500; }));
  for (std::size_t i = 0; i < seen.size(); ++i) {
    ASSERT_EQ(seen[i], static_cast<std::int64_t>(i) + 1);
  }
  EXPECT_EQ(Call({"GET", "sum"})->text, "1000");
}

TEST_F(RedisConnectionTest, OneLostLinkEndsAllAndAllComeBack) {
  RedisConnection wide(redis_.address(), {kAdd}, 4);
  ASSERT_TRUE(ComesUp(wide));
  // One of its sockets alone is closed by the server: the first that connected.
  std::string clients = Call({"CLIENT", "LIST"})->text;
  std::vector<std::string> ids;
  for (std::size_t at = clients.find("id="); at != std::string::npos;
       at = clients.find("\nid=", at + 1)) {
    const std::size_t digits = clients.find('=', at) + 1;
    ids.push_back(clients.substr(digits, clients.find(' ', digits) - digits));
  }
  ASSERT_EQ(ids.size(), 5u) << clients;
  int unknown = 0;
  ASSERT_TRUE(Call({"CLIENT", "KILL", "ID",
                    *std::min_element(ids.begin(), ids.end(), [](const auto& a, const auto& b) {
                      return std::stoll(a) < std::stoll(b);
                    })}));
  for (int i = 0; i < 8; ++i) {
    wide.Run("add", {"sum"}, {"1"}, [&](const Result<RedisReply>& reply) {
      unknown += !reply && reply.error().code == ErrorCode::kUnavailable ? 1 : 0;
    });
  }
  ASSERT_TRUE(RunUntil({&wide}, [&] { return wide.generation() == 2 && wide.up(); }));
  EXPECT_GE(unknown, 2) << "at least those on the lost link";
  EXPECT_EQ(wide.outstanding(), 0u);
  EXPECT_TRUE(Run(wide, "add", "sum", "1"));
}

TEST_F(RedisConnectionTest, LargeValuesTravelWhole) {
  const std::string value(8u << 20, 'x');
  EXPECT_EQ(Call({"SET", "large", value})->text, "OK");
  EXPECT_EQ(Call({"GET", "large"})->text, value);
}

TEST_F(RedisConnectionTest, ErrorsOfRedisNeverRepeatArguments) {
  EXPECT_EQ(Call({"NOSUCH", "secret"}).error(),
            (Error{ErrorCode::kInternal, "redis: ERR unknown command 'NOSUCH'"}));
  ASSERT_TRUE(Call({"SET", "text", "x"}));
  EXPECT_EQ(Call({"INCR", "text"}).error(),
            (Error{ErrorCode::kInternal, "redis: ERR value is not an integer or out of range"}));
}

TEST_F(RedisConnectionTest, ScriptsAreLoadedBeforeItIsUp) {
  ASSERT_TRUE(ComesUp(connection_));
  EXPECT_EQ(Run(connection_, "add", "n", "5")->integer, 5);
  EXPECT_EQ(Run(connection_, "fail", "n", "").error(),
            (Error{ErrorCode::kInternal, "redis: WRONG on purpose"}));
}

TEST_F(RedisConnectionTest, ForgottenScriptsAreUnavailableOnceAndLoadedAgain) {
  ASSERT_TRUE(Call({"SCRIPT", "FLUSH"}));
  const Result<RedisReply> first = Run(connection_, "add", "n", "1");
  ASSERT_FALSE(first);
  EXPECT_EQ(first.error().code, ErrorCode::kUnavailable);
  EXPECT_EQ(first.error().text, "redis: NOSCRIPT No matching script. Please use EVAL.");
  EXPECT_EQ(Run(connection_, "add", "n", "1")->integer, 1);
  EXPECT_EQ(connection_.generation(), 1);
}

TEST_F(RedisConnectionTest, ABrokenScriptKeepsItDownAndSaysWhich) {
  RedisConnection broken(redis_.address(), {{"broken", "return ("}});
  ASSERT_TRUE(RunUntil({&broken}, [&] {
    return broken.reason().find("loading script broken: redis: ERR Error compiling script") == 0;
  })) << broken.reason();
  EXPECT_FALSE(broken.up());
}

TEST_F(RedisConnectionTest, PassingErrorsAreUnavailable) {
  ASSERT_TRUE(Call({"CONFIG", "SET", "maxmemory", "1"}));
  const Result<RedisReply> reply = Call({"SET", "k", "v"});
  ASSERT_FALSE(reply);
  EXPECT_EQ(reply.error(),
            (Error{ErrorCode::kUnavailable,
                   "redis: OOM command not allowed when used memory > 'maxmemory'."}));
}

TEST_F(RedisConnectionTest, ACrashEndsEveryCommandOnceAndItComesBackByItself) {
  ASSERT_TRUE(Call({"SET", "kept", "yes"}));
  redis_.Pause();
  std::vector<Error> ends;
  for (int i = 0; i < 10; ++i) {
    connection_.Send({"INCR", "n"}, [&](const Result<RedisReply>& reply) {
      ends.push_back(reply.error());
      // Asking again from here must not wait for a connection that is not there.
      connection_.Send({"PING"}, [&](const Result<RedisReply>& r) { ends.push_back(r.error()); });
    });
  }
  redis_.Kill();
  ASSERT_TRUE(RunUntil({&connection_}, [&] { return ends.size() >= 20; }));
  EXPECT_EQ(ends.size(), 20u);
  for (const Error& error : ends) {
    EXPECT_EQ(error.code, ErrorCode::kUnavailable);
    EXPECT_EQ(error.text.find("redis: connection"), 0u) << error.text;
  }
  EXPECT_FALSE(connection_.up());
  EXPECT_EQ(connection_.outstanding(), 0u);
  redis_.Restart();
  ASSERT_TRUE(ComesUp(connection_));
  EXPECT_EQ(connection_.generation(), 2);
  EXPECT_EQ(Call({"GET", "kept"})->text, "yes");
  EXPECT_EQ(Run(connection_, "add", "m", "2")->integer, 2);
}

TEST_F(RedisConnectionTest, SaysWhyItCannotConnect) {
  RedisAddress nowhere;
  nowhere.socket = redis_.folder() + "/none.sock";
  RedisConnection lost(nowhere, {});
  EXPECT_EQ(lost.Call({"PING"}, std::chrono::milliseconds(50)).error(),
            (Error{ErrorCode::kUnavailable, "redis: cannot connect: No such file or directory"}));
}

TEST_F(RedisConnectionTest, AttemptsArePausedWithGrowingJitter) {
  RedisAddress nowhere;
  nowhere.socket = redis_.folder() + "/none.sock";
  RedisConnection lost(nowhere, {});
  TimePoint now;
  std::chrono::nanoseconds longest{0};
  for (int i = 0; i < 40; ++i) {
    const TimePoint due = lost.Tick(now);
    longest = std::max<std::chrono::nanoseconds>(longest, due - now);
    EXPECT_LE(due - now, limits::kRedisPauseMax);
    now = std::max(now, due);
  }
  EXPECT_GE(longest, limits::kRedisPauseMax / 2);
}

TEST_F(RedisConnectionTest, AConnectionAttemptWithoutAnswerEnds) {
  redis_.Pause();
  RedisConnection waiting(redis_.address(), {kAdd});
  const TimePoint start = Now();
  waiting.Tick(start);
  EXPECT_FALSE(waiting.up());
  EXPECT_NE(waiting.fd(), -1);
  waiting.Tick(start + limits::kRedisConnect);
  EXPECT_EQ(waiting.fd(), -1);
  EXPECT_EQ(waiting.reason(), "redis: no answer within 2000 ms of connecting");
  redis_.Resume();
  EXPECT_TRUE(ComesUp(waiting));
}

TEST_F(RedisConnectionTest, SilenceWithCommandsOutstandingBreaksIt) {
  ASSERT_TRUE(ComesUp(connection_));
  redis_.Pause();
  std::optional<Result<RedisReply>> result;
  const TimePoint start = Now();
  connection_.Tick(start);
  connection_.Send({"PING"}, [&](Result<RedisReply> r) { result = std::move(r); });
  connection_.Tick(start + limits::kRedisSilenceMax / 2);
  EXPECT_TRUE(connection_.up());
  connection_.Tick(start + 2 * limits::kRedisSilenceMax);
  ASSERT_TRUE(result);
  EXPECT_EQ(result->error(), (Error{ErrorCode::kUnavailable, "redis: no reply for 30000 ms"}));
  redis_.Resume();
}

TEST_F(RedisConnectionTest, CallGivesUpInTime) {
  ASSERT_TRUE(ComesUp(connection_));
  redis_.Pause();
  EXPECT_EQ(connection_.Call({"PING"}, std::chrono::milliseconds(20)).error(),
            (Error{ErrorCode::kTimeout, "redis: no reply within 20 ms"}));
  redis_.Resume();
  // The late reply belongs to the first call, not to this one.
  EXPECT_EQ(Call({"ECHO", "second"})->text, "second");
}

TEST_F(RedisConnectionTest, WhatWaitsIsBounded) {
  ASSERT_TRUE(ComesUp(connection_));
  for (std::size_t i = 0; i < limits::kRedisOutstandingMax; ++i) {
    connection_.Send({"PING"}, &Ignore);
  }
  std::optional<Result<RedisReply>> result;
  connection_.Send({"PING"}, [&](Result<RedisReply> r) { result = std::move(r); });
  ASSERT_TRUE(result);
  EXPECT_EQ(result->error(),
            (Error{ErrorCode::kUnavailable, "redis: too many commands wait for it"}));
}

// More is always waiting than the socket takes, as in a burst of cases: there is no moment at which
// everything was sent.
TEST_F(RedisConnectionTest, WhatWasSentIsNotKeptWhileMoreComes) {
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
  GTEST_SKIP() << "the heap of a sanitizer is not seen by mallinfo";
#endif
  ASSERT_TRUE(ComesUp(connection_));
  constexpr std::size_t kCommands = 600;
  constexpr std::size_t kWindow = 20;
  const std::string value(256u << 10, 'x');
  const auto used = [] {
    const auto heap = mallinfo2();
    return heap.uordblks + heap.hblkhd;
  };
  const std::size_t before = used();
  std::size_t most = before;
  std::size_t sent = 0;
  std::size_t done = 0;
  EXPECT_TRUE(RunUntil({&connection_}, [&] {
    for (; sent < kCommands && sent - done < kWindow; ++sent) {
      connection_.Send({"SET", "k", value}, [&](const Result<RedisReply>&) { ++done; });
    }
    most = std::max(most, used());
    return done == kCommands;
  }));
  EXPECT_LT((most - before) >> 20, 40u) << "MiB, of 150 that were sent and 5 that ever waited";
}

TEST_F(RedisConnectionTest, ASubscriptionSeesMessagesAlsoAfterARestart) {
  RedisConnection listener(redis_.address(), {});
  std::vector<std::string> heard;
  listener.Subscribe("hints", [&](std::string message) { heard.push_back(std::move(message)); });
  ASSERT_TRUE(ComesUp(listener));
  ASSERT_TRUE(Call({"PUBLISH", "hints", "one"}));
  ASSERT_TRUE(Call({"PUBLISH", "other", "not for us"}));
  ASSERT_TRUE(Call({"PUBLISH", "hints", "two"}));
  ASSERT_TRUE(RunUntil({&listener}, [&] { return heard.size() == 2; }));
  redis_.Restart();
  ASSERT_TRUE(RunUntil({&listener}, [&] { return listener.generation() == 2 && listener.up(); }));
  ASSERT_TRUE(ComesUp(connection_));
  // The old connection may still seem to be up; a new one is not.
  RedisConnection fresh(redis_.address(), {});
  EXPECT_EQ(fresh.Call({"PUBLISH", "hints", "three"}, kPatience)->integer, 1);
  ASSERT_TRUE(RunUntil({&listener}, [&] { return heard.size() == 3; }));
  EXPECT_THAT(heard, testing::ElementsAre("one", "two", "three"));
}

TEST(RedisLoginTest, UserAndPasswordAreSentFirst) {
  PrivateRedis redis(
      {"--user", "council", "on", ">pass word", "~*", "&*", "+@all", "--requirepass", "other"});
  RedisAddress address = redis.address();
  address.user = "council";
  address.password = "pass word";
  RedisConnection connection(address, {kAdd});
  EXPECT_EQ(connection.Call({"ACL", "WHOAMI"}, kPatience)->text, "council");

  address.password = "wrong";
  RedisConnection refused(address, {});
  ASSERT_TRUE(RunUntil({&refused}, [&] { return refused.reason().find("WRONGPASS") < 20; }));
  EXPECT_EQ(refused.reason(),
            "redis: WRONGPASS invalid username-password pair or user is disabled.");
  EXPECT_FALSE(refused.up());
}

TEST(ParseRedisUrlTest, ReadsSocketsHostsAndAddresses) {
  EXPECT_EQ(ParseRedisUrl("unix:/run/redis.sock")->socket, "/run/redis.sock");
  const RedisAddress tcp = ParseRedisUrl("tcp://127.0.0.1:6379").value();
  EXPECT_EQ(tcp.socket, "");
  EXPECT_EQ(tcp.host, "127.0.0.1");
  EXPECT_EQ(tcp.port, 6379);
  EXPECT_EQ(ParseRedisUrl("tcp://[::1]:6380")->host, "::1");
}

TEST(ParseRedisUrlTest, RefusesTheRest) {
  for (const char* url : {"", "unix:", "tcp://", "tcp://h", "tcp://h:", "tcp://:1", "tcp://h:0",
                          "tcp://h:65536", "tcp://h:1x", "redis://h:1", "tcp://a:1 b:2"}) {
    EXPECT_EQ(ParseRedisUrl(url).error(), Invalid("redis url = \"" + std::string(url) +
                                                  "\", expected unix:/path or tcp://host:port"));
  }
  EXPECT_EQ(ParseRedisUrl("tcp://user:secret@h:1").error(),
            Invalid("redis url: user and password do not belong in it"));
  const std::string path = "unix:/" + std::string(107, 'x');
  EXPECT_EQ(ParseRedisUrl(path).error(),
            Invalid("redis url = \"" + path + "\", expected a path of at most 107 bytes"));
}

}  // namespace
}  // namespace consilium
