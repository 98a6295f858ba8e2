#include "broker/ensemble.h"

#include <algorithm>
#include <cstdint>
#include <set>
#include <string_view>
#include <utility>

#include "shared/ids.h"
#include "shared/limits.h"
#include "shared/text.h"

namespace consilium {
namespace {

std::vector<std::string> ModelsAt(const Config& config, std::string_view placement) {
  std::vector<std::string> models;
  for (const BackendConfig& backend : config.backends) {
    if (placement.empty() || backend.placement == placement) models.push_back(backend.model);
  }
  return models;
}

bool Knows(const std::vector<std::string>& models, const std::string& model) {
  return std::find(models.begin(), models.end(), model) != models.end();
}

bool IsStrategy(const std::string& name) {
  return std::any_of(std::begin(kStrategies), std::end(kStrategies),
                     [&name](const char* known) { return name == known; });
}

// `all` and `named` leave no choice: a stated size can only repeat how many they are.
Status CheckWhole(const CaseRequest& request, const Ensemble& ensemble) {
  const auto count = static_cast<std::int64_t>(ensemble.models.size());
  if (!request.ensemble_size || *request.ensemble_size == count) return Ok();
  return Invalid("ensemble_size = " + std::to_string(*request.ensemble_size) + ", expected " +
                 std::to_string(count) + " (strategy " + ensemble.strategy + " seats all of them)");
}

Result<std::vector<std::string>> NamedModels(const CaseRequest& request, const Config& config,
                                             const std::vector<std::string>& configured) {
  const auto& wanted = request.models.empty() ? config.ensemble.models : request.models;
  if (wanted.empty()) {
    return Invalid("models: empty, expected the models of strategy named");
  }
  std::set<std::string> named;
  for (const std::string& model : wanted) {
    if (!Knows(configured, model)) {
      return Invalid("models: " + Quoted(model) + ", expected configured models (" +
                     JoinNames(configured) + ")");
    }
    if (!named.insert(model).second) {
      return Invalid("models: " + Quoted(model) + " twice, expected each model once");
    }
  }
  std::vector<std::string> seated;
  for (const std::string& model : configured) {
    if (named.count(model) > 0) seated.push_back(model);
  }
  return seated;
}

// `size` of `pool`, chosen by seed and case id alone. Drawn from the sorted names, so that the
// order in the file does not matter.
std::vector<std::string> Draw(const std::vector<std::string>& pool, std::size_t size,
                              std::uint64_t seed, const std::string& case_id) {
  std::vector<std::string> names = pool;
  std::sort(names.begin(), names.end());
  SeededRandom(seed, case_id).Shuffle(names);
  names.resize(size);
  std::vector<std::string> seated;
  for (const std::string& model : pool) {
    if (Knows(names, model)) seated.push_back(model);
  }
  return seated;
}

}  // namespace

std::string JoinNames(const std::vector<std::string>& names) {
  constexpr std::size_t kShown = 16;
  std::string out;
  for (std::size_t i = 0; i < names.size() && i < kShown; ++i) {
    out += (i == 0 ? "" : ", ") + names[i];
  }
  if (names.size() > kShown) out += ", ... " + std::to_string(names.size()) + " in all";
  return out;
}

Result<Ensemble> ChooseEnsemble(const CaseRequest& request, const Config& config) {
  Ensemble ensemble;
  ensemble.strategy = request.strategy.value_or(request.models.empty() ? config.ensemble.strategy
                                                                       : std::string("named"));
  if (!IsStrategy(ensemble.strategy)) {
    return Invalid("strategy = " + Quoted(ensemble.strategy) +
                   ", expected all, random, local, remote or named");
  }
  if (request.models.size() > limits::kModelsMax) {
    return Invalid("models: " + std::to_string(request.models.size()) +
                   " listed, expected at most " + std::to_string(limits::kModelsMax));
  }
  if (!request.models.empty() && ensemble.strategy != "named") {
    return Invalid("models: " + std::to_string(request.models.size()) +
                   " listed, expected none with strategy " + ensemble.strategy +
                   " (only named takes a list)");
  }

  const std::vector<std::string> configured = ModelsAt(config, "");
  const bool placed = ensemble.strategy == "local" || ensemble.strategy == "remote";
  const std::vector<std::string> pool = placed ? ModelsAt(config, ensemble.strategy) : configured;
  const std::string which = placed ? ensemble.strategy + " models configured" : "models configured";
  if (pool.empty()) {
    return Invalid("strategy = " + Quoted(ensemble.strategy) + ", expected another one: no " +
                   (placed ? ensemble.strategy + " model" : std::string("model")) +
                   " is configured");
  }
  const auto most =
      static_cast<std::int64_t>(ensemble.strategy == "named" ? configured.size() : pool.size());
  if (request.ensemble_size && (*request.ensemble_size < 1 || *request.ensemble_size > most)) {
    return Invalid("ensemble_size = " + std::to_string(*request.ensemble_size) + ", expected 1.." +
                   std::to_string(most) + " (" + which + ")");
  }

  if (ensemble.strategy == "named") {
    auto named = NamedModels(request, config, configured);
    if (!named) return named.error();
    ensemble.models = std::move(*named);
  } else if (ensemble.strategy == "all") {
    ensemble.models = pool;
  } else {
    const std::int64_t size =
        request.ensemble_size.value_or(std::clamp<std::int64_t>(config.ensemble.size, 1, most));
    ensemble.models = Draw(pool, static_cast<std::size_t>(size),
                           static_cast<std::uint64_t>(config.ensemble.seed), request.id);
    return ensemble;
  }
  if (const Status whole = CheckWhole(request, ensemble); !whole) return whole.error();
  return ensemble;
}

}  // namespace consilium
