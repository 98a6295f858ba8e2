#include "shared/config_options.h"

#include <limits>
#include <utility>

#include "shared/limits.h"

namespace consilium {
namespace {

constexpr std::int64_t kBiggest = std::numeric_limits<std::int64_t>::max();

template <class S>
Option<S> Whole(std::string_view key, std::int64_t S::*field, std::int64_t min, std::int64_t max,
                std::string_view unit, std::string_view help) {
  Option<S> option{key, field, {}, help};
  option.allowed.min = min;
  option.allowed.max = max;
  option.allowed.unit = unit;
  return option;
}

// Field: double, optional<double> or a table of them.
template <class S, class Field>
Option<S> Number(std::string_view key, Field S::*field, double low, double high,
                 std::string_view unit, std::string_view help) {
  Option<S> option{key, field, {}, help};
  option.allowed.low = low;
  option.allowed.high = high;
  option.allowed.unit = unit;
  return option;
}

// Field: string or a list of them.
template <class S, class Field>
Option<S> Text(std::string_view key, Field S::*field, TextKind kind, std::string_view help) {
  Option<S> option{key, field, {}, help};
  option.allowed.kind = kind;
  return option;
}

template <class S>
Option<S> Choice(std::string_view key, std::string S::*field,
                 const std::vector<std::string_view>& choices, std::string_view help) {
  Option<S> option{key, field, {}, help};
  option.allowed.choices = choices;
  return option;
}

template <class S>
Option<S> Flag(std::string_view key, bool S::*field, std::string_view help) {
  return {key, field, {}, help};
}

}  // namespace

const std::vector<Option<RedisConfig>>& RedisOptions() {
  using C = RedisConfig;
  static const std::vector<Option<C>> options = {
      Text(
          "url", &C::url, TextKind::kRedisUrl,
          "Redis to use, or a list of them: one a shard, always the same in the same order; empty: "
          "`consilium up` runs private ones"),
      Whole("shards", &C::shards, 1, static_cast<std::int64_t>(limits::kShardsMax), "",
            "how many private ones that are"),
      Text("user", &C::user, TextKind::kPlain, "Redis user; empty: the default user"),
      Text("password_env", &C::password_env, TextKind::kVariable,
           "environment variable with the Redis password, or with _FILE behind it the file that "
           "holds "
           "it; empty: none"),
      Choice("durability", &C::durability, {"checked", "trusted"},
             "checked: accept only while Redis syncs every write; trusted: accept whatever it says "
             "(a managed Redis that keeps data by other means)"),
      Whole("memory_max_mb", &C::memory_max_mb, 0, 1 << 30, "MiB",
            "memory of a Redis that has no maxmemory; 0: that of its machine"),
      Number("memory_share", &C::memory_share, 0.1, 0.95, "",
             "share of its memory beyond which Redis gets no new cases (queue_full)"),
      Number(
          "disk_free_share", &C::disk_free_share, 0, 0.9, "",
          "share of the disk of the append-only file that stays free, or 50 GiB if that is less; "
          "seen over a Unix socket only; 0: not looked at"),
  };
  return options;
}

const std::vector<Option<BrokerConfig>>& BrokerOptions() {
  using C = BrokerConfig;
  static const std::vector<Option<C>> options = {
      Text("clients", &C::clients, TextKind::kListen,
           "where clients connect; beyond this machine only with keys"),
      Text("workers", &C::workers, TextKind::kListen,
           "where workers connect; beyond this machine only with keys"),
      Whole("lease_ms", &C::lease_ms, 1000, 3600000, "ms",
            "a lease that is not renewed for so long is taken back"),
      Whole("crashes_max", &C::crashes_max, 1, 100, "",
            "workers that one task may take down before it is dead"),
      Whole("live_cases_max", &C::live_cases_max, 1, 100000000, "",
            "cases that have not ended; beyond this new ones are refused (queue_full)"),
      Whole("case_bytes_max", &C::case_bytes_max, 1024,
            static_cast<std::int64_t>(limits::kStringBytesMax), "bytes", "size of one case"),
      Whole(
          "drain_ms", &C::drain_ms, 0, 86400000, "ms",
          "how long a broker that is told to stop waits for results of its workers; the rest goes "
          "to other brokers"),
      Text("addresses", &C::addresses, TextKind::kPlain,
           "where clients find the brokers of the cluster, tried in turn; empty: broker.clients"),
  };
  return options;
}

const std::vector<Option<BusConfig>>& BusOptions() {
  using C = BusConfig;
  static const std::vector<Option<C>> options = {
      Text("key_file", &C::key_file, TextKind::kPath,
           "file with the secret key of this process (`consilium keys new`); empty: no keys, and "
           "the bus stays on this machine"),
      Text("broker_key", &C::broker_key, TextKind::kBusKey,
           "public key of the brokers, or a file with it; empty: the same key as this process"),
      Text("allowed_file", &C::allowed_file, TextKind::kPath,
           "for brokers: file of the keys that may connect, one `KEY ROLE NAME` a line, read again "
           "when it changes; empty: only who has the brokers' own key"),
  };
  return options;
}

const std::vector<Option<EnsembleConfig>>& EnsembleOptions() {
  using C = EnsembleConfig;
  static const std::vector<Option<C>> options = {
      Choice("strategy", &C::strategy, {std::begin(kStrategies), std::end(kStrategies)},
             "which models answer a case that does not say so"),
      Whole("size", &C::size, 1, static_cast<std::int64_t>(limits::kModelsMax), "models",
            "how many of them (not for all and named)"),
      Text("models", &C::models, TextKind::kModel, "the models of strategy named"),
      Number("explore", &C::explore, 0, 1, "",
             "share of the cases seated by what was learned that try models rarely seen together"),
      Whole("seed", &C::seed, 0, kBiggest, "", "of the random choice"),
  };
  return options;
}

const std::vector<Option<CouncilConfig>>& CouncilOptions() {
  using C = CouncilConfig;
  static const std::vector<Option<C>> options = {
      Number("deadline_s", &C::deadline_s, 0.1, 2592000, "s",
             "deadline of a case that does not say so, from acceptance"),
      Number("deadline_s_max", &C::deadline_s_max, 0.1, 2592000, "s",
             "longest deadline a case may ask for"),
      Number("answer_share", &C::answer_share, 0.01, 1, "of the deadline",
             "then the review starts with a quorum, if there is one"),
      Whole("quorum", &C::quorum, 1, static_cast<std::int64_t>(limits::kModelsMax), "answers",
            "usable answers needed to recommend; at most the ensemble's size"),
      Number(
          "queue_wait_s", &C::queue_wait_s, 0, 2592000, "s",
          "a task that no worker took for so long is given up, so that a council does not wait for "
          "a model without workers; 0: it waits until the deadline"),
      Whole("graders", &C::graders, 0, static_cast<std::int64_t>(limits::kModelsMax), "models",
            "reviewers of each answer; fewer when there are not so many other models; 0: none, "
            "every answer counts as a vote"),
      Text("kinds", &C::kinds, TextKind::kKind,
           "kinds of task a case may name; the first is the default"),
      Number("support_min", &C::support_min, 0, 1, "",
             "below this support the council abstains, as long as risk_target cannot be judged"),
      Whole("outcomes_min", &C::outcomes_min, 20, 2000, "cases",
            "once the right answer of so many is known, recommendations state a confidence"),
      Number("risk_target", &C::risk_target, 0.001, 1, "",
             "share of recommendations that may be wrong: the council abstains below the "
             "confidence that keeps it, judged once 1/risk_target - 1 outcomes are known; 1: "
             "it never abstains for lack of confidence"),
      Number("retention_h", &C::retention_h, 0.01, 87600, "h",
             "how long ended cases stay readable"),
      Text("medications", &C::medications, TextKind::kPath,
           "folder of the medication and safety tables"),
      Whole("seed", &C::seed, 0, kBiggest, "", "of labels, orders and the choice of reviewers"),
  };
  return options;
}

const std::vector<Option<ChemistryConfig>>& ChemistryOptions() {
  using C = ChemistryConfig;
  static const std::vector<Option<C>> options = {
      Number("half_life_d", &C::half_life_d, 1, 36500, "days", "a case so old counts half"),
      Number("version_weight", &C::version_weight, 0.001, 1, "",
             "what a case counts once a newer version of its model answered"),
      Number("shrinkage", &C::shrinkage, 0, 100000, "cases",
             "cases without synergy that every pair starts with"),
      Choice("variant", &C::variant, {"published", "nonempty"}, "of the published measure"),
      Number("usage_threshold", &C::usage_threshold, 0, 1, "",
             "the published measure leaves out models that are not more accurate"),
      Whole("cold_start_cases", &C::cold_start_cases, 1, 1000000, "cases",
            "until so many have ended, ensembles are drawn at random, whatever they cost"),
      Whole("window_cases", &C::window_cases, 10, 10000, "cases",
            "the latest so many are replayed for strategy utility"),
      Number("latency_ms_max", &C::latency_ms_max, 1, 86400000, "ms",
             "strategy utility seats, and exploring tries, no model known to be slower "
             "(95th percentile); not set: no limit"),
      Number("cost_usd_max", &C::cost_usd_max, 0, 1000000, "USD",
             "strategy utility seats no set whose answers cost more, exploring tries none known "
             "to; not set: no limit"),
  };
  return options;
}

const std::vector<Option<GatewayConfig>>& GatewayOptions() {
  using C = GatewayConfig;
  static const std::vector<Option<C>> options = {
      Text(
          "http", &C::http, TextKind::kListenOrNot,
          "where HTTP listens: JSON API, FHIR, CDS Hooks; empty: nowhere. Beyond this machine only "
          "with TLS and tokens"),
      Text("mllp", &C::mllp, TextKind::kListenOrNot,
           "where HL7 v2 listens (MLLP); empty: nowhere. Beyond this machine only with TLS and "
           "mllp_client_ca"),
      Text("public_url", &C::public_url, TextKind::kHttpUrl,
           "how others reach it, for links; empty: as it listens"),
      Text("tls_cert_file", &C::tls_cert_file, TextKind::kPath,
           "certificate with its chain (PEM): TLS at both doors"),
      Text("tls_key_file", &C::tls_key_file, TextKind::kPath, "its key (PEM)"),
      Text("mllp_client_ca", &C::mllp_client_ca, TextKind::kPath,
           "authorities (PEM) of the certificates that HL7 senders must show; empty: none is asked "
           "for"),
      Text("tokens_file", &C::tokens_file, TextKind::kPath,
           "bearer tokens of HTTP clients, one `SHA256 ROLE NAME [SENDER ...]` a line, read again "
           "when it changes; empty: none is asked for"),
      Text("cases", &C::cases, TextKind::kMessageRule,
           "which messages start a case: MDM^T02, ORU, REF^I12, Bundle, * ...; empty: notes, "
           "referrals, Bundles"),
      Text("authorities", &C::authorities, TextKind::kPlain,
           "local names of those who give out patient ids (CX-4) that mean the same at every "
           "sender; others count within the facility (MSH-4); OIDs, UUIDs and URIs are the same "
           "everywhere"),
      Text("charset", &C::charset, TextKind::kHl7Charset,
           "of HL7 senders that do not state theirs (as in MSH-18); empty: ASCII or UTF-8"),
      Number("context_h", &C::context_h, 0, 8760, "h",
             "for so long what a feed said about a patient is joined to their cases"),
      Number("remember_h", &C::remember_h, 1, 720, "h",
             "for so long a message that comes again is known; at most council.retention_h"),
      Text("application", &C::application, TextKind::kHl7Name, "its own name in HL7 (MSH-3)"),
      Text("facility", &C::facility, TextKind::kHl7Name, "where it is, in HL7 (MSH-4)"),
      Text("receiver", &C::receiver, TextKind::kPlain,
           "HOST:PORT of the HL7 system that gets the results; empty: none does"),
      Choice("result_form", &C::result_form, {"ORU^R01", "MDM^T02"}, "what it gets"),
      Number("receiver_ack_s", &C::receiver_ack_s, 0.1, 3600, "s",
             "for so long its acknowledgement is waited for"),
      Whole("receiver_attempts_max", &C::receiver_attempts_max, 1, 1000, "",
            "times that it may say error (AE) before a result is set aside"),
      Text("receiver_ca_file", &C::receiver_ca_file, TextKind::kPath,
           "certificates to trust (PEM): TLS to the receiver; empty: none"),
      Whole("body_bytes_max", &C::body_bytes_max, 65536, 1 << 30, "bytes",
            "size of one HTTP body or HL7 message"),
      Whole("connections_max", &C::connections_max, 1, 60000, "", "connections at each door"),
      Number("request_s", &C::request_s, 1, 3600, "s", "for a request to arrive whole"),
      Number("idle_s", &C::idle_s, 1, 86400, "s", "for a connection without a request (HTTP)"),
      Text("cors_origins", &C::cors_origins, TextKind::kOrigin,
           "origins of browser pages that may call CDS Hooks, and change something where there are "
           "no "
           "tokens; \"*\": all; empty: none"),
      Text("fhir_servers", &C::fhir_servers, TextKind::kServer,
           "base URLs of FHIR servers that may be asked for what a CDS Hooks call lacks; empty: "
           "none"),
  };
  return options;
}

const std::vector<Option<SourceConfig>>& SourceOptions() {
  using C = SourceConfig;
  static const std::vector<Option<C>> options = {
      Text("application", &C::application, TextKind::kHl7Name, "sending application (MSH-3)"),
      Text("facility", &C::facility, TextKind::kHl7Name, "sending facility (MSH-4); empty: any"),
      Text("charset", &C::charset, TextKind::kHl7Charset,
           "its charset where it does not state one (as in MSH-18)"),
  };
  return options;
}

const std::vector<Option<CdsClientConfig>>& CdsClientOptions() {
  using C = CdsClientConfig;
  static const std::vector<Option<C>> options = {
      Text("issuer", &C::issuer, TextKind::kPlain, "who signs its tokens (iss)"),
      Text("jku", &C::jku, TextKind::kHttpUrl, "where its keys are; empty: in keys_file"),
      Text("keys_file", &C::keys_file, TextKind::kPath, "its keys, a JWK set"),
  };
  return options;
}

const std::vector<Option<LimitConfig>>& LimitOptions() {
  using C = LimitConfig;
  static const std::vector<Option<C>> options = {
      Text("name", &C::name, TextKind::kModel, "as backends name it; unique, and needed"),
      Whole("requests_per_minute", &C::requests_per_minute, 0, 10000000, "requests",
            "of all workers together; 0: no such limit"),
      Whole("tokens_per_minute", &C::tokens_per_minute, 0, 10000000000, "tokens",
            "the same, of prompts and completions; 0: no such limit"),
      Whole("concurrency", &C::concurrency, 0, 100000, "requests",
            "in flight at once, of all workers together; 0: no such limit"),
      Number("fallback_share", &C::fallback_share, 0.001, 1, "",
             "of all three, what one worker uses by itself while Redis does not answer"),
  };
  return options;
}

const std::vector<Option<BackendConfig>>& BackendOptions() {
  using C = BackendConfig;
  static const std::vector<Option<C>> options = {
      Text("model", &C::model, TextKind::kModel, "its name here; unique, and needed"),
      Choice("provider", &C::provider, {std::begin(kProviders), std::end(kProviders)},
             "how it is reached"),
      Choice("placement", &C::placement, {"local", "remote"}, "where it runs"),
      Whole("concurrency", &C::concurrency, 1, static_cast<std::int64_t>(limits::kSlotsMax),
            "requests", "requests in flight at one worker"),
      Whole("workers", &C::workers, 0, 64, "processes",
            "workers that `consilium up` starts for it"),
      Whole("attempts_max", &C::attempts_max, 1, 100, "", "calls of one task, the first included"),
      Whole("backoff_ms", &C::backoff_ms, 1, 3600000, "ms",
            "pause before the next attempt: random up to this, doubled with each attempt"),
      Whole("backoff_ms_max", &C::backoff_ms_max, 1, 86400000, "ms", "longest such pause"),
      Text("limits", &C::limits, TextKind::kModel, "names of the [[limit]]s that its calls keep"),
      Text("url", &C::url, TextKind::kHttpUrl,
           "base URL, e.g. http://127.0.0.1:8000/v1; needed by openai, else empty: the provider's"),
      Text("served_model", &C::served_model, TextKind::kPlain,
           "the provider's name for it; empty: as `model`"),
      Text("served_as", &C::served_as, TextKind::kPlain,
           "further names that a reply may report (an alias, a file); any other is wrong_model"),
      Text("api_key_env", &C::api_key_env, TextKind::kVariable,
           "environment variable with the API key; empty: none is sent"),
      Text("auth_header", &C::auth_header, TextKind::kPlain,
           "header that carries the key, e.g. api-key for Azure; empty: the provider's own"),
      Text("headers", &C::headers, TextKind::kHeader, "further headers of every request"),
      Text("body", &C::body, TextKind::kJson,
           "further fields of every request, e.g. reasoning_effort = \"low\""),
      Number("temperature", &C::temperature, 0, 2, "", "sampling temperature"),
      Whole("max_tokens", &C::max_tokens, 1, 1000000, "tokens",
            "longest reply to ask for, thinking included"),
      Choice("structured", &C::structured, {"schema", "tool", "json", "prompt"},
             "where the ladder of structured output starts; a rung that a server refuses or "
             "ignores is left for the next"),
      Flag("stream", &C::stream,
           "ask for the answer piece by piece, so that a stall is seen early"),
      Whole("connect_ms", &C::connect_ms, 1, 600000, "ms", "limit of connecting"),
      Whole("first_byte_ms", &C::first_byte_ms, 10, 3600000, "ms",
            "limit until an answer begins; queueing at the server and loading the model count"),
      Whole("stall_ms", &C::stall_ms, 10, 3600000, "ms",
            "limit without a byte once an answer has begun"),
      Whole("total_ms", &C::total_ms, 10, 3600000, "ms", "limit of one attempt"),
      Whole("reply_bytes_max", &C::reply_bytes_max, 1024, 67108864, "bytes",
            "longest reply to read"),
      Text("prompts", &C::prompts, TextKind::kPath,
           "folder of generate.txt and review.txt; empty: the ones that come with the program"),
      Text("ca_file", &C::ca_file, TextKind::kPath, "certificates to trust; empty: the system's"),
      Text("proxy", &C::proxy, TextKind::kPlain, "HTTP proxy; empty: none"),
      Flag("allow_plain_http", &C::allow_plain_http,
           "allow http:// to a host beyond private networks: cases then travel unencrypted"),
      Number("breaker_share", &C::breaker_share, 0.05, 1, "of the calls",
             "failed within a minute: further ones wait for a probe (at least 8 calls)"),
      Whole("breaker_pause_ms", &C::breaker_pause_ms, 10, 600000, "ms",
            "until the first probe; doubled while probes fail, at most a minute"),
      Number("usd_per_million_prompt", &C::usd_per_million_prompt, 0, 1000000, "USD",
             "price of prompt tokens; absent: cost unknown"),
      Number("usd_per_million_completion", &C::usd_per_million_completion, 0, 1000000, "USD",
             "price of completion tokens; absent: cost unknown"),
  };
  return options;
}

const std::vector<Option<SimulatedConfig>>& SimulatedOptions() {
  using C = SimulatedConfig;
  static const std::vector<Option<C>> options = {
      Text("knowledge", &C::knowledge, TextKind::kPath, "NDJSON file of what there is to know"),
      Number("skill", &C::skill, 0, 1, "",
             "probability of knowing a case, per specialty; \"default\" for all others"),
      Number("review_skill", &C::review_skill, 0, 1, "",
             "the same for recognising the right answer as a reviewer; no value: as skill"),
      Text("blind_spots", &C::blind_spots, TextKind::kPlain,
           "specialties in which it takes, as a reviewer, the first wrong answer for right"),
      Number("latency_ms_median", &C::latency_ms_median, 0, 3600000, "ms",
             "of a log-normal latency"),
      Number("latency_sigma", &C::latency_sigma, 0, 5, "", "deviation of the latency's logarithm"),
      Number("grading_noise", &C::grading_noise, 0, 1, "", "deviation of its grades"),
      Text("group", &C::group, TextKind::kPlain,
           "models of one group know and err together, whatever their seeds; empty: none"),
      Number("group_share", &C::group_share, 0, 1, "", "share of the cases in which they do so"),
      Number("fault_error", &C::fault_error, 0, 1, "", "share of calls that fail"),
      Number("fault_timeout", &C::fault_timeout, 0, 1, "", "share of calls that time out"),
      Number("fault_refuse", &C::fault_refuse, 0, 1, "", "share of calls that it refuses"),
      Number("fault_malformed", &C::fault_malformed, 0, 1, "", "share of replies that are garbage"),
      Number("fault_rate_limit", &C::fault_rate_limit, 0, 1, "",
             "share of calls told to come later"),
      Whole("seed", &C::seed, 0, kBiggest, "", "of all its chances"),
  };
  return options;
}

const std::vector<Option<ReplayConfig>>& ReplayOptions() {
  using C = ReplayConfig;
  static const std::vector<Option<C>> options = {
      Text("answers", &C::answers, TextKind::kPath, "JSONL file of recorded answers"),
      Number("latency_scale", &C::latency_scale, 0, 1000, "",
             "1 = as slow as recorded, 0 = at once"),
  };
  return options;
}

}  // namespace consilium
