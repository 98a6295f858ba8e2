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

constexpr const char* kLearned[] = {"single", "performance", "chemistry", "utility"};

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

bool IsLearned(const std::string& strategy) {
  return std::any_of(std::begin(kLearned), std::end(kLearned),
                     [&strategy](const char* known) { return strategy == known; });
}

// The models of a board's entry in the order of the configuration; empty when one is not
// configured, or the board seats nobody.
std::vector<std::string> Configured(const SeatingEntry& entry,
                                    const std::vector<std::string>& configured) {
  std::vector<std::string> seated;
  for (const std::string& model : configured) {
    if (Knows(entry.models, model)) seated.push_back(model);
  }
  if (seated.size() != entry.models.size()) seated.clear();
  return seated;
}

struct Seat {
  std::string kind;
  std::string strategy;
  std::size_t size = 0;
};

// One of the board's ensembles for this seat, chosen by the seed and case id; empty without any.
// With `smaller` the size is the most that may sit: the largest that the board has counts.
std::vector<std::string> FromBoard(const SeatingBoard& board, const Seat& seat, bool smaller,
                                   const std::vector<std::string>& configured, std::uint64_t seed,
                                   const std::string& case_id) {
  std::vector<std::vector<std::string>> found;
  std::int64_t size = smaller ? 1 : static_cast<std::int64_t>(seat.size);  // of those found
  for (const SeatingEntry& entry : board.entries) {
    if (entry.kind != seat.kind || entry.strategy != seat.strategy || entry.size < size ||
        entry.size > static_cast<std::int64_t>(seat.size)) {
      continue;
    }
    auto seated = Configured(entry, configured);
    if (seated.empty()) continue;
    if (entry.size > size) found.clear();
    size = entry.size;
    found.push_back(std::move(seated));
  }
  if (found.empty()) return {};
  return found[SeededRandom(seed, case_id + "|" + seat.strategy).Below(found.size())];
}

void SeatLearned(const Seat& seat, const Config& config, const SeatingBoard& board,
                 const std::string& case_id, Ensemble& ensemble) {
  const std::vector<std::string> configured = ModelsAt(config, "");
  const auto seed = static_cast<std::uint64_t>(config.ensemble.seed);
  const bool fewer = seat.strategy == "utility";  // its size is only the most that it seats
  if (SeededRandom(seed, case_id + "|exploring").Unit() < config.ensemble.explore) {
    const Seat explore{seat.kind, "explore", seat.size};
    ensemble.models = FromBoard(board, explore, fewer, configured, seed, case_id);
    ensemble.seating = "explored";
    if (!ensemble.models.empty()) return;
  }
  ensemble.models = FromBoard(board, seat, fewer, configured, seed, case_id);
  ensemble.seating = "learned";
  if (!ensemble.models.empty()) return;
  ensemble.models = Draw(configured, seat.size, seed, case_id);
  ensemble.seating = "cold_start";
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

Result<Ensemble> ChooseEnsemble(const CaseRequest& request, const std::string& kind,
                                const Config& config, const SeatingBoard& board) {
  Ensemble ensemble;
  ensemble.strategy = request.strategy.value_or(request.models.empty() ? config.ensemble.strategy
                                                                       : std::string("named"));
  if (const Status known = CheckStrategy(ensemble.strategy); !known) return known.error();
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
  const bool single = ensemble.strategy == "single";
  const std::vector<std::string> pool = placed ? ModelsAt(config, ensemble.strategy) : configured;
  if (pool.empty()) {
    return Invalid("strategy = " + Quoted(ensemble.strategy) + ", expected another one: no " +
                   (placed ? ensemble.strategy + " model" : std::string("model")) +
                   " is configured");
  }
  const auto most = single ? 1 : static_cast<std::int64_t>(pool.size());
  if (request.ensemble_size && (*request.ensemble_size < 1 || *request.ensemble_size > most)) {
    const std::string which = single   ? "strategy single seats one"
                              : placed ? ensemble.strategy + " models configured"
                                       : "models configured";
    return Invalid("ensemble_size = " + std::to_string(*request.ensemble_size) + ", expected 1" +
                   (single ? "" : ".." + std::to_string(most)) + " (" + which + ")");
  }

  if (ensemble.strategy == "named" || ensemble.strategy == "all") {
    auto stated = ensemble.strategy == "all" ? Result<std::vector<std::string>>(pool)
                                             : NamedModels(request, config, configured);
    if (!stated) return stated.error();
    ensemble.models = std::move(*stated);
    ensemble.seating = "stated";
    if (const Status whole = CheckWhole(request, ensemble); !whole) return whole.error();
    return ensemble;
  }
  const auto size = static_cast<std::size_t>(
      request.ensemble_size.value_or(std::clamp<std::int64_t>(config.ensemble.size, 1, most)));
  if (IsLearned(ensemble.strategy)) {
    SeatLearned({kind, ensemble.strategy, size}, config, board, request.id, ensemble);
  } else {
    ensemble.models =
        Draw(pool, size, static_cast<std::uint64_t>(config.ensemble.seed), request.id);
    ensemble.seating = "drawn";
  }
  return ensemble;
}

}  // namespace consilium
