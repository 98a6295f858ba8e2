// The configuration of one cluster: one TOML file that every program of it reads.
//
// Default < file < environment (CONSILIUM_<SECTION>_<KEY>, e.g. CONSILIUM_REDIS_URL) < flag. An
// unknown section or key, a wrong type or a value out of range stops the start and names file,
// line, value and what is allowed: `cluster.toml:12: broker.lease_ms = -5, expected 1000..3600000`.
// All problems of a file are reported together, one per line. `${VAR}` in a string is replaced from
// the environment; a missing variable is an error. Relative paths are relative to the file. Secrets
// never stand in the file, only the names of environment variables that hold them.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "shared/result.h"

namespace consilium {

struct RedisConfig {
  // One, or the shards in their order with a space between; see RedisUrls(). "" = `consilium up`
  // runs private ones; other programs need it.
  std::string url;
  std::int64_t shards = 1;  // private ones that it runs
  std::string user;
  std::string password_env;
  // "checked": a broker accepts only while Redis' settings keep what is accepted; "trusted": it
  // takes the operator's word for it.
  std::string durability = "checked";
  // Watermarks: beyond them new cases are refused (queue_full) until there is room again.
  std::int64_t memory_max_mb = 0;  // of a Redis without maxmemory; 0 = the memory of its machine
  double memory_share = 0.7;       // of that memory
  double disk_free_share = 0.15;   // of the disk of the append-only file, where it can be seen
};

// The URLs in it, one a shard.
std::vector<std::string> RedisUrls(const RedisConfig& redis);

struct BrokerConfig {
  std::string clients = "tcp://127.0.0.1:7300";  // ROUTER for clients
  std::string workers = "tcp://127.0.0.1:7301";  // ROUTER for workers
  std::int64_t lease_ms = 30000;                 // a lease not renewed for so long is taken back
  std::int64_t crashes_max = 3;                  // workers one task may take down before it is dead
  std::int64_t live_cases_max = 1000000;         // beyond: queue_full
  std::int64_t case_bytes_max = 65536;           // of one case as packed
  std::int64_t drain_ms = 5000;                  // SIGTERM waits so long for results of workers
  // Where clients find all brokers of the cluster; empty: `clients`.
  std::vector<std::string> addresses;
};

// Keys on the bus between brokers, workers and clients (docs/security.md).
struct BusConfig {
  std::string key_file;      // secret key of this process; "" = none: the bus stays on this machine
  std::string broker_key;    // public, of the brokers: as text or a file; "" = that of key_file
  std::string allowed_file;  // brokers: which other keys may connect; "" = none
};

// Which models answer a case when it does not say so itself.
struct EnsembleConfig {
  std::string strategy = "random";  // one of kStrategies
  std::int64_t size = 3;
  std::vector<std::string> models;  // for strategy "named"
  // Of the cases that are seated by what was learned: this share seats models that were rarely
  // together, so that their pairs are learned too.
  double explore = 0.1;
  std::int64_t seed = 1;
};

// What the aggregator learns about models and recommends to seat. docs/chemistry.md.
struct ChemistryConfig {
  double half_life_d = 90;       // a case so old counts half
  double version_weight = 0.25;  // a case counts so much once a newer version of its model answered
  double shrinkage = 20;         // cases without synergy that every pair starts with
  std::string variant = "nonempty";      // of the published measure: published, nonempty
  double usage_threshold = 0.5;          // models below this accuracy are not used by it
  std::int64_t cold_start_cases = 30;    // before so many: ensembles are drawn at random
  std::int64_t window_cases = 500;       // utility is estimated on the latest so many
  std::optional<double> latency_ms_max;  // utility seats no model that is slower (95th percentile)
  std::optional<double> cost_usd_max;    // utility seats no set whose answers cost more
};

struct CouncilConfig {
  double deadline_s = 600;  // default of a case, from acceptance
  double deadline_s_max = 86400;
  double answer_share = 0.6;  // of the deadline: then review starts with a quorum, if there is one
  std::int64_t quorum = 2;    // usable answers needed to recommend (at most the ensemble's size)
  double queue_wait_s = 0;    // a task that no worker took for so long is given up; 0 = never
  // Per answer; fewer when there are not so many other models; 0: none, answers count as votes.
  std::int64_t graders = 3;
  // Of tasks a case may be; what is learned about models is kept apart by kind. The first one is
  // the default.
  std::vector<std::string> kinds = {"medication"};
  double support_min = 0.5;  // below: the council abstains
  // Once so many outcomes are known, recommendations have a confidence ...
  std::int64_t outcomes_min = 50;
  // ... and where it does not keep this share of wrong ones, the council abstains.
  double risk_target = 0.01;
  double retention_h = 720;                 // how long ended cases stay readable
  std::string medications = "medications";  // folder of the medication and safety tables
  std::int64_t seed = 1;                    // of labels, orders and the choice of idle reviewers
};

struct SimulatedConfig {
  std::string knowledge;  // NDJSON file, configs/demo/vignettes.jsonl
  std::map<std::string, double>
      skill;  // per kind of case (specialty), probability of knowing; "default"
  // The same for recognising the right answer as a reviewer; a specialty without a value here and
  // no "default": as skill.
  std::map<std::string, double> review_skill;
  // Specialties in which it takes, as a reviewer, the first wrong answer for right.
  std::vector<std::string> blind_spots;
  double latency_ms_median = 200;  // log-normal
  double latency_sigma = 0.4;      // of its logarithm
  double grading_noise = 0.08;     // deviation of its grades
  std::string group;               // models of one group know and err together; "" = none
  double group_share = 1;          // of the cases: there it draws what its group draws
  double fault_error = 0;          // rates in [0, 1]; their sum at most 1
  double fault_timeout = 0;
  double fault_refuse = 0;
  double fault_malformed = 0;
  double fault_rate_limit = 0;
  std::int64_t seed = 1;
};

struct ReplayConfig {
  std::string
      answers;  // JSONL in the form of recorded answers: vignette, model, option, medications, ...
  double latency_scale = 0;  // 1 = as slow as recorded, 0 = at once
};

// How much of something that models share may be used, by all workers of the cluster together:
// the quota of an API key, a GPU. At least one of the three is set. docs/protocol.md, "Limits".
struct LimitConfig {
  std::string name;                      // unique in the file
  std::int64_t requests_per_minute = 0;  // 0 = no such limit
  std::int64_t tokens_per_minute = 0;    // 0 = no such limit
  std::int64_t concurrency = 0;          // calls at once; 0 = no such limit
  // Of all three, what one worker uses by itself while Redis does not answer. Never 0: work goes
  // on.
  double fallback_share = 0.25;
};

inline constexpr const char* kProviders[] = {"openai", "anthropic", "gemini",
                                             "ollama", "simulated", "replay"};
// A real model is asked over HTTP.
constexpr bool IsHttpProvider(std::string_view provider) {
  return provider == "openai" || provider == "anthropic" || provider == "gemini" ||
         provider == "ollama";
}

struct BackendConfig {
  std::string model;                 // unique in the file
  std::string provider = "openai";   // one of kProviders
  std::string placement = "remote";  // local, remote
  std::int64_t concurrency = 4;      // requests in flight at one worker = its credits
  std::int64_t workers = 1;          // processes that `consilium up` starts for it
  std::int64_t attempts_max = 4;     // calls of one task, the first included
  std::int64_t backoff_ms = 1000;    // full jitter: uniform in [0, backoff_ms * 2^(attempt-1)] ...
  std::int64_t backoff_ms_max = 60000;  // ... but at most this
  std::vector<std::string> limits;      // names of the [[limit]]s that its calls keep
  // providers openai, anthropic, gemini, ollama
  std::string url;           // base, e.g. http://127.0.0.1:11434/v1; "" = the provider's own
  std::string served_model;  // the provider's name for it; "" = `model`
  std::vector<std::string> served_as;          // further names that a reply may report
  std::string api_key_env;                     // "" = none sent
  std::string auth_header;                     // that carries the key; "" = the provider's own
  std::map<std::string, std::string> headers;  // sent with every request
  std::map<std::string, std::string> body;     // merged into every request; values are JSON
  double temperature = 0;
  std::int64_t max_tokens = 2048;
  std::string structured = "schema";  // where the ladder of structured output starts
  bool stream = true;
  std::int64_t connect_ms = 5000;
  std::int64_t first_byte_ms = 120000;  // until the answer begins
  std::int64_t stall_ms = 30000;        // without a byte once it has begun
  std::int64_t total_ms = 180000;       // of one attempt
  std::int64_t reply_bytes_max = 2097152;
  std::string prompts;  // folder of generate.txt and review.txt; default configs/prompts
  std::string ca_file;
  std::string proxy;
  bool allow_plain_http = false;  // http:// also beyond private networks
  double breaker_share = 0.5;     // of the latest calls failed: no further ones for a while
  std::int64_t breaker_pause_ms = 5000;
  std::optional<double> usd_per_million_prompt;  // absent = cost unknown
  std::optional<double> usd_per_million_completion;
  SimulatedConfig simulated;
  ReplayConfig replay;
};

// The doors to the outside. docs/gateway.md.
struct GatewayConfig {
  std::string http;  // where HTTP listens (JSON API, FHIR, CDS Hooks); "" = it does not
  std::string mllp;  // where HL7 v2 listens; "" = it does not
  // How others reach `http`, for links in what leaves; "" = as it listens.
  std::string public_url;
  std::string tls_cert_file;       // PEM, with its chain; with tls_key_file: TLS at both doors
  std::string tls_key_file;        // PEM
  std::string mllp_client_ca;      // PEM: who speaks HL7 needs a certificate of these
  std::string tokens_file;         // bearer tokens of HTTP clients; "" = none is asked for
  std::vector<std::string> cases;  // which messages start a case; empty: notes and referrals
  // Local names of those who give out patient ids that mean the same at every sender.
  std::vector<std::string> authorities;
  std::string charset;             // of HL7 senders that do not state theirs; "" = ASCII, UTF-8
  double context_h = 72;           // what was said about a patient is joined for so long
  double remember_h = 168;         // a message that comes again is known for so long
  std::string application = "CONSILIUM";    // what it calls itself in HL7 (MSH-3, MSH-5) ...
  std::string facility;                     // ... and where it is (MSH-4, MSH-6)
  std::string receiver;                     // HL7 system that gets the results; "" = none does
  std::string result_form = "ORU^R01";      // or MDM^T02
  double receiver_ack_s = 30;               // how long it may take to acknowledge
  std::int64_t receiver_attempts_max = 10;  // errors (AE) before a result is set aside
  std::string receiver_ca_file;             // PEM; set: TLS to the receiver
  std::int64_t body_bytes_max = 16777216;   // of one HTTP body or HL7 message
  std::int64_t connections_max = 4096;      // at each door
  double request_s = 30;                    // for a request to arrive whole
  double idle_s = 120;                      // a connection without a request; 0 at HL7: none
  std::vector<std::string> cors_origins;    // browsers' origins that may ask; "*" = all
  std::vector<std::string> fhir_servers;    // base URLs that CDS Hooks may be answered from
};

// An HL7 sender that needs settings of its own.
struct SourceConfig {
  std::string application;  // MSH-3
  std::string facility;     // MSH-4; "" = any
  std::string charset;      // where MSH-18 is empty
};

// An EHR that may ask CDS Hooks.
struct CdsClientConfig {
  std::string issuer;     // iss of its tokens
  std::string jku;        // where its keys are; "" = in keys_file
  std::string keys_file;  // a JWK set
};

struct Config {
  std::string file;
  RedisConfig redis;
  BrokerConfig broker;
  BusConfig bus;
  EnsembleConfig ensemble;
  CouncilConfig council;
  ChemistryConfig chemistry;
  GatewayConfig gateway;
  std::vector<SourceConfig> sources;
  std::vector<CdsClientConfig> cds_clients;
  std::vector<LimitConfig> limits;
  std::vector<BackendConfig> backends;

  const BackendConfig* FindBackend(std::string_view model) const;
};

inline constexpr const char* kStrategies[] = {
    "all", "random", "local", "remote", "named", "single", "performance", "chemistry", "utility"};

// kInvalid, listing the known ones, for a strategy that is none.
Status CheckStrategy(const std::string& strategy);

// What has to hold of the doors together, also after a flag changed one: kInvalid names the option.
Status CheckGateway(const Config& config);

// An Error's text has one line per problem.
Result<Config> LoadConfig(const std::string& file);
// For tests and generated files: `file` is used in messages and to resolve relative paths.
Result<Config> ParseConfig(std::string_view text, const std::string& file);

// Only [bus] of the file, with the environment; what else is wrong with the file is not looked at.
// "" = the environment alone: a client needs no more than keys and an endpoint.
Result<BusConfig> LoadBusConfig(const std::string& file);

// One row per option, for --help, docs/configuration.md and the parser itself.
struct OptionHelp {
  std::string name;  // "broker.lease_ms"
  std::string type;
  std::string allowed;
  std::string standard;  // the default, as written in TOML
  std::string help;
};
std::vector<OptionHelp> DescribeOptions();

}  // namespace consilium
