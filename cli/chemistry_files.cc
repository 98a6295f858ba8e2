#include "cli/chemistry_files.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <set>
#include <utility>

#include "cli/files.h"
#include "shared/limits.h"
#include "shared/text.h"

namespace consilium {
namespace {

using nlohmann::json;

constexpr std::size_t kLinesNamed = 5;

std::string NameOf(const std::string& file) { return file == "-" ? "standard input" : file; }

// What a value is, for messages; texts and numbers are shown.
std::string Shown(const json& value) {
  if (value.is_string()) return Quoted(value.get_ref<const std::string&>());
  if (value.is_number() || value.is_boolean()) return value.dump();
  return value.is_null() ? "null" : value.is_array() ? "an array" : "an object";
}

Status ReadField(const json& entry, const char* field, const std::string& where, double& number) {
  const auto found = entry.find(field);
  if (found == entry.end()) return Invalid(where + field + ": missing");
  if (!found->is_number()) {
    return Invalid(where + field + " = " + Shown(*found) + ", expected a number");
  }
  number = found->get<double>();
  return Ok();
}

Result<ModelProfile> ReadProfile(const json& entry, const std::string& where) {
  if (!entry.is_object()) return Invalid(where + "expected an object");
  ModelProfile profile;
  const auto model = entry.find("model");
  if (model == entry.end()) return Invalid(where + "model: missing");
  if (!model->is_string()) {
    return Invalid(where + "model = " + Shown(*model) + ", expected a text");
  }
  profile.model = model->get<std::string>();
  if (auto read = ReadField(entry, "quality", where, profile.quality); !read) return read.error();
  if (auto read = ReadField(entry, "accuracy", where, profile.accuracy); !read) return read.error();
  return profile;
}

std::size_t CountModels(const TaskHistory& history) {
  std::set<std::string_view> models;
  for (const HistoryRow* row : history.rows) models.insert(row->model);
  return models.size();
}

}  // namespace

Result<std::vector<ModelProfile>> ParseProfiles(std::string_view text, const std::string& name) {
  const json parsed = json::parse(text, nullptr, /*allow_exceptions=*/false);
  if (parsed.is_discarded()) return Invalid(name + ": not valid JSON");
  const json* list = &parsed;
  std::string where = name + ": ";
  if (parsed.is_object()) {
    const auto models = parsed.find("models");
    if (models == parsed.end()) return Invalid(where + "models: missing");
    list = &*models;
    where += "models";
  }
  if (!list->is_array()) {
    return Invalid(name + (list == &parsed ? ": expected a list of {model, quality, accuracy}"
                                           : ": models: expected a list"));
  }
  std::vector<ModelProfile> profiles;
  for (std::size_t i = 0; i < list->size(); ++i) {
    auto profile = ReadProfile((*list)[i], where + "[" + std::to_string(i) + "] ");
    if (!profile) return profile.error();
    profiles.push_back(std::move(profile).value());
  }
  if (auto good = CheckProfiles(profiles); !good) {
    return Error{good.error().code, name + ": " + good.error().text};
  }
  return profiles;
}

Result<std::vector<ModelProfile>> LoadProfiles(const std::string& file) {
  auto text = ReadInput(file, kProfilesBytesMax);
  if (!text) return text.error();
  return ParseProfiles(*text, NameOf(file));
}

Result<LoadedHistory> ReadHistory(std::string_view text, const HistoryOptions& options) {
  const std::string name = NameOf(options.file);
  auto table = ParseHistory(text, name);
  if (!table) return table.error();
  LoadedHistory loaded;
  loaded.table = std::move(table).value();
  if (loaded.table.rows.empty() && loaded.table.bad_count > 0) {
    const BadRow& first = loaded.table.bad.front();
    return Invalid(name + ": none of the " + std::to_string(loaded.table.bad_count) +
                   " rows can be used; line " + std::to_string(first.line) + ": " + first.why);
  }
  const TaskGrouping grouping =
      options.tasks == "exact" ? TaskGrouping::kExact : TaskGrouping::kNear;
  auto history = SelectTask(loaded.table, grouping, options.task);
  if (!history) return Error{history.error().code, name + ": " + history.error().text};
  loaded.history = std::move(history).value();
  if (const std::size_t models = CountModels(loaded.history); models > limits::kModelsMax) {
    return Error{ErrorCode::kTooLarge, name + ": " + std::to_string(models) +
                                           " models, expected at most " +
                                           std::to_string(limits::kModelsMax)};
  }
  loaded.basis = options.profile == "mean" ? ProfileBasis::kMean : ProfileBasis::kBest;
  loaded.profiles = MakeProfiles(loaded.history, loaded.basis);
  return loaded;
}

Result<LoadedHistory> LoadHistory(const HistoryOptions& options) {
  auto text = ReadInput(options.file, kHistoryBytesMax);
  if (!text) return text.error();
  return ReadHistory(*text, options);
}

std::string SkippedSentence(const HistoryTable& table, const std::string& file) {
  if (table.bad_count == 0) return "";
  std::string lines;
  const std::size_t named = std::min(table.bad.size(), kLinesNamed);
  for (std::size_t i = 0; i < named; ++i) {
    lines += (i == 0 ? " " : ", ") + std::to_string(table.bad[i].line);
  }
  if (named < table.bad_count) lines += ", ...";
  return NameOf(file) + ": " + std::to_string(table.bad_count) + " of " +
         std::to_string(table.rows.size() + table.bad_count) +
         (table.bad_count == 1 ? " rows was left out, line" : " rows were left out, lines") +
         lines + "; the first: " + table.bad.front().why;
}

}  // namespace consilium
