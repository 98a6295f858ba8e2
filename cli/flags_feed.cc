// Messages into a gateway: feed.
#include <charconv>
#include <string>

#include "cli/feed/feed_format.h"
#include "cli/flags.h"
#include "shared/text.h"

namespace consilium {
namespace {

// "50", "50/s", "0.5/s". "" when it is good, for CLI11.
std::string ReadRate(const std::string& text, double& rate) {
  constexpr double kMost = 100000;
  std::string number = text;
  if (number.ends_with("/s")) number.resize(number.size() - 2);
  const char* const end = number.data() + number.size();
  const auto [at, failed] = std::from_chars(number.data(), end, rate);
  const bool good = failed == std::errc() && at == end && rate > 0 && rate <= kMost;
  return good ? "" : "= " + Quoted(text) + ", expected messages a second, e.g. 50/s";
}

struct FeedLine {
  FeedOptions options;
  std::string as;  // as written
  std::string rate;
};

}  // namespace

void AddFeed(CommandLine& line) {
  auto& kept = line.Keep<FeedLine>();
  FeedOptions& options = kept.options;
  CLI::App* feed = line.Command(
      "feed", "Send files of messages to a gateway, once or as they come",
      "consilium feed messages/ --mllp 10.0.0.7:2575\n"
      "  consilium feed export/ bundle.json --http https://gw:8080 --token-env TOKEN\n"
      "  consilium feed inbox/ --follow --state feed.state --mllp 10.0.0.7:2575\n"
      "  consilium feed configs/demo/vignettes.jsonl --as mdm --mllp 127.0.0.1:2575\n\n"
      "HL7 v2 (plain, batches, frames of MLLP) goes to --mllp; FHIR Bundles and resources, bulk\n"
      "exports and cases go to --http. What a file is is told by its content; folders are gone\n"
      "through, in the order of names. Every message ends as accepted, refused or not sent.\n\n"
      "Exit codes: 0 done, 1 some were refused, left out or not sent, 2 wrong usage or\n"
      "input, 3 the gateway cannot be reached, 4 it takes nothing of this feed (token, URL),\n"
      "130 interrupted. docs/gateway.md says more.",
      [&options] { return RunFeed(options); });
  feed->add_option("path", options.paths, "files and folders")->required();
  feed->add_option("--mllp", options.mllp, "receiver of HL7 v2, at an address of this site")
      ->type_name("HOST:PORT");
  CLI::Option* http =
      feed->add_option("--http", options.http, "gateway of FHIR and cases")->type_name("URL");
  feed->add_option("--format", options.format, "what the files are, whatever they look like")
      ->check(OneOf(kFeedFormatNames));
  feed->add_option("--as", kept.as, "send cases as messages of HL7 v2 (MDM^T02)")
      ->type_name("mdm")
      ->check(OneOf({"mdm"}))
      ->each([&options](const std::string&) { options.as_mdm = true; });
  feed->add_option("--rate", kept.rate,
                   "messages a second, e.g. 50 or 0.5/s (default: as they "
                   "are taken)")
      ->type_name("N/s")
      ->check([&options](const std::string& text) { return ReadRate(text, options.rate); });
  feed->add_option("--connections", options.connections,
                   "messages under way at once; with more than one their order is not kept")
      ->capture_default_str()
      ->check(Between(1, 64));
  feed->add_option("--retries", options.retries,
                   "how often a message is sent again without an answer (default 8, with "
                   "--follow for ever)")
      ->check(Between(0, 1000000));
  feed->add_option("--timeout", options.timeout_s,
                   "how long an answer may take (default 30, over HTTP 90)")
      ->type_name("SECONDS")
      ->check(Between(0.1, 3600.0));
  CLI::Option* follow = feed->add_flag(
      "--follow", options.follow,
      "look for new files every second, until Ctrl-C; one is taken when it has stopped growing");
  CLI::Option* state =
      feed->add_option("--state", options.state,
                       "file that remembers what was sent, so that a restart goes on there");
  feed->add_option("--repeat", options.repeat,
                   "send everything so often; a gateway knows what it has seen")
      ->capture_default_str()
      ->check(Between(1, 1000000))
      ->excludes(follow)
      ->excludes(state);
  feed->add_option("--token-env", options.token_env,
                   "environment variable with the token for --http")
      ->type_name("NAME")
      ->needs(http);
  feed->add_option("--ca-file", options.ca_file, "certificates to trust, for --http (PEM)")
      ->needs(http);
  AddJson(feed, options.json);
}

}  // namespace consilium
