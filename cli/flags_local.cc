// What needs no cluster: consensus, config, health, version, keys.
#include <string>

#include "cli/flags.h"
#include "shared/allow_list.h"
#include "shared/tokens.h"

namespace consilium {
namespace {

struct FileLine {
  std::string file;
  bool json = false;
};

}  // namespace

void AddConsensus(CommandLine& line) {
  auto& options = line.Keep<ConsensusFileOptions>();
  CLI::App* consensus =
      line.Command("consensus", "Compute the Vancouver consensus of review graphs in a file",
                   "consilium consensus --file graphs.json --json",
                   [&options] { return RunConsensus(options); });
  consensus
      ->add_option("--file", options.file,
                   "one graph or an array of {reviews: [[reviewer, item, grade], ...], "
                   "iterations, use_all_data, basic_precision}; - reads standard input")
      ->required();
  AddJson(consensus, options.json);
}

void AddConfig(CommandLine& line) {
  auto& kept = line.Keep<FileLine>();
  CLI::App* config = line.Group("config", "Look at configurations");
  CLI::App* check = line.Command(*config, "check", "Load a configuration and list its problems",
                                 "consilium config check consilium.toml",
                                 [&kept] { return RunConfigCheck(kept.file, kept.json); });
  check->add_option("file", kept.file, "configuration (TOML)")->required();
  AddJson(check, kept.json);
  CLI::App* options =
      line.Command(*config, "options", "List every option of a configuration",
                   "consilium config options", [&kept] { return RunConfigOptions(kept.json); });
  AddJson(options, kept.json);
}

void AddHealth(CommandLine& line) {
  auto& options = line.Keep<HealthOptions>();
  CLI::App* health = line.Command("health", "Say whether a program of this machine does its work",
                                  "consilium health /run/consilium/health",
                                  [&options] { return RunHealth(options); });
  health->add_option("file", options.file, "the file that it was started with (--health FILE)")
      ->required();
  health->add_flag("--alive", options.alive_only,
                   "only whether its loop turns: a restart would not help with anything else");
  AddJson(health, options.json);
}

void AddVersion(CommandLine& line) {
  auto& json = line.Keep<bool>();
  CLI::App* version = line.Command("version", "Print the version", "consilium version --json",
                                   [&json] { return RunVersion(json); });
  AddJson(version, json);
}

void AddKeys(CommandLine& line) {
  auto& fresh = line.Keep<KeysNewOptions>();
  auto& shown = line.Keep<FileLine>();
  auto& token_options = line.Keep<KeysTokenOptions>();
  CLI::App* keys = line.Group("keys", "Make and show keys for the bus, and tokens for the gateway");
  CLI::App* make = line.Command(
      *keys, "new", "Make a key: NAME.key, and what the brokers must know of it",
      "consilium keys new broker --role broker\n  consilium keys new gpu-1 --role worker\n\n"
      "The secret key stands in FOLDER/NAME.key, which only its owner may read: it belongs on\n"
      "the machine that uses it (bus.key_file) and nowhere else. For a client, worker or admin\n"
      "the line that allows the key is appended to FOLDER/allowed (bus.allowed_file of the\n"
      "brokers); for the brokers FOLDER/NAME.pub is what all others need (bus.broker_key).",
      [&fresh] { return RunKeysNew(fresh); });
  make->add_option("name", fresh.name, "whose key it is: 1..64 of A-Z a-z 0-9 . _ -")->required();
  make->add_option("--role", fresh.role, "client, worker, admin or broker")
      ->capture_default_str()
      ->check(OneOf(kBusRoleNames));
  make->add_option("--folder", fresh.folder, "folder to write to, made if missing")
      ->capture_default_str();
  AddJson(make, fresh.json);
  CLI::App* show = line.Command(*keys, "show", "Show the public key of a key file",
                                "consilium keys show keys/gpu-1.key",
                                [&shown] { return RunKeysShow(shown.file, shown.json); });
  show->add_option("file", shown.file, "key file (NAME.key or NAME.pub)")->required();
  AddJson(show, shown.json);
  CLI::App* token = line.Command(
      *keys, "token", "Make a bearer token for the HTTP doors of the gateway",
      "consilium keys token ehr --role write --file /etc/consilium/tokens\n\n"
      "Prints the token, which stands nowhere else and cannot be shown again, and the line that\n"
      "gateway.tokens_file needs of it: its SHA-256, role, name and senders. A running gateway\n"
      "reads the file again by itself. Roles: read (see cases), write (also submit and withdraw\n"
      "them and say what was right), admin.",
      [&token_options] { return RunKeysToken(token_options); });
  token->add_option("name", token_options.name, "who gets it: 1..64 of A-Z a-z 0-9 . _ -")
      ->required();
  token->add_option("--role", token_options.role, "read, write or admin")
      ->required()
      ->check(OneOf(kTokenRoleNames));
  OneEach(token->add_option("--sender", token_options.senders,
                            "for whom its FHIR messages may speak (source.endpoint) besides the "
                            "holder, may be repeated; none: for anybody"));
  token->add_option("--file", token_options.file,
                    "file of tokens to append the line to, made if missing");
  AddJson(token, token_options.json);
}

}  // namespace consilium
