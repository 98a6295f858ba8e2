// Cases made by a seed, and a cluster of simulated models of which one pair works well together and
// one badly, for tests of what is learned about models.
//
// Three kinds of case (specialties), each with a reason why pairs matter or do not:
// - "lookalike" (44 %): one tempting wrong answer. All who do not know give it, and all reviewers
//   are blind to it: they grade it 0.92 and the right one 0.80, so a single right voice loses to a
//   single wrong one, and two right voices win. Only sim-syn-a and sim-syn-b know these cases: each
//   is worth something only with the other. Their synergy is positive.
// - "rare" (42 %): four wrong answers, and reviewers see the truth, so one right voice overturns
//   any others. Only sim-ant-a and sim-ant-b know these cases, the same ones (group "twins"): who
//   has one gains nothing by the other. Their synergy is negative.
// - "routine" (the rest): most models know most of it, each on its own.
// The four others, sim-c to sim-f, are independent and equal. The best council of three is both of
// the first pair with one of the second.
#pragma once

#include <cstdint>
#include <string>

namespace consilium {

struct SyntheticOptions {
  int cases = 300;
  std::uint64_t seed = 1;
  int first = 1;  // number of the first one; a case follows from (seed, number) alone
};

// NDJSON in the form of configs/demo/vignettes.jsonl, one right medication each; ids
// "syn-<seed>-0001" and so on.
std::string SyntheticCases(const SyntheticOptions& options);

struct SyntheticClusterOptions {
  std::string knowledge;  // path of a file with all cases that will be asked
  std::uint64_t seed = 1;
  int ensemble = 5;
  std::string strategy = "random";
  double latency_ms = 1;
  std::string ensemble_more;  // lines for the [ensemble] table
  std::string council;        // lines for the [council] table beyond deadline_s and support_min
  std::string sections;       // further sections, e.g. [broker] and [chemistry]
};

// The TOML of the eight models. The council recommends from a support of 0.3: five models divide it
// more than three do.
std::string SyntheticCluster(const SyntheticClusterOptions& options);

}  // namespace consilium
