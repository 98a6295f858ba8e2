// The nouns of design.md section 1 as plain data: what a case is, what a model answers, what comes
// out.
//
// Every struct here has one list of its fields (shared/fields.h); MessagePack on the bus and in
// Redis and JSON for people are both made from that list, so a field has one name everywhere.
// Unless a comment says otherwise: text is UTF-8, times are Unix milliseconds by Redis' clock,
// latencies are milliseconds, grades, supports and probabilities are in [0, 1]. An absent optional
// means "not known"; nothing is ever filled in.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace consilium {

// --- what comes in
// ---------------------------------------------------------------------------------

struct Patient {
  std::optional<double> age;       // years
  std::optional<std::string> sex;  // as stated: "female", "male", ...
  std::vector<std::string> allergies;
  std::vector<std::string> medications;
  std::optional<bool> pregnant;
  std::optional<double> egfr;  // mL/min/1.73 m2
  std::optional<double> weight_kg;
};

// All that a model may see of a case. Gold answers live elsewhere (CaseRequest), so they cannot
// leak.
struct Vignette {
  std::string text;
  std::optional<std::string> question;
  std::map<std::string, std::string> options;  // closed choice: letter -> text; empty = open
  Patient patient;
};

// A case as a client submits it. `id` is also the idempotency key.
struct CaseRequest {
  std::string id;  // ids.h: 1..128 of [A-Za-z0-9._:-]
  Vignette vignette;
  std::string source;                   // which door or feed; free text of at most 64 bytes
  std::optional<std::string> kind;      // of task, council.kinds; default the first of these
  std::optional<double> deadline_s;     // since acceptance; default and bounds in configuration
  std::optional<std::string> strategy;  // kAll, kRandom, ... (config.h); default in configuration
  std::optional<std::int64_t> ensemble_size;  // default in configuration
  std::vector<std::string> models;            // for strategy "named"
  // Kept for scoring and never sent to a worker. Absent = not known; {} = "no medication" is right.
  std::optional<std::vector<std::string>> gold_medications;
};

// --- what models say
// -------------------------------------------------------------------------------

struct Medication {
  std::string ingredient;  // as the model named it; normalised only by the aggregator
  std::string dose;        // "500", "5-10", "" = not stated; likewise below
  std::string unit;
  std::string route;
  std::string frequency;
  std::string duration;
  std::string indication;
};

struct Answer {
  std::vector<Medication> medications;  // {} = "no medication needed", a valid answer
  std::optional<std::string> option;    // the letter chosen, in closed choice
  std::string rationale;
  std::string cautions;
  std::optional<double> confidence;  // the model's own claim; shown, never used in the decision
};

// One reviewer's score of one answer, under the label that this reviewer saw.
struct Grade {
  std::string label;
  double grade = 0.0;
  std::string comment;
  bool harm = false;  // the reviewer warns of serious harm
};

// How one task ended. Each is a state of its own; only kOk carries an answer or grades.
enum class OutcomeStatus { kOk, kRefused, kMalformed, kTimedOut, kRateLimited, kError };
inline constexpr const char* kOutcomeStatusNames[] = {"ok",        "refused",      "malformed",
                                                      "timed_out", "rate_limited", "error"};

struct Usage {
  std::optional<std::int64_t> prompt_tokens;
  std::optional<std::int64_t> completion_tokens;
  std::optional<double> cost_usd;  // absent = unknown, never 0
};

// How a real model was asked.
struct CallParameters {
  std::optional<double> temperature;       // absent: the model takes none
  std::optional<std::int64_t> max_tokens;  // absent: no real model was asked
  std::string structured;                  // rung of the ladder: "schema", "tool", "json", "prompt"
  std::int64_t requests = 0;  // of this attempt; more than 1 after a refused parameter or a repair
  bool repaired = false;      // the first reply could not be used and was questioned
};

struct Outcome {
  OutcomeStatus status = OutcomeStatus::kError;
  std::string code;  // stable word for programs: "http_500", "stalled", "schema_mismatch", ...
  std::string text;  // for people; never case text or an answer
  std::optional<Answer> answer;  // generate, ok
  std::vector<Grade> grades;     // review, ok
  Usage usage;                   // of all requests of the attempt
  CallParameters parameters;
  double latency_ms = 0.0;  // of the attempt that ended the task, as the worker saw it
  std::string provider;     // one of kProviders
  std::string model_asked;
  std::string model_served;    // as the provider reports it; "" = not reported
  std::string prompt_version;  // of the prompt template, for people; "" where there is none
  std::string prompt_hash;     // SHA-256 hex of it
  std::string worker;
  bool simulated = false;  // no real model answered: shown wherever the result is shown
  bool retryable = false;  // the worker's judgement; the queue decides whether and when
  std::optional<std::int64_t> retry_after_ms;  // the provider's wish
};

// --- tasks
// -----------------------------------------------------------------------------------------

enum class Stage { kGenerate, kReview };
inline constexpr const char* kStageNames[] = {"generate", "review"};

// One unit of paid work. Effects are stored once under its ref "case|stage|round|model".
// Generate has round 1. Review round r > 1 covers answers that came after round r-1 was asked.
struct TaskId {
  std::string case_id;
  Stage stage = Stage::kGenerate;
  std::int64_t round = 1;
  std::string model;

  friend bool operator==(const TaskId&, const TaskId&) = default;
};

// An answer as one reviewer sees it: a label and the coded medications, no author.
struct LabelledAnswer {
  std::string label;
  Answer answer;  // rationale with self-identifying phrases removed
};

// What a review task carries besides the vignette. `authors` stays in Redis (label -> model, in the
// order shown); the wire to the worker has only `answers`.
struct ReviewPacket {
  std::vector<LabelledAnswer> answers;  // in the order this reviewer sees them
};

// --- what comes out
// --------------------------------------------------------------------------------

enum class CaseState {
  kAccepted,
  kGenerating,
  kReviewing,
  kComplete,      // all the answers and grades that were asked for
  kDegraded,      // decided on what arrived by the deadline
  kInsufficient,  // too little, or too little agreement: the council abstains
  kFailed,        // nothing usable
  kCancelled,
};
inline constexpr const char* kCaseStateNames[] = {"accepted", "generating", "reviewing",
                                                  "complete", "degraded",   "insufficient",
                                                  "failed",   "cancelled"};
constexpr bool IsFinal(CaseState state) { return state >= CaseState::kComplete; }

// One cluster of answers with the same ingredient set.
struct Candidate {
  std::vector<std::string> ingredients;  // normalised, sorted; {} = no medication
  bool known = true;                     // false: a name the medication table does not have
  double support = 0.0;
  // That it is right, before calibration; absent where the track record cannot be used.
  std::optional<double> probability;
  std::vector<std::string> models;    // authors, sorted
  std::optional<double> grade;        // best consensus grade in the cluster
  std::optional<std::string> option;  // the option its best answer chose
  std::optional<bool> right;          // its ingredients are the gold's; absent when none came
};

// How far the answers of the winning cluster agree on one field ("dose", "route", ...).
struct FieldAgreement {
  std::string field;
  double agreement = 0.0;  // share of the cluster's answers that state the recommended value
  std::vector<std::string> values;  // the distinct values stated, most frequent first
};

struct SafetyFlag {
  std::string code;      // "allergy", "interaction", ...
  std::string severity;  // "info", "caution", "high", "contraindicated"
  std::vector<std::string> ingredients;
  std::string text;
  std::string rule;  // the table row it comes from
};

// A model that was asked and did not (usably) answer, or whose answer counts for less, and why.
struct Absence {
  std::string model;
  std::string stage;
  std::string why;   // outcome status, "late", "no_worker", "waiting", "running"
  std::string text;  // for people
};

struct ModelResult {
  std::string model;
  std::string stage_status;  // "ok" or why not, as in Absence
  bool simulated = false;
  std::vector<std::string> ingredients;  // normalised
  std::optional<double> grade;           // consensus grade of its answer
  std::optional<double> grade_variance;
  std::optional<double> reliability;  // as a reviewer in this case
  std::int64_t grades_received = 0;
  std::optional<double> latency_ms;
  // Of its usable answer; absent when it gave none, or none that counts.
  std::optional<std::int64_t> candidate;  // index in Recommendation::candidates
  std::optional<double> weight;           // r of docs/decision.md, [0, 1]
  std::optional<double> score;            // what it adds to its candidate's, by the track record
  std::string model_served;               // as the provider reported it; "" = not reported
  std::optional<double> cost_usd;         // of its answer
};

// Compared with the gold that came with the case; absent when none came.
struct Score {
  bool exact = false;    // ingredient sets equal
  double jaccard = 0.0;  // |R and G| / |R or G|; 1 when both are empty
};

// How much a model's vote for an answer counts, learned together with those of the others.
struct VoteWeight {
  std::string model;
  std::string version;  // that served it; "" = not reported
  double weight = 0.0;  // log odds, >= 0
  std::int64_t cases = 0;
};

// A step of a calibration: what was given this probability was right with that confidence.
struct CalibrationKnot {
  double raw = 0.0;
  double confidence = 0.0;
};

// What the known outcomes of earlier cases teach about trusting the council. Made by
// aggregator/council/track_record.h; confidence.h there says how it is used, and when it is not.
struct TrackRecord {
  std::string kind;               // of task
  std::string rules;              // of the decision that it was made for
  bool reviewed = true;           // of councils whose answers are graded
  std::int64_t cases = 0;         // whose right answer is known
  std::int64_t needed = 0;        // below so many the votes have no weights
  std::int64_t simulated = 0;     // of `cases`, with a simulated or replayed model
  std::vector<VoteWeight> votes;  // by model; those with too few cases do not count
  std::optional<double> support;  // weight of the support; absent where not reviewed
  std::string calibration;        // "identity", "platt", "isotonic"; "" = not calibrated
  double a = 1.0;                 // Platt's
  double b = 0.0;
  std::vector<CalibrationKnot> knots;  // isotonic
  double risk_target = 0.0;            // share of recommendations that may be wrong
  std::int64_t risk_needed = 0;        // below so many cases the target cannot be judged
  // The lowest confidence that keeps it; absent: none does. Of the cases at least so sure (or of
  // those that come nearest) there were so many, and so many of them were wrong.
  std::optional<double> confidence_min;
  std::int64_t answered = 0;
  std::int64_t wrong = 0;
};

struct Recommendation {
  std::string case_id;
  std::int64_t revision = 1;  // 1 = the first published
  CaseState status = CaseState::kFailed;
  std::string reason;  // one sentence for people; says why when not complete
  std::vector<Medication>
      medications;  // the best answer of the best cluster; empty when abstaining
  std::vector<std::string> ingredients;  // normalised set of the above
  bool no_medication = false;            // the recommendation is to give none
  std::optional<std::string> option;
  std::optional<double> support;  // of the winning cluster, also when abstaining
  std::optional<double>
      confidence;  // calibrated probability; absent until enough outcomes are known
  std::string confidence_note;
  // What it was decided by, of the models that were seated, also where it did not apply; absent
  // while there was none. With it the decision can be made again from the record.
  std::optional<TrackRecord> track_record;
  std::string rationale;  // of the best answer, as its model wrote it
  std::string cautions;
  std::vector<Candidate> candidates;  // all clusters, best first
  std::vector<FieldAgreement> agreement;
  std::vector<std::string> dissent;  // sentences: who disagreed, on what, lone harm warnings
  std::vector<SafetyFlag> safety;
  std::vector<Absence> missing;
  std::vector<ModelResult> models;          // the ensemble, in seated order
  std::vector<ModelResult> reviewers_only;  // idle models that graded
  bool simulated = false;                   // at least one simulated or replayed model took part
  std::optional<Score> score;
  std::string medication_table;  // version (digest) of the table it was decided with
  // Not part of the decision; differ from run to run.
  std::int64_t accepted_ms = 0;
  std::int64_t decided_ms = 0;
  std::int64_t calls = 0;  // outcomes received
  Usage usage;             // sums of what is known
};

// --- what was right
// ---------------------------------------------------------------------------------

// What somebody says was right, after a case ended. An Outcome is something else: the end of a
// task.
enum class CaseOutcomeVerdict {
  kAccepted,    // what was recommended is right
  kOverridden,  // it is not, and something else was given
  kStated,      // what is right, whatever was recommended
};
inline constexpr const char* kCaseOutcomeVerdictNames[] = {"accepted", "overridden", "stated"};

struct CaseOutcome {
  std::string by;  // who says so: 1..64 bytes, not kGoldVoice
  CaseOutcomeVerdict verdict = CaseOutcomeVerdict::kStated;
  // What was right, as named; {} = to give none. Absent: not known, or what was recommended.
  std::optional<std::vector<std::string>> medications;
  std::string reason;         // free text of a clinician; never logged
  std::int64_t revision = 0;  // of the recommendation that it speaks about; 0 = of none
  std::int64_t at_ms = 0;
};

// The latest that one of those says who know, in the terms of the medication table.
struct OutcomeVoice {
  std::string by;
  std::optional<CaseOutcomeVerdict> verdict;      // absent: the gold that came with the case
  std::optional<std::vector<std::string>> right;  // this set is right ...
  std::optional<std::vector<std::string>> wrong;  // ... or all that is known: this one is wrong
  std::optional<std::string> option;              // of a closed choice, beside the set
};
inline constexpr const char* kGoldVoice = "gold";

enum class KnownStatus {
  kRight,
  kWrong,          // only that what was recommended is wrong
  kContradictory,  // nothing is learned about who was right
};
inline constexpr const char* kKnownStatusNames[] = {"right", "wrong", "contradictory"};

// What all voices of a case together say.
struct KnownRight {
  KnownStatus status = KnownStatus::kRight;
  std::vector<OutcomeVoice> voices;
  std::int64_t outcomes = 0;  // of the case, that it was made of
};

// --- what is learned from
// ---------------------------------------------------------------------------

// One model's usable answer in an ended case, as chemistry sees it.
struct EvidenceAnswer {
  std::string model;
  std::string version;          // the model that served it; "" = not reported
  std::string key;              // answers of one case with the same key mean the same
  double weight = 1.0;          // r of docs/decision.md, [0, 1]
  std::optional<double> grade;  // consensus grade, [0, 1]; absent: nobody graded it
  // What it adds to the score of its key, where the council ranks by its track record.
  std::optional<double> score;
  std::optional<bool> right;          // by what is known to be right; absent: not known
  std::optional<double> reliability;  // of the model as a reviewer in this case, [0, 1]
  std::optional<double> latency_ms;
  std::optional<double> cost_usd;

  friend bool operator==(const EvidenceAnswer&, const EvidenceAnswer&) = default;
};

// What one ended case says about its models, without any clinical content. Missing answers are not
// here: a model that was slow or refused is no evidence about its knowledge.
struct CaseEvidence {
  std::string case_id;
  std::string kind;  // of task; one matrix per kind
  std::string source;
  std::string strategy;
  std::int64_t decided_ms = 0;
  std::vector<std::string> seated;      // the ensemble
  std::vector<EvidenceAnswer> answers;  // by model, each once
  bool simulated = false;
  std::int64_t options = 0;  // that a closed choice had; 0 = open, or not known

  friend bool operator==(const CaseEvidence&, const CaseEvidence&) = default;
};

// One line of the evidence stream. A revision, or an outcome that came later, takes the place of
// what the case said before.
struct EvidenceLine {
  CaseEvidence evidence;
  std::optional<CaseEvidence> replaces;
};

}  // namespace consilium
