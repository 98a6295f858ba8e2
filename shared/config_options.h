// One row per option of the configuration: it drives parsing, range checks, the environment, and
// help.
//
// A problem is told as what follows the option's name: ` = -5, expected 1000..3600000`; "" = none.
// Threads: functions without state; the environment is only read.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "shared/config.h"

namespace consilium {

// What a text means, and so what it has to look like.
enum class TextKind {
  kPlain,
  kPath,         // relative to the file's folder
  kRedisUrl,     // ParseRedisUrl() each, as a list or with a space between; or empty
  kListen,       // a ZeroMQ endpoint to listen on
  kListenOrNot,  // tcp://ADDRESS:PORT of another protocol, or empty
  kBusKey,       // IsBusKey(), or the path of a file that holds one
  kHttpUrl,      // http:// or https://, or empty
  kVariable,     // the name of an environment variable, or empty
  kModel,        // CheckModelName()
  kKind,         // CheckKind()
  kHeader,       // a field of an HTTP header
  kJson,         // a value of any type, kept as JSON
  kMessageRule,  // ParseMessageRule()
  kHl7Charset,   // FindHl7Charset(), or empty
  kHl7Name,      // without control characters and the usual delimiters of HL7
  kOrigin,       // of a browser's page, as it sends it; or "*"
  kServer,       // http:// or https://, without a query
};

struct Allowed {
  std::int64_t min = 0;  // whole numbers
  std::int64_t max = 0;
  double low = 0;  // numbers
  double high = 0;
  std::string_view unit;
  std::vector<std::string_view> choices;  // texts; empty = any
  TextKind kind = TextKind::kPlain;
};

template <class S>
using OptionField =
    std::variant<std::string S::*, std::int64_t S::*, double S::*, bool S::*,
                 std::optional<double> S::*, std::vector<std::string> S::*,
                 std::map<std::string, double> S::*, std::map<std::string, std::string> S::*>;

template <class S>
struct Option {
  std::string_view key;
  OptionField<S> field;
  Allowed allowed;
  std::string_view help;
};

const std::vector<Option<RedisConfig>>& RedisOptions();
const std::vector<Option<BrokerConfig>>& BrokerOptions();
const std::vector<Option<BusConfig>>& BusOptions();
const std::vector<Option<EnsembleConfig>>& EnsembleOptions();
const std::vector<Option<CouncilConfig>>& CouncilOptions();
const std::vector<Option<ChemistryConfig>>& ChemistryOptions();
const std::vector<Option<GatewayConfig>>& GatewayOptions();
const std::vector<Option<SourceConfig>>& SourceOptions();
const std::vector<Option<CdsClientConfig>>& CdsClientOptions();
const std::vector<Option<LimitConfig>>& LimitOptions();
const std::vector<Option<BackendConfig>>& BackendOptions();
const std::vector<Option<SimulatedConfig>>& SimulatedOptions();
const std::vector<Option<ReplayConfig>>& ReplayOptions();

// A value as the file or the environment has it. monostate: of a type that no option has.
struct RawValue {
  std::variant<std::monostate, bool, std::int64_t, double, std::string, std::vector<std::string>>
      value;
  std::string shown;  // for messages
};

// Set `out` if `raw` is allowed, else return the problem. `folder` is where relative paths start.
std::string SetOption(const Allowed& allowed, const RawValue& raw, std::string_view folder,
                      std::string& out);
std::string SetOption(const Allowed& allowed, const RawValue& raw, std::string_view folder,
                      std::int64_t& out);
std::string SetOption(const Allowed& allowed, const RawValue& raw, std::string_view folder,
                      double& out);
std::string SetOption(const Allowed& allowed, const RawValue& raw, std::string_view folder,
                      bool& out);
std::string SetOption(const Allowed& allowed, const RawValue& raw, std::string_view folder,
                      std::optional<double>& out);
std::string SetOption(const Allowed& allowed, const RawValue& raw, std::string_view folder,
                      std::vector<std::string>& out);
// A table's entries are set one by one; this is called for what is no table.
std::string SetOption(const Allowed& allowed, const RawValue& raw, std::string_view folder,
                      std::map<std::string, double>& out);
std::string SetOption(const Allowed& allowed, const RawValue& raw, std::string_view folder,
                      std::map<std::string, std::string>& out);

template <class S>
std::string SetOption(const Option<S>& option, const RawValue& raw, std::string_view folder,
                      S& target) {
  return std::visit(
      [&](auto field) { return SetOption(option.allowed, raw, folder, target.*field); },
      option.field);
}

// The alternatives of OptionField, in its order.
enum class OptionType {
  kText,
  kWhole,
  kNumber,
  kFlag,
  kOptionalNumber,
  kTexts,
  kNumbers,
  kTextTable
};
template <class S>
OptionType TypeOf(const Option<S>& option) {
  return static_cast<OptionType>(option.field.index());
}

// `text`, from the environment, as a value of that type. Lists and tables have no such form.
RawValue ParseOptionText(OptionType type, const std::string& text);
// A number as a person writes it: 0.5, 86400.
std::string PlainNumber(double number);
// For help: "a text", "1..10 ms".
std::string_view TypeName(OptionType type);
std::string DescribeAllowed(OptionType type, const Allowed& allowed);

// What is wrong with options that are each allowed.
struct ConfigProblem {
  std::string
      option;  // whose place to name: "broker.lease_ms", "backend[0].model", or "backend[0]"
  std::string text;
  bool only_if_written = false;  // no problem when the option has its default
};
std::vector<ConfigProblem> CheckTogether(const Config& config);

}  // namespace consilium
