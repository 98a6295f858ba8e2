#include "cli/diagnosis.h"

#include <algorithm>
#include <charconv>
#include <map>
#include <utility>

#include "shared/shown_text.h"

namespace consilium {
namespace {

constexpr std::size_t kHashDigits = 8;

// What is worth saying about a call that went well.
std::string Oddities(const BackendConfig& backend, const BackendCheck& report) {
  std::vector<std::string> odd;
  const CallParameters& used = report.parameters;
  if (used.repaired) odd.emplace_back("the first reply could not be used and was asked again");
  if (!used.structured.empty() && used.structured != backend.structured) {
    odd.push_back("the server does not take structured = \"" + backend.structured + "\"");
  }
  if (!used.temperature) odd.emplace_back("it takes no temperature");
  if (report.model_served.empty()) odd.emplace_back("the server does not say which model answered");
  return Joined(odd, "; ");
}

std::string WhatHelps(const BackendConfig& backend, const BackendCheck& report) {
  const CallParameters& used = report.parameters;
  if (!used.structured.empty() && used.structured != backend.structured) {
    return "set structured = \"" + used.structured +
           "\": it saves the requests that find out, at every start of a worker";
  }
  if (used.repaired) {
    return "every repaired answer costs a second request; another value of structured may avoid it";
  }
  return "";
}

}  // namespace

bool HasProblem(const Diagnosis& diagnosis) {
  const auto bad = [](const auto& one) { return one.finding == Finding::kProblem; };
  return std::any_of(diagnosis.checks.begin(), diagnosis.checks.end(), bad) ||
         std::any_of(diagnosis.models.begin(), diagnosis.models.end(), bad);
}

std::vector<ToDo> ThingsToDo(const Diagnosis& diagnosis) {
  struct Item {
    std::string subjects;
    const std::string& text;
    const std::string& advice;
  };
  std::vector<ToDo> things;
  for (const Finding finding : {Finding::kProblem, Finding::kNote}) {
    std::vector<Item> items;
    const auto add = [&](const std::string& subject, const auto& one) {
      if (one.finding != finding) return;
      if (finding == Finding::kNote && one.advice.empty()) return;
      const auto same = std::find_if(items.begin(), items.end(), [&](const Item& item) {
        return item.text == one.text && item.advice == one.advice;
      });
      if (same == items.end()) {
        items.push_back({subject, one.text, one.advice});
      } else {
        same->subjects += ", " + subject;
      }
    };
    for (const Checked& check : diagnosis.checks) add(check.subject, check);
    for (const CheckedModel& model : diagnosis.models) add(model.report.model, model);
    for (const Item& item : items)
      things.push_back({item.subjects + ": " + item.text, item.advice});
  }
  return things;
}

CheckedModel JudgeBackend(const BackendConfig& backend, BackendCheck report) {
  CheckedModel model;
  if (report.simulated && report.status == kCheckNotCalled) {
    model.finding = Finding::kNote;
    model.text = report.provider == "replay" ? "SIMULATED: replay" : "SIMULATED";
    if (!report.warnings.empty()) {
      model.text += "; " + std::to_string(report.warnings.size()) + " lines skipped";
      model.advice = "look at " + report.warnings.front();
    }
  } else if (report.status == kCheckNotCalled) {
    model.finding = Finding::kNote;
    model.text = "not called";
  } else if (report.status == kCheckOk) {
    model.text = report.model_served;
    const std::string odd = Oddities(backend, report);
    if (!odd.empty()) {
      model.finding = Finding::kNote;
      model.text = odd;
      model.advice = WhatHelps(backend, report);
    }
  } else if (report.status == kCheckInvalid) {
    const std::string head = "backend " + report.model + ": ";
    model.finding = Finding::kProblem;
    model.text = report.text.compare(0, head.size(), head) == 0 ? report.text.substr(head.size())
                                                                : report.text;
    model.advice = report.advice;
  } else {
    model.finding = Finding::kProblem;
    model.text = (report.code.empty() ? report.status : report.code) + ": " + report.text;
    model.advice = report.advice;
  }
  model.report = std::move(report);
  return model;
}

CheckedModel WithoutReport(const BackendConfig& backend, const Error& error) {
  CheckedModel model;
  model.finding = Finding::kProblem;
  model.text = error.text;
  model.advice = "try again, or with a longer --timeout-s";
  model.report.model = backend.model;
  model.report.provider = backend.provider;
  model.report.simulated = !IsHttpProvider(backend.provider);
  model.report.status = "no_report";
  model.report.code = ErrorName(error.code);
  model.report.text = error.text;
  model.report.advice = model.advice;
  model.report.limits = backend.limits;
  return model;
}

std::optional<Checked> JudgePrices(const std::vector<CheckedModel>& models) {
  std::string unpriced;
  std::string uncounted;
  for (const CheckedModel& model : models) {
    if (model.report.status != kCheckOk || model.report.usage.cost_usd) continue;
    std::string& list = model.report.priced ? uncounted : unpriced;
    list += (list.empty() ? "" : ", ") + model.report.model;
  }
  if (unpriced.empty() && uncounted.empty()) return std::nullopt;
  Checked check{Finding::kNote, "cost", "", ""};
  if (!unpriced.empty()) {
    check.text = "unknown of " + unpriced;
    check.advice = "set usd_per_million_prompt and usd_per_million_completion (0 for none)";
  }
  if (!uncounted.empty()) {
    check.text +=
        (check.text.empty() ? "" : "; ") + std::string("no token counts from ") + uncounted;
  }
  return check;
}

std::vector<Checked> JudgePrompts(const std::vector<CheckedModel>& models) {
  std::vector<Checked> checks;
  for (const CheckedModel& model : models) {
    const BackendCheck& report = model.report;
    if (report.prompts.empty() || report.review_hash.empty()) continue;
    Checked check{Finding::kOk, "prompts",
                  "generate " + report.generate_hash.substr(0, kHashDigits) + ", review " +
                      report.review_hash.substr(0, kHashDigits) + "  " + report.prompts,
                  ""};
    const auto same = [&](const Checked& known) { return known.text == check.text; };
    if (std::none_of(checks.begin(), checks.end(), same)) checks.push_back(std::move(check));
  }
  return checks;
}

Checked JudgeShard(const std::string& says, std::size_t shard, std::size_t shards) {
  const std::string expected = std::to_string(shard) + " of " + std::to_string(shards);
  if (says.empty()) return {Finding::kOk, "redis shard", expected + ", not used yet", ""};
  if (says == expected) return {Finding::kOk, "redis shard", says, ""};
  return {Finding::kProblem, "redis shard", "found " + says + ", expected " + expected,
          "redis.url must list the same Redis in the same order as when they were first used"};
}

Checked JudgeRedisError(const RedisConfig& config, const Error& error) {
  Checked check{Finding::kProblem, "redis", error.text, ""};
  const auto says = [&](std::string_view word) { return error.text.find(word) != error.text.npos; };
  if (says("NOAUTH")) {
    check.advice = "it wants a password: set redis.password_env (and redis.user)";
  } else if (says("WRONGPASS") || says("AUTH ")) {
    check.advice =
        "check redis.user and the password in the environment variable " +
        (config.password_env.empty() ? "that redis.password_env names" : config.password_env);
  } else if (says("NOPERM")) {
    check.advice = "the Redis user needs more rights (ACL SETUSER)";
  } else if (error.code == ErrorCode::kInvalid) {
    check.advice = "correct it in the configuration or the environment";
  } else {
    check.advice =
        "is a Redis running at " + config.url + "? with redis.url = \"\" `consilium up` runs one";
  }
  return check;
}

std::string RedisVersionIn(std::string_view text) {
  for (const std::string_view mark : {"redis_version:", " v="}) {
    const std::size_t at = text.find(mark);
    if (at == text.npos) continue;
    const std::string_view rest = text.substr(at + mark.size());
    return std::string(rest.substr(0, rest.find_first_not_of("0123456789.")));
  }
  return "";
}

Checked JudgeRedisVersion(const std::string& where, const std::string& version) {
  Checked check{Finding::kOk, "redis", "version " + version + ", " + where, ""};
  int major = 0;
  std::from_chars(version.data(), version.data() + version.size(), major);
  if (version.empty()) {
    check.finding = Finding::kNote;
    check.text = "version not readable, " + where;
    check.advice = "make sure that it is " + std::to_string(kRedisVersionMin) + " or newer";
  } else if (major < kRedisVersionMin) {
    check.finding = Finding::kProblem;
    check.text += ", expected " + std::to_string(kRedisVersionMin) + " or newer";
    check.advice = "install a newer Redis";
  }
  return check;
}

Checked JudgeRedisSetting(const SettingFound& setting, bool trusted) {
  const std::string name(setting.expected.name);
  const std::string value(setting.expected.value);
  const std::string line = name + " " + value;
  const bool user = name == kDefaultUser.name;
  const std::string set = user ? "ACL SETUSER default " + value : "CONFIG SET " + line;
  const std::string file =
      user ? "the same in its ACL file" : "the line `" + line + "` in redis.conf";
  Checked check{Finding::kOk, "redis " + name, value, ""};
  if (setting.good()) return check;
  // A broker accepts nothing then, unless it is told to.
  check.finding = trusted ? Finding::kNote : Finding::kProblem;
  if (!setting.told()) {
    check.text = "not readable, expected " + value;
    check.advice = "ask whoever runs this Redis for " + file + "; then allow " +
                   (user ? "ACL GETUSER" : "CONFIG GET") +
                   ", or set redis.durability = \"trusted\"";
  } else {
    check.text = "found " + setting.found + ", expected " + value;
    check.advice =
        "else accepted cases may be lost: `" + set + "` now, and " + file + " for its next start";
  }
  return check;
}

std::vector<Checked> JudgeStatus(const Config& config, const std::string& endpoint,
                                 std::string_view ours, const StatusReply& status) {
  std::vector<Checked> checks;
  Checked& broker = checks.emplace_back(
      Checked{Finding::kOk, "broker", "runs at " + endpoint + ", version " + status.version, ""});
  if (!status.accepting) {
    broker.finding = Finding::kProblem;
    broker.text += (status.partly ? "; refuses cases: " : "; accepts nothing: ") + status.reason;
  } else if (status.version != ours) {
    broker.finding = Finding::kNote;
    broker.text += "; this program is " + std::string(ours);
    broker.advice = "restart the cluster with this version";
  }
  if (status.aggregators.empty()) {
    checks.push_back({Finding::kProblem, "aggregators", "none runs",
                      "start consilium-aggregator: no case ends without one"});
  }
  std::map<std::string, std::int64_t> workers;
  for (const WorkerStatus& worker : status.workers) ++workers[worker.model];
  std::string counts;
  std::string missing;
  for (const BackendConfig& backend : config.backends) {
    const std::int64_t count = workers[backend.model];
    std::string& list = count > 0 ? counts : missing;
    list += (list.empty() ? "" : ", ") + backend.model;
    if (count > 0) list += " " + std::to_string(count);
  }
  if (!counts.empty()) checks.push_back({Finding::kOk, "workers", counts, ""});
  if (!missing.empty()) {
    checks.push_back({Finding::kNote, "workers", "none for " + missing,
                      "does the running cluster use this configuration? restart it, or look at "
                      "the logs of its workers"});
  }
  return checks;
}

}  // namespace consilium
