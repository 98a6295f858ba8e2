#include "shared/config.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

namespace consilium {
namespace {

constexpr char kBackend[] = "[[backend]]\nmodel = \"a\"\nurl = \"http://127.0.0.1:1/v1\"\n";

// The problems of `text` above one good backend, whose lines follow it.
std::string Problems(const std::string& text) {
  return ParseConfig(text + "\n" + kBackend, "c.toml").error().text;
}

Config Parsed(const std::string& text) {
  Result<Config> config = ParseConfig(text + "\n" + kBackend, "conf/c.toml");
  EXPECT_TRUE(config) << config.error().text;
  return config ? *std::move(config) : Config{};
}

// A variable of the environment for one test.
class Variable {
 public:
  Variable(const char* name, const char* value) : name_(name) { setenv(name, value, 1); }
  ~Variable() { unsetenv(name_); }
  Variable(const Variable&) = delete;
  Variable& operator=(const Variable&) = delete;

 private:
  const char* name_;
};

TEST(ConfigTest, OneBackendIsEnoughAndTheRestHasDefaults) {
  const Config config = Parsed("");
  EXPECT_EQ(config.file, "conf/c.toml");
  EXPECT_EQ(config.redis.url, "");
  EXPECT_EQ(config.broker.clients, "tcp://127.0.0.1:7300");
  EXPECT_EQ(config.broker.lease_ms, 30000);
  EXPECT_EQ(config.ensemble.strategy, "random");
  EXPECT_EQ(config.council.medications, "conf/medications");
  ASSERT_EQ(config.backends.size(), 1u);
  EXPECT_EQ(config.backends[0].provider, "openai");
  EXPECT_FALSE(config.backends[0].usd_per_million_prompt);
  EXPECT_EQ(config.FindBackend("a"), config.backends.data());
  EXPECT_EQ(config.FindBackend("b"), nullptr);
}

TEST(ConfigTest, ReadsEveryKindOfValue) {
  const Config config = Parsed(R"(
[redis]
url = "unix:run/redis.sock"
[broker]
clients = "ipc:///run/c"
workers = "ipc://w"
lease_ms = 2000
[ensemble]
strategy = "named"
models = ["a", "sim"]
[council]
deadline_s = 30
support_min = 0.25
medications = "/tables"
[[backend]]
model = "sim"
provider = "simulated"
placement = "local"
structured = "json"
usd_per_million_prompt = 2.5
[backend.simulated]
knowledge = "../demo/cases.jsonl"
skill = { default = 0.5, cardiology = 1 }
fault_error = 0.25
[[backend]]
model = "old"
provider = "replay"
[backend.replay]
answers = "answers.jsonl"
)");
  EXPECT_EQ(config.redis.url, "unix:conf/run/redis.sock");
  EXPECT_EQ(config.broker.clients, "ipc:///run/c");
  EXPECT_EQ(config.broker.workers, "ipc://conf/w");
  EXPECT_EQ(config.broker.lease_ms, 2000);
  EXPECT_EQ(config.ensemble.models, (std::vector<std::string>{"a", "sim"}));
  EXPECT_EQ(config.council.deadline_s, 30.0);
  EXPECT_EQ(config.council.medications, "/tables");
  ASSERT_EQ(config.backends.size(), 3u);
  const BackendConfig& sim = config.backends[0];
  EXPECT_EQ(sim.structured, "json");
  EXPECT_EQ(sim.usd_per_million_prompt, 2.5);
  EXPECT_EQ(sim.simulated.knowledge, "demo/cases.jsonl");
  EXPECT_EQ(sim.simulated.skill,
            (std::map<std::string, double>{{"cardiology", 1}, {"default", 0.5}}));
  EXPECT_EQ(config.backends[1].replay.answers, "conf/answers.jsonl");
}

TEST(ConfigTest, ReportsAllProblemsInTheOrderOfTheFile) {
  EXPECT_EQ(
      Problems("[broker]\nlease_ms = -5\nleese = 1\n[worker]\nx = 1\n[ensemble]\nsize = \"x\""),
      "c.toml:2: broker.lease_ms = -5, expected 1000..3600000\n"
      "c.toml:3: broker.leese: unknown option, expected one of clients, workers, lease_ms, "
      "crashes_max, live_cases_max, "
      "case_bytes_max, drain_ms, addresses\n"
      "c.toml:4: worker: unknown section, expected one of redis, broker, bus, ensemble, "
      "council, chemistry, gateway, source, cds_client, limit, backend\n"
      "c.toml:7: ensemble.size = \"x\", expected a whole number, 1..256");
}

TEST(ConfigTest, RefusesWrongTypesAndRanges) {
  EXPECT_EQ(Problems("[broker]\nlease_ms = 2000.5"),
            "c.toml:2: broker.lease_ms = 2000.5, expected a whole number, 1000..3600000");
  EXPECT_EQ(Problems("[council]\nsupport_min = nan"),
            "c.toml:2: council.support_min = nan, expected 0..1");
  EXPECT_EQ(Problems("[council]\nmedications = 5"),
            "c.toml:2: council.medications = 5, expected a text");
  EXPECT_EQ(Problems("[council]\nmedications = 2026-01-01"),
            "c.toml:2: council.medications = a date or time, expected a text");
  EXPECT_EQ(
      Problems("[ensemble]\nmodels = [1]"),
      "c.toml:2: ensemble.models = a list with something else in it, expected a list of texts");
  EXPECT_EQ(Problems("broker = 5"), "c.toml:1: broker = 5, expected a table: [broker]");
  EXPECT_EQ(ParseConfig("[backend]\nmodel = \"a\"", "c.toml").error().text,
            "c.toml:1: backend = a table, expected [[backend]]\n"
            "c.toml: no [[backend]]: at least one model is needed");
}

TEST(ConfigTest, RefusesUnknownChoicesAndListsTheKnown) {
  EXPECT_EQ(Problems("[ensemble]\nstrategy = \"best\""),
            "c.toml:2: ensemble.strategy = \"best\", expected one of all, random, local, remote, "
            "named, single, performance, chemistry, utility");
  EXPECT_EQ(Problems("[[backend]]\nmodel = \"b\"\nurl = \"http://h\"\nprovider = \"x\""),
            "c.toml:4: backend.provider = \"x\", expected one of openai, anthropic, gemini, "
            "ollama, simulated, replay");
  EXPECT_EQ(Problems("[[backend]]\nmodel = \"b\"\nurl = \"http://h\"\nplacement = \"moon\""),
            "c.toml:4: backend.placement = \"moon\", expected one of local, remote");
}

TEST(ConfigTest, ListensBeyondLoopbackOnlyWithKeys) {
  for (const char* endpoint : {"tcp://0.0.0.0:7300", "tcp://*:7300", "tcp://[::]:7300",
                               "tcp://10.0.0.1:7300", "tcp://eth0:7300", "tcp://example.org:1"}) {
    const std::string line = "[broker]\nclients = \"" + std::string(endpoint) + "\"\n";
    EXPECT_EQ(Problems(line),
              "c.toml:2: broker.clients = \"" + std::string(endpoint) +
                  "\" is beyond this machine, and without keys only ipc:// and tcp:// on a "
                  "loopback address are allowed: make keys with `consilium keys new` and set "
                  "bus.key_file (docs/security.md)");
    const Config config = Parsed(line + "[bus]\nkey_file = \"keys/broker.key\"");
    EXPECT_EQ(config.broker.clients, endpoint);
    EXPECT_EQ(config.bus.key_file, "conf/keys/broker.key");
  }
  for (const char* endpoint : {"tcp://127.0.0.1", "tcp://127.0.0.1:65536", "udp://127.0.0.1:1",
                               "7300", "", "ipc://", "tcp://:5"}) {
    EXPECT_EQ(Problems("[broker]\nworkers = \"" + std::string(endpoint) + "\""),
              "c.toml:2: broker.workers = \"" + std::string(endpoint) +
                  "\", expected tcp://ADDRESS:PORT or ipc://PATH");
  }
  for (const char* endpoint : {"tcp://127.0.0.1:0", "tcp://127.9.9.9:1", "tcp://[::1]:9"}) {
    EXPECT_EQ(Parsed("[broker]\nworkers = \"" + std::string(endpoint) + "\"").broker.workers,
              endpoint);
  }
}

TEST(ConfigTest, TheKeyOfTheBrokersIsATextOrAFile) {
  const std::string key = "Yne@$w-vo<fVvi]a<NY6T1ed:M$fCG*[IaLV{hID";
  EXPECT_EQ(Parsed("[bus]\nbroker_key = \"" + key + "\"").bus.broker_key, key);
  EXPECT_EQ(Parsed("[bus]\nbroker_key = \"broker.pub\"").bus.broker_key, "conf/broker.pub");
  const Variable variable("CONSILIUM_BUS_BROKER_KEY", "other.pub");
  EXPECT_EQ(Parsed("[bus]\nbroker_key = \"" + key + "\"").bus.broker_key, "other.pub");
}

TEST(ConfigTest, AClientNeedsNoMoreThanTheBus) {
  EXPECT_EQ(LoadBusConfig("").value().key_file, "");
  const Variable variable("CONSILIUM_BUS_KEY_FILE", "me.key");
  EXPECT_EQ(LoadBusConfig("").value().key_file, "me.key");
  EXPECT_EQ(LoadBusConfig("/nowhere/c.toml").error().text,
            "/nowhere/c.toml: cannot be read: No such file or directory");
}

TEST(ConfigTest, BothDoorsCannotBeOneExceptOnFreePorts) {
  EXPECT_EQ(
      Problems("[broker]\nclients = \"ipc:///a\"\nworkers = \"ipc:///a\""),
      "c.toml:3: broker.workers = \"ipc:///a\", expected another endpoint than broker.clients");
  Parsed("[broker]\nclients = \"tcp://127.0.0.1:0\"\nworkers = \"tcp://127.0.0.1:0\"");
}

TEST(ConfigTest, SecretsDoNotBelongInTheFileAndAreNotRepeated) {
  EXPECT_EQ(Problems("[redis]\npassword_env = \"hunter-2\"\nurl = \"tcp://u:hunter2@h:1\""),
            "c.toml:2: redis.password_env: not the name of an environment variable; a secret does "
            "not belong here\n"
            "c.toml:3: redis.url: user and password do not belong in the URL; see redis.user and "
            "redis.password_env");
  EXPECT_EQ(Problems("[[backend]]\nmodel = \"b\"\nurl = \"https://u:key@h/v1\""),
            "c.toml:3: backend.url: user and password do not belong in a URL; see api_key_env");
}

TEST(ConfigTest, RedisAndBackendUrlsAreChecked) {
  EXPECT_EQ(Problems("[redis]\nurl = \"redis:6379\""),
            "c.toml:2: redis.url = \"redis:6379\", expected unix:/path (at most 107 bytes) or "
            "tcp://host:port");
  EXPECT_EQ(Problems("[[backend]]\nmodel = \"b\"\nurl = \"h:80\""),
            "c.toml:3: backend.url = \"h:80\", expected http://HOST... or https://HOST...");
}

TEST(ConfigTest, ModelsAreUniqueNamedAndReachable) {
  EXPECT_EQ(ParseConfig("", "c.toml").error().text,
            "c.toml: no [[backend]]: at least one model is needed");
  EXPECT_EQ(ParseConfig("[[backend]]\n", "c.toml").error().text,
            "c.toml:1: backend.model: missing\n"
            "c.toml:1: backend.url: missing, needed by provider openai");
  EXPECT_EQ(ParseConfig("[[backend]]\nmodel = \"a\"\nprovider = \"simulated\"\n"
                        "[[backend]]\nmodel = \"b\"\nprovider = \"replay\"\n[backend.replay]\n",
                        "c.toml")
                .error()
                .text,
            "c.toml:1: backend.simulated.knowledge: missing, needed by provider simulated\n"
            "c.toml:7: backend.replay.answers: missing, needed by provider replay");
  EXPECT_EQ(Problems("[[backend]]\nmodel = \"a\"\nurl = \"http://h\""),
            "c.toml:5: backend.model = \"a\" stands twice, expected unique");
  EXPECT_EQ(
      Problems("[[backend]]\nmodel = \"a b\"\nurl = \"http://h\""),
      "c.toml:2: backend.model = \"a b\", expected 1..128 characters of A-Z a-z 0-9 . _ : / @ "
      "+ -");
}

TEST(ConfigTest, TheEnsembleIsChosenFromBackendsThatExist) {
  EXPECT_EQ(Problems("[ensemble]\nmodels = [\"a\", \"x\", \"a\"]"),
            "c.toml:2: ensemble.models: \"x\" has no [[backend]]\n"
            "c.toml:2: ensemble.models: \"a\" stands twice");
  EXPECT_EQ(Problems("[ensemble]\nstrategy = \"named\""),
            "c.toml:2: ensemble.strategy = \"named\", expected ensemble.models to name some");
  EXPECT_EQ(Problems("[ensemble]\nstrategy = \"local\""),
            "c.toml:2: ensemble.strategy = \"local\", but no [[backend]] has that placement");
  EXPECT_EQ(Problems("[ensemble]\nsize = 2"),
            "c.toml:2: ensemble.size = 2, expected at most 1: strategy random has no more models");
}

TEST(ConfigTest, NoEnsembleIsLargerThanWhatIsLearnedForItsStrategy) {
  std::string backends;
  for (int i = 0; i < 11; ++i) {
    backends += "[[backend]]\nmodel = \"m" + std::to_string(i) + "\"\nurl = \"http://h\"\n";
  }
  const auto with = [&backends](const std::string& strategy, int size) {
    return "[ensemble]\nstrategy = \"" + strategy + "\"\nsize = " + std::to_string(size) + "\n" +
           backends;
  };
  for (const std::string strategy : {"chemistry", "performance"}) {
    EXPECT_EQ(Problems(with(strategy, 11)),
              "c.toml:3: ensemble.size = 11, expected at most 10: no larger ensembles are learned "
              "for strategy " +
                  strategy);
    EXPECT_EQ(Parsed(with(strategy, 10)).ensemble.size, 10);
  }
  for (const char* strategy : {"utility", "random"}) {
    EXPECT_EQ(Parsed(with(strategy, 11)).ensemble.size, 11);
  }
}

TEST(ConfigTest, ReadsLimitsAndWhichOnesABackendKeeps) {
  const Config config = Parsed(R"(
[[limit]]
name = "openai"
requests_per_minute = 500
tokens_per_minute = 200000
[[limit]]
name = "gpu0"
concurrency = 1
fallback_share = 1
[[backend]]
model = "b"
url = "http://h"
limits = ["openai", "gpu0"]
)");
  ASSERT_EQ(config.limits.size(), 2u);
  EXPECT_EQ(config.limits[0].name, "openai");
  EXPECT_EQ(config.limits[0].requests_per_minute, 500);
  EXPECT_EQ(config.limits[0].tokens_per_minute, 200000);
  EXPECT_EQ(config.limits[0].concurrency, 0);
  EXPECT_EQ(config.limits[0].fallback_share, 0.25);
  EXPECT_EQ(config.limits[1].concurrency, 1);
  EXPECT_EQ(config.limits[1].fallback_share, 1.0);
  EXPECT_EQ(config.backends[0].limits, (std::vector<std::string>{"openai", "gpu0"}));
  EXPECT_TRUE(config.backends[1].limits.empty());
}

TEST(ConfigTest, LimitsAreNamedOnceAndLimitSomething) {
  EXPECT_EQ(Problems("[[limit]]\nname = \"a\"\nconcurrency = 1\n[[limit]]\nname = \"a\"\n"
                     "[[limit]]\ntokens_per_minute = 1\n[[limit]]\nname = \"b c\"\n"
                     "fallback_share = 0\nconcurency = 1"),
            "c.toml:4: limit: expected one at least of requests_per_minute, tokens_per_minute, "
            "concurrency\n"
            "c.toml:5: limit.name = \"a\" stands twice, expected unique\n"
            "c.toml:6: limit.name: missing\n"
            "c.toml:8: limit: expected one at least of requests_per_minute, tokens_per_minute, "
            "concurrency\n"
            "c.toml:9: limit.name = \"b c\", expected 1..128 characters of A-Z a-z 0-9 . _ : / @ "
            "+ -\n"
            "c.toml:10: limit.fallback_share = 0, expected 0.001..1\n"
            "c.toml:11: limit.concurency: unknown option, expected one of name, "
            "requests_per_minute, tokens_per_minute, concurrency, fallback_share");
  EXPECT_EQ(Problems("[limit]\nname = \"a\""), "c.toml:1: limit = a table, expected [[limit]]");
  std::string many;
  for (int i = 0; i < 65; ++i) {
    many += "[[limit]]\nname = \"l" + std::to_string(i) + "\"\nconcurrency = 1\n";
  }
  EXPECT_EQ(Problems(many), "c.toml: 65 times [[limit]], at most 64");
}

TEST(ConfigTest, BackendsKeepLimitsThatExistAndEachOnce) {
  EXPECT_EQ(Problems("[[limit]]\nname = \"a\"\nconcurrency = 1\n[[backend]]\nmodel = \"b\"\n"
                     "url = \"http://h\"\nlimits = [\"a\", \"x\", \"a\"]"),
            "c.toml:7: backend.limits: \"x\" has no [[limit]]\n"
            "c.toml:7: backend.limits: \"a\" stands twice");
}

TEST(ConfigTest, BodyReplacesNothingThatIsRecordedOrDecidesHowAReplyIsRead) {
  const auto problems = [](const std::string& body) {
    return Problems("[[backend]]\nmodel = \"m\"\nurl = \"http://h\"\nbody = " + body);
  };
  const Config config = Parsed(
      "[[backend]]\nmodel = \"m\"\nurl = \"http://h\"\n"
      "body = { reasoning_effort = \"low\", options = { num_ctx = 8192 } }");
  EXPECT_EQ(config.backends.at(0).body.at("reasoning_effort"), "\"low\"");
  for (const char* field : {"model", "messages", "stream", "temperature", "max_tokens", "n"}) {
    EXPECT_EQ(problems(std::string("{ ") + field + " = 1 }"),
              std::string("c.toml:4: backend.body: \"") + field +
                  "\" is written by the program and cannot be replaced");
  }
  EXPECT_EQ(problems("{ generationConfig = { temperature = 1.0, thinkingConfig = {} } }"),
            "c.toml:4: backend.body: \"generationConfig.temperature\" is written by the program "
            "and cannot be replaced");
}

TEST(ConfigTest, ChecksOptionsAgainstEachOther) {
  EXPECT_EQ(
      Problems(
          "[[backend]]\nmodel = \"m\"\nurl = \"http://h\"\nbackoff_ms = 9\nbackoff_ms_max = 8"),
      "c.toml:4: backend.backoff_ms = 9, expected at most backend.backoff_ms_max = 8");
  EXPECT_EQ(Problems("[council]\ndeadline_s = 9\ndeadline_s_max = 8"),
            "c.toml:2: council.deadline_s = 9, expected at most council.deadline_s_max = 8");
  EXPECT_EQ(
      Problems("[[backend]]\nmodel = \"b\"\nprovider = \"simulated\"\n[backend.simulated]\n"
               "knowledge = \"k\"\nfault_error = 0.6\nfault_timeout = 0.5\nskill = { x = 2 }"),
      "c.toml:4: backend.simulated: the fault rates sum to more than 1\n"
      "c.toml:8: backend.simulated.skill.x = 2, expected 0..1");
}

TEST(ConfigTest, SeveralRedisAreAListOrATextWithSpaces) {
  const auto urls = [](const std::string& value) {
    return RedisUrls(Parsed("[redis]\nurl = " + value).redis);
  };
  using List = std::vector<std::string>;
  EXPECT_EQ(urls("\"\""), List());
  EXPECT_EQ(urls("[]"), List());
  EXPECT_EQ(urls("\"unix:/my folder/r.sock\""), List({"unix:/my folder/r.sock"}));
  EXPECT_EQ(urls("[\"tcp://a:1\", \"unix:/r s\", \"tcp://b:2\"]"),
            List({"tcp://a:1", "unix:/r s", "tcp://b:2"}));
  EXPECT_EQ(urls("\"tcp://a:1 unix:/r s tcp://b:2\""),
            List({"tcp://a:1", "unix:/r s", "tcp://b:2"}));
  const Variable url("CONSILIUM_REDIS_URL", "unix:/a unix:/b");
  EXPECT_EQ(urls("\"tcp://c:1\""), List({"unix:/a", "unix:/b"}));
}

TEST(ConfigTest, ARedisIsOneShard) {
  EXPECT_EQ(Problems("[redis]\nurl = [\"tcp://a:1\", \"tcp://b:2\", \"tcp://a:1\"]"),
            "c.toml:2: redis.url: \"tcp://a:1\" stands twice; each shard needs a Redis of its own");
  EXPECT_EQ(Problems("[redis]\nurl = [\"tcp://a:1\", \"tcp://b:2\"]\nshards = 3"),
            "c.toml:3: redis.shards = 3, but redis.url has 2");
  EXPECT_EQ(Problems("[redis]\nurl = [\"tcp://a:1\", \"redis:6379\"]"),
            "c.toml:2: redis.url = \"redis:6379\", expected unix:/path (at most 107 bytes) or "
            "tcp://host:port");
}

TEST(ConfigTest, ReplacesVariablesInTextAndMissingOnesAreErrors) {
  const Variable folder("CONFIG_TEST_FOLDER", "/data");
  EXPECT_EQ(Parsed("[council]\nmedications = \"${CONFIG_TEST_FOLDER}/m\"").council.medications,
            "/data/m");
  EXPECT_EQ(Problems("[council]\nmedications = \"${CONFIG_TEST_NONE}/m\""),
            "c.toml:2: council.medications: environment variable CONFIG_TEST_NONE is not set");
  EXPECT_EQ(Problems("[council]\nmedications = \"${}/m\""),
            "c.toml:2: council.medications: ${ without a NAME}");
  EXPECT_EQ(Problems("[council]\nmedications = \"${A/m\""),
            "c.toml:2: council.medications: ${ without a NAME}");
}

TEST(ConfigTest, TheEnvironmentOverridesScalarsAndIsCheckedLikeTheFile) {
  const Variable url("CONSILIUM_REDIS_URL", "unix:/r.sock");
  const Variable lease("CONSILIUM_BROKER_LEASE_MS", "4000");
  const Variable share("CONSILIUM_COUNCIL_ANSWER_SHARE", "0.5");
  const Config config = Parsed("[broker]\nlease_ms = 2000");
  EXPECT_EQ(config.redis.url, "unix:/r.sock");
  EXPECT_EQ(config.broker.lease_ms, 4000);
  EXPECT_EQ(config.council.answer_share, 0.5);
  const Variable wrong("CONSILIUM_BROKER_CRASHES_MAX", "many");
  EXPECT_EQ(Problems(""),
            "environment variable CONSILIUM_BROKER_CRASHES_MAX: broker.crashes_max = \"many\", "
            "expected a whole number, 1..100");
}

TEST(ConfigTest, SaysWhereTheFileIsNoToml) {
  EXPECT_EQ(ParseConfig("a = 1\nb = \n", "c.toml").error().text.substr(0, 22),
            "c.toml:2: not TOML: Er");
  EXPECT_FALSE(ParseConfig("a = \"\xFF\"", "c.toml"));
  EXPECT_FALSE(ParseConfig("a = " + std::string(1000, '['), "c.toml"));
  // Both take toml++ 3.3 by surprise.
  EXPECT_FALSE(ParseConfig("[$a]", "c.toml"));
  EXPECT_FALSE(ParseConfig("\xEF\xB8\x8F[a]", "c.toml"));
  EXPECT_EQ(ParseConfig(std::string((1u << 20) + 1, '#'), "c.toml").error(),
            (Error{ErrorCode::kTooLarge, "c.toml: more than 1048576 bytes"}));
  EXPECT_EQ(ParseConfig("\na" + std::string(1024, 'x'), "c.toml").error(),
            Invalid("c.toml:2: a line of 1025 bytes, at most 1024"));
}

TEST(ConfigTest, LoadsAFileAndSaysWhyItCannot) {
  const auto file = std::filesystem::path(testing::TempDir()) / "config_test.toml";
  std::ofstream(file) << kBackend;
  EXPECT_EQ(LoadConfig(file.string())->backends.size(), 1u);
  std::filesystem::remove(file);
  EXPECT_EQ(
      LoadConfig("/nowhere/c.toml").error(),
      (Error{ErrorCode::kNotFound, "/nowhere/c.toml: cannot be read: No such file or directory"}));
  EXPECT_EQ(LoadConfig("/").error().text, "/: cannot be read: Is a directory");
}

TEST(DescribeOptionsTest, HasARowPerOptionWithDefaultRangeAndHelp) {
  bool found = false;
  for (const OptionHelp& row : DescribeOptions()) {
    EXPECT_FALSE(row.help.empty()) << row.name;
    EXPECT_FALSE(row.type.empty()) << row.name;
    if (row.name != "broker.lease_ms") continue;
    found = true;
    EXPECT_EQ(row.type, "a whole number");
    EXPECT_EQ(row.allowed, "1000..3600000 ms");
    EXPECT_EQ(row.standard, "30000");
  }
  EXPECT_TRUE(found);
}

}  // namespace
}  // namespace consilium
