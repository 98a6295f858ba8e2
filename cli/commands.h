// The commands of `consilium`, each with what its flags say. A command does its work, says what
// there is to say and returns the exit code (output.h).
//
// Threads: one; signals are polled (StopSignals), so that Ctrl-C always gets an answer.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "cli/locate.h"
#include "cli/read_cases.h"

namespace consilium {

struct UpOptions {
  std::string config;
  std::string data = kDefaultDataFolder;
  std::string ready_file;
};
int RunUp(const UpOptions& options);

// What all commands that ask a broker have in common.
struct AskOptions {
  ClusterOptions cluster;
  bool json = false;
  std::optional<double> timeout_s;
};

struct SubmitOptions {
  AskOptions ask;
  std::string file;
  CaseOverrides overrides;
  bool no_wait = false;
  bool skip_bad = false;
};
int RunSubmit(const SubmitOptions& options);

// Files of messages into a gateway.
struct FeedOptions {
  std::vector<std::string> paths;
  std::string mllp;    // "HOST:PORT"; "" = none
  std::string http;    // URL; "" = none
  std::string format;  // "" = told by the content
  bool as_mdm = false;
  double rate = 0;  // messages a second; 0 = as fast as they are taken
  std::int64_t connections = 1;
  std::optional<std::int64_t> retries;  // without an answer
  std::optional<double> timeout_s;      // for an answer; as the door takes
  std::int64_t repeat = 1;              // passes
  bool follow = false;
  std::string state;  // file; "" = none
  std::string token_env;
  std::string ca_file;
  bool json = false;
};
int RunFeed(const FeedOptions& options);

struct ShowOptions {
  AskOptions ask;
  std::string id;
};
int RunShow(const ShowOptions& options);

struct CasesOptions {
  AskOptions ask;
  std::string state;  // filters; "" = any
  std::string source;
  std::string kind;
  std::string after;  // cursor
  std::int64_t limit = 50;
};
int RunCases(const CasesOptions& options);

struct CancelOptions {
  AskOptions ask;
  std::vector<std::string> ids;
  bool withdraw = false;  // also those that have ended
  std::string reason;     // "" = on request
};
int RunCancel(const CancelOptions& options);

struct OutcomeOptions {
  AskOptions ask;
  std::string id;
  std::string by = "cli";
  std::vector<std::string> medications;  // empty: not said
  bool no_medication = false;
  bool accept = false;
  std::optional<std::string> override_reason;
  std::optional<std::int64_t> revision;  // absent: the last
};
int RunOutcome(const OutcomeOptions& options);

struct WatchOptions {
  AskOptions ask;
  bool from_start = false;
  std::optional<std::int64_t> count;
};
int RunWatch(const WatchOptions& options);

int RunStatus(const AskOptions& options);

// Which dead letters: by id, or all that the filters leave.
struct DeadOptions {
  AskOptions ask;
  std::vector<std::string> ids;
  std::string model;  // filters; "" = any
  std::string case_id;
  std::string code;
  std::string after;  // list: cursor
  std::int64_t limit = 50;
  bool count = false;  // list: only how many, by model and code
  bool all = false;    // requeue, purge
  bool yes = false;    // ... without asking
};
int RunDeadList(const DeadOptions& options);
int RunDeadShow(const DeadOptions& options);
int RunDeadRequeue(const DeadOptions& options);
int RunDeadPurge(const DeadOptions& options);

struct DrainOptions {
  AskOptions ask;
  double limit_s = 60;  // for results of workers
  bool undo = false;
};
int RunDrain(const DrainOptions& options);

// What commands that read a recorded history have in common.
struct HistoryOptions {
  std::string file;                 // CSV, or "-"
  std::optional<std::string> task;  // of the file; default the one with the most rows
  std::string tasks = "near";       // or "exact"
  std::string profile = "best";     // or "mean"
};

// What a running cluster has learned.
struct LiveChemistryOptions {
  AskOptions ask;
  std::string kind;    // "" = the first configured one
  std::string svg;     // file to draw to; "" = none
  std::string svg_of;  // "synergy" or "chemistry"
  bool rebuild = false;
};
int RunLiveChemistry(const LiveChemistryOptions& options);

struct EnsemblesOptions {
  AskOptions ask;
  std::string kind;  // "" = all
};
int RunEnsembles(const EnsemblesOptions& options);

struct TrustOptions {
  AskOptions ask;
  std::string kind;  // "" = all
};
int RunTrust(const TrustOptions& options);

struct ImportOptions {
  AskOptions ask;
  HistoryOptions history;  // profiles play no part
  std::string kind;        // as which it is learned; "" = the first configured one
};
int RunImport(const ImportOptions& options);

struct ExportOptions {
  AskOptions ask;
  std::string folder;
  std::string kind;  // of the matrix; "" = the first configured one
};
int RunExport(const ExportOptions& options);

// Of profiles, of a history, or of a running cluster when neither is given.
struct ChemistryOptions {
  LiveChemistryOptions live;  // what is said there about JSON and drawing holds for all
  std::string profiles;       // JSON, or "-"
  HistoryOptions history;
  std::optional<std::string> variant;  // default "published"
  std::optional<double> usage_threshold;
};
int RunChemistry(const ChemistryOptions& options);

struct RecommendOptions {
  HistoryOptions history;
  bool json = false;
  std::string strategy = "chemistry";
  std::optional<std::int64_t> size;
  std::uint64_t seed = 1;             // of strategy random
  std::string variant = "published";  // of strategy chemistry, as are alpha and beta
  double alpha = 0.5;
  double beta = 0.5;
  std::vector<std::string> local;  // models that run locally; default as the history shows
  std::optional<double> latency_ms_max;
  std::optional<double> cost_usd_max;
};
int RunRecommend(const RecommendOptions& options);

struct RankOptions {
  HistoryOptions history;
  bool json = false;
  std::vector<std::int64_t> k = {3, 5, 10};
};
int RunRank(const RankOptions& options);

// Strategies on held-out halves of a recorded history.
struct EvalOptions {
  AskOptions ask;  // of a running cluster; its `json` holds for all
  HistoryOptions history;
  // Recorded answers instead of a history: a matrix, or vignettes with answers; "" = none.
  std::string matrix;
  std::string vignettes;
  std::string answers;
  bool live = false;                // vignettes are put to a running cluster
  std::vector<std::int64_t> sizes;  // empty: 3, 5, 10, and 1 with a matrix
  std::int64_t splits = 20;
  std::uint64_t seed = 1;
  std::string csv;  // file for the figures of every split, or policy; "" = none
  // Of recorded answers.
  std::int64_t folds = 10;
  std::int64_t repeats = 3;
  std::int64_t draws = 1000;
  double risk_target = 0.01;
  std::string models;  // file of placements and prices; "" = none
  std::string report;  // file for the page; "" = none
  // Of a running cluster.
  std::string run;   // name; "" = drawn
  std::string save;  // file for the answers; "" = none
  std::string strategy = "all";
  std::optional<double> deadline_s;
  std::int64_t at_once = 32;  // cases before the cluster
};
int RunEval(const EvalOptions& options);
int RunEvalAnswers(const EvalOptions& options);

struct ConsensusFileOptions {
  std::string file;
  bool json = false;
};
int RunConsensus(const ConsensusFileOptions& options);

struct DoctorOptions {
  std::string config;
  std::string data;                   // of a running `consilium up`; "" = the default
  std::vector<std::string> backends;  // models; empty = all
  bool no_calls = false;
  std::optional<double> timeout_s;  // of each call
  bool json = false;
};
int RunDoctor(const DoctorOptions& options);

struct KeysNewOptions {
  std::string name;
  std::string role = "client";
  std::string folder = "keys";
  bool json = false;
};
int RunKeysNew(const KeysNewOptions& options);
int RunKeysShow(const std::string& file, bool json);

struct KeysTokenOptions {
  std::string name;
  std::string role;
  std::vector<std::string> senders;  // none: it speaks for anybody
  std::string file;                  // to append the line to; "" = it is only printed
  bool json = false;
};
int RunKeysToken(const KeysTokenOptions& options);

int RunConfigCheck(const std::string& file, bool json);
int RunConfigOptions(bool json);
int RunVersion(bool json);

struct HealthOptions {
  std::string file;
  bool alive_only = false;
  bool json = false;
};
int RunHealth(const HealthOptions& options);

struct DemoOptions {
  std::string cases;  // "" = the shipped vignettes
  double seconds = 60;
};
int RunDemo(const DemoOptions& options);

}  // namespace consilium
