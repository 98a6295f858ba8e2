// For operators: dead, drain.

#include "cli/flags.h"

namespace consilium {
namespace {

void AddFilters(CLI::App* command, DeadOptions& options) {
  command->add_option("--model", options.model, "only tasks of this model");
  command->add_option("--case", options.case_id, "only tasks of this case")->type_name("ID");
  command->add_option("--code", options.code, "only those whose last error has this code");
  AddAsk(command, options.ask, "limit of each question (default 10)");
}

}  // namespace

void AddDead(CommandLine& line) {
  auto& options = line.Keep<DeadOptions>();
  CLI::App* dead = line.Group("dead", "Look at dead letters: tasks that are not tried again");
  CLI::App* list = line.Command(*dead, "list", "List them, oldest first",
                                "consilium dead list --model gpt-4o --code worker_lost",
                                [&options] { return RunDeadList(options); });
  list->add_option("--limit", options.limit, "at most so many")
      ->capture_default_str()
      ->check(Between(1, 1000000));
  list->add_option("--after", options.after, "go on after this one")->type_name("LETTER");
  list->add_flag("--count", options.count, "only count them, by model and code");
  AddFilters(list, options);
  CLI::App* show = line.Command(*dead, "show", "Show one with all its errors",
                                "consilium dead show 0:1764254400000-0",
                                [&options] { return RunDeadShow(options); });
  show->add_option("letter", options.ids, "its id in the list")->required()->expected(1);
  AddAsk(show, options.ask, "limit of the question (default 10)");
  const auto add_many = [&options](CLI::App* command, const char* all) {
    CLI::Option* ids = command->add_option("letter", options.ids, "ids in the list");
    command->add_flag("--all", options.all, all)->excludes(ids);
    command->add_flag("--yes", options.yes, "with --all: do not ask");
    AddFilters(command, options);
  };
  add_many(line.Command(*dead, "requeue", "Put them back into their lanes, as if they were new",
                        "consilium dead requeue --all --model gpt-4o",
                        [&options] { return RunDeadRequeue(options); }),
           "all that the filters leave");
  add_many(line.Command(*dead, "purge", "Remove them from the list for good",
                        "consilium dead purge 0:1764254400000-0",
                        [&options] { return RunDeadPurge(options); }),
           "all that the filters leave, as of now");
}

void AddDrain(CommandLine& line) {
  auto& options = line.Keep<DrainOptions>();
  CLI::App* drain = line.Command(
      "drain", "Let a broker end its work before it is stopped, and wait for that",
      "consilium drain --broker tcp://127.0.0.1:7300 --limit 120\n"
      "  consilium drain --undo\n\n"
      "It refuses new cases, hands out no more tasks and waits for results; what is left then\n"
      "goes to other brokers. It stays up, drained. SIGTERM to its process does the same within\n"
      "broker.drain_ms and ends it. A worker is drained by SIGTERM to its process.",
      [&options] { return RunDrain(options); });
  drain->add_option("--limit", options.limit_s, "how long it waits for results of workers")
      ->type_name("SECONDS")
      ->capture_default_str()
      ->check(Between(0.0, 86400.0));
  drain->add_flag("--undo", options.undo, "let it work again");
  AddAsk(drain, options.ask, "limit of each question (default 10)");
}

}  // namespace consilium
