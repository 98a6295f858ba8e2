// Cases: submit, outcome, cancel, show, cases, watch, status.

#include "cli/flags.h"
#include "shared/config.h"

namespace consilium {

void AddSubmit(CommandLine& line) {
  auto& options = line.Keep<SubmitOptions>();
  CLI::App* submit =
      line.Command("submit", "Submit cases and print the recommendations as they come",
                   "consilium submit note.txt\n  consilium submit --json cases.ndjson > out.ndjson",
                   [&options] { return RunSubmit(options); });
  submit
      ->add_option("file", options.file,
                   "plain text (one case), JSON or NDJSON; - reads standard input")
      ->required();
  CaseOverrides& over = options.overrides;
  submit->add_option("--id", over.id, "id of the one case (default: from its content)");
  submit->add_option("--strategy", over.strategy, "which models answer (see docs/configuration.md)")
      ->check(OneOf(kStrategies));
  submit->add_option("--size", over.size, "how many models answer")->check(AboveZero());
  OneEach(
      submit->add_option("--models", over.models, "these models answer, e.g. gpt-4o,llama3.3:70b"))
      ->delimiter(',');
  submit->add_option("--deadline", over.deadline_s, "decide at the latest after this")
      ->type_name("SECONDS")
      ->check(AboveZero());
  submit->add_flag("--no-wait", options.no_wait, "print the accepted ids and do not wait");
  submit->add_flag("--skip-bad", options.skip_bad,
                   "submit the good cases of a file that has bad ones too");
  AddAsk(submit, options.ask, "give up waiting after this (default: no limit)");
}

void AddOutcome(CommandLine& line) {
  auto& options = line.Keep<OutcomeOptions>();
  CLI::App* outcome = line.Command(
      "outcome", "Say what was right in a case that has ended; it is learned from",
      "consilium outcome case-0123456789abcdef --accept\n"
      "  consilium outcome case-0123456789abcdef --medications amoxicillin,ibuprofen\n"
      "  consilium outcome case-0123456789abcdef --override \"rash on penicillin\" \\\n"
      "      --medications doxycycline\n\n"
      "All outcomes of a case are kept. Of the same --by the latest counts; those who\n"
      "disagree make the case contradictory, and who was right is not learned from it.",
      [&options] { return RunOutcome(options); });
  outcome->add_option("case", options.id, "id of the case")->required();
  CLI::Option* accept =
      outcome->add_flag("--accept", options.accept, "the recommended medications were right");
  CLI::Option* given =
      OneEach(outcome->add_option("--medications", options.medications, "these were right"))
          ->type_name("A,B")
          ->delimiter(',')
          ->excludes(accept);
  outcome->add_flag("--no-medication", options.no_medication, "to give none was right")
      ->excludes(accept)
      ->excludes(given);
  outcome
      ->add_option("--override", options.override_reason,
                   "the recommended were not given, and why; alone or with what was given instead")
      ->type_name("REASON")
      ->excludes(accept);
  outcome
      ->add_option("--revision", options.revision,
                   "which --accept or --override is about (default: the last)")
      ->check(AboveZero());
  outcome->add_option("--by", options.by, "who says so")->capture_default_str();
  AddAsk(outcome, options.ask, "limit of each question (default 10)");
}

void AddCancel(CommandLine& line) {
  auto& options = line.Keep<CancelOptions>();
  CLI::App* cancel =
      line.Command("cancel", "Cancel cases that have not ended, or withdraw what ended ones said",
                   "consilium cancel case-0123456789abcdef\n"
                   "  consilium cancel case-0123456789abcdef --withdraw --reason retracted",
                   [&options] { return RunCancel(options); });
  cancel->add_option("case", options.ids, "ids of cases")->required();
  cancel->add_flag("--withdraw", options.withdraw,
                   "also one that has ended: a revision without medications says so wherever it "
                   "is shown");
  cancel
      ->add_option("--reason", options.reason,
                   "why, at most 200 bytes, published: nothing of a patient")
      ->type_name("TEXT");
  AddAsk(cancel, options.ask, "limit of each question (default 10)");
}

void AddShow(CommandLine& line) {
  auto& options = line.Keep<ShowOptions>();
  CLI::App* show =
      line.Command("show", "Explain one case: answers, grades, dissent, absences",
                   "consilium show case-0123456789abcdef", [&options] { return RunShow(options); });
  show->add_option("case", options.id, "id of the case")->required();
  AddAsk(show, options.ask, "limit of the question (default 10)");
}

void AddCases(CommandLine& line) {
  auto& options = line.Keep<CasesOptions>();
  CLI::App* cases = line.Command("cases", "List the cases that there are, the newest first",
                                 "consilium cases --state cancelled --limit 20\n"
                                 "  consilium cases --source hl7 --json",
                                 [&options] { return RunCases(options); });
  cases->add_option("--state", options.state, "only those in this state, e.g. complete")
      ->check(OneOf(kCaseStateNames));
  cases->add_option("--source", options.source,
                    "only those that came that way: hl7, fhir, http; or one with who");
  cases->add_option("--kind", options.kind, "only those of this kind of task");
  cases->add_option("--limit", options.limit, "at most so many")
      ->capture_default_str()
      ->check(Between(1, 1000000));
  cases->add_option("--after", options.after, "go on from here")->type_name("CURSOR");
  AddAsk(cases, options.ask, "limit of each question (default 10)");
}

void AddWatch(CommandLine& line) {
  auto& options = line.Keep<WatchOptions>();
  CLI::App* watch = line.Command("watch", "Print recommendations as they are published",
                                 "consilium watch --from-start --count 10",
                                 [&options] { return RunWatch(options); });
  watch->add_flag("--from-start", options.from_start, "begin with the oldest that is kept");
  watch->add_option("--count", options.count, "stop after so many")->check(AboveZero());
  AddAsk(watch, options.ask, "stop after this (default: no limit)");
}

void AddStatus(CommandLine& line) {
  auto& options = line.Keep<AskOptions>();
  CLI::App* status = line.Command("status", "Show what the cluster is doing", "consilium status",
                                  [&options] { return RunStatus(options); });
  AddAsk(status, options, "limit of the question (default 10)");
}

}  // namespace consilium
