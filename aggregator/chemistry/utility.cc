#include "aggregator/chemistry/utility.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>
#include <limits>
#include <set>
#include <tuple>
#include <utility>

#include "aggregator/chemistry/held_out.h"
#include "aggregator/chemistry/replay.h"
#include "aggregator/chemistry/set_search.h"
#include "shared/check.h"
#include "shared/ids.h"

namespace consilium {
namespace {

// Changes which cases are held out together, never what they say.
constexpr std::uint64_t kFoldSeed = 1;
// Read in one piece.
constexpr std::size_t kPieceCases = 64;

// With so many digits after the point.
std::string Fixed(double value, int digits) {
  std::array<char, 350> text{};
  std::snprintf(text.data(), text.size(), "%.*f", digits, value);
  return text.data();
}

std::string Usd(double value) {
  std::array<char, 32> text{};
  std::snprintf(text.data(), text.size(), "%.6g USD", value);
  return text.data();
}

bool Usable(double weight) { return std::isfinite(weight) && weight > 0; }

// By id and what else tells cases apart, so that sums do not depend on the order of the input.
std::vector<const RecordedCase*> InOrder(std::span<const RecordedCase> cases) {
  std::vector<const RecordedCase*> order;
  for (const RecordedCase& recorded : cases) {
    if (Usable(recorded.weight)) order.push_back(&recorded);
  }
  const auto key = [](const RecordedCase* recorded) {
    const CaseEvidence& evidence = recorded->evidence;
    return std::tie(evidence.case_id, evidence.kind, evidence.decided_ms, recorded->weight);
  };
  std::stable_sort(order.begin(), order.end(),
                   [&](const RecordedCase* a, const RecordedCase* b) { return key(a) < key(b); });
  return order;
}

// What does not fit the budget on its own; nullopt when it does.
std::optional<std::string> Unfit(const SeatCost& seat, const Budget& budget) {
  if (budget.latency_ms_max && seat.latency_ms_p95 &&
      !(*seat.latency_ms_p95 <= *budget.latency_ms_max)) {
    return seat.model + ": 95th percentile of latency " + Fixed(*seat.latency_ms_p95, 0) +
           " ms, the budget is " + Fixed(*budget.latency_ms_max, 0) + " ms";
  }
  if (!budget.cost_usd_max) return std::nullopt;
  if (!seat.cost_usd_mean || !std::isfinite(*seat.cost_usd_mean)) {
    return seat.model + ": its cost is not known, the budget is " + Usd(*budget.cost_usd_max) +
           " a case";
  }
  if (!(*seat.cost_usd_mean <= *budget.cost_usd_max)) {
    return seat.model + ": costs " + Usd(*seat.cost_usd_mean) + " a case, the budget is " +
           Usd(*budget.cost_usd_max);
  }
  return std::nullopt;
}

struct Fitting {
  std::vector<SeatCost> seats;  // by name, each once
  std::vector<std::string> left_out;
};

Fitting FitBudget(std::span<const SeatCost> pool, const Budget& budget) {
  std::vector<SeatCost> seats(pool.begin(), pool.end());
  const auto key = [](const SeatCost& seat) {
    return std::tie(seat.model, seat.latency_ms_p95, seat.cost_usd_mean);
  };
  std::sort(seats.begin(), seats.end(),
            [&](const SeatCost& a, const SeatCost& b) { return key(a) < key(b); });
  Fitting fitting;
  for (std::size_t i = 0; i < seats.size(); ++i) {
    if (i > 0 && seats[i].model == seats[i - 1].model) continue;
    if (auto why = Unfit(seats[i], budget)) {
      fitting.left_out.push_back(*std::move(why));
    } else {
      fitting.seats.push_back(seats[i]);
    }
  }
  return fitting;
}

std::vector<std::string> NamesOf(const std::vector<SeatCost>& seats) {
  std::vector<std::string> names;
  names.reserve(seats.size());
  for (const SeatCost& seat : seats) names.push_back(seat.model);
  return names;
}

std::string Models(std::size_t count) {
  return std::to_string(count) + (count == 1 ? " model" : " models");
}

std::string Cases(std::size_t count) {
  return std::to_string(count) + (count == 1 ? " recorded case" : " recorded cases");
}

std::string WithError(const PairedMean& advantage) {
  const double mean = advantage.Mean().value_or(0.0);
  const auto error = advantage.Error();
  return (mean < -0.0005 ? "" : "+") + Fixed(mean, 3) +
         (error ? " (standard error " + Fixed(*error, 3) + ")" : ", on very few cases");
}

// Why one model sits, and no council.
std::string WhySingle(const std::vector<HeldOut>& sizes, std::size_t cases, std::size_t most,
                      std::size_t models) {
  if (most == 1) return "one model: the budget has one seat";
  if (models == 1) return "one model: no other fits";
  const HeldOut* best = nullptr;
  for (const HeldOut& held : sizes) {
    const auto advantage = held.Advantage().Mean();
    if (held.size < 2 || !advantage) continue;
    if (best == nullptr || *advantage > *best->Advantage().Mean()) best = &held;
  }
  if (best == nullptr) return "one model: a council cannot be tested on " + Cases(cases);
  return "one model: on held-out cases no council beats it by more than chance may; the best, of " +
         std::to_string(best->size) + ", comes out at " + WithError(best->Advantage());
}

}  // namespace

// Models that fit, then their cases, then their sets.
struct UtilitySearch::State {
  State(std::span<const RecordedCase> cases, std::span<const SeatCost> pool, const Budget& wanted)
      : budget(wanted), offered(cases.size()), order(InOrder(cases)) {
    if (pool.empty()) {
      error = Invalid("pool has 0 models, expected at least 1");
      return;
    }
    if (budget.size == 0) {
      error = Invalid("budget size = 0, expected at least 1");
      return;
    }
    Fitting fitting = FitBudget(pool, budget);
    seats = std::move(fitting.seats);
    left_out = std::move(fitting.left_out);
    fits = seats.size();
    if (seats.empty()) error = Invalid("the budget leaves no model; " + left_out.front());
    heaviest = HeaviestOf(order);
    if (fits > kSearchModelsMax) alone.emplace(NamesOf(seats), heaviest);
  }

  bool Step();
  void CompareAlone();
  void ReadCases();
  void BeginSearch();
  UtilityChoice Choose(std::size_t most);

  Budget budget;
  std::size_t offered = 0;  // cases
  std::vector<const RecordedCase*> order;
  double heaviest = 0.0;  // of them
  std::optional<AloneScores> alone;
  std::size_t compared = 0;     // of them
  std::size_t read = 0;         // of them, into the table
  std::vector<SeatCost> seats;  // that are searched
  std::size_t fits = 0;         // how many fit the budget
  std::vector<std::string> left_out;
  std::optional<Error> error;
  std::optional<OutcomeTable> table;
  std::optional<SetSearch> search;
  std::optional<HoldingOut> holding;
};

bool UtilitySearch::State::Step() {
  if (error) return false;
  if (alone) {
    CompareAlone();
  } else if (read < order.size()) {
    ReadCases();
  } else if (holding) {
    return holding->Step();
  } else {
    BeginSearch();
  }
  return true;
}

// More models than a search takes: those that do best alone.
void UtilitySearch::State::CompareAlone() {
  const std::size_t end = std::min(order.size(), compared + kPieceCases);
  for (; compared < end; ++compared) alone->Add(*order[compared]);
  if (compared < order.size()) return;
  const std::vector<std::string> best = alone->Best();
  alone.reset();
  const auto is_left_out = [&best](const SeatCost& seat) {
    return !std::binary_search(best.begin(), best.end(), seat.model);
  };
  seats.erase(std::remove_if(seats.begin(), seats.end(), is_left_out), seats.end());
}

void UtilitySearch::State::ReadCases() {
  if (!table) table.emplace(NamesOf(seats));
  const std::size_t end = std::min(order.size(), read + kPieceCases);
  for (; read < end; ++read) {
    const RecordedCase* recorded = order[read];
    const double weight = recorded->weight / heaviest;
    SeededRandom draw(kFoldSeed, recorded->evidence.case_id);
    const auto fold = static_cast<std::size_t>(draw.Below(static_cast<std::uint64_t>(kFolds)));
    if (weight > 0) table->Add(recorded->evidence, weight, fold);
  }
}

void UtilitySearch::State::BeginSearch() {
  if (!table || table->size() == 0) {
    error = Error{ErrorCode::kNotFound,
                  "no answer of the " + Models(fits) + " that may sit in " + Cases(offered)};
    return;
  }
  SetSearch::Price price;
  price.most = budget.cost_usd_max;
  for (const SeatCost& seat : seats) price.costs.push_back(seat.cost_usd_mean.value_or(0));
  search.emplace(*table, SetSearch::Rules{kOverlapExponent, kPriorCases}, std::move(price));
  holding.emplace(*table, *search, budget.size);
}

// As if no set had more than `most` members.
UtilityChoice UtilitySearch::State::Choose(std::size_t most) {
  std::vector<HeldOut> sizes = holding->sizes();
  if (sizes.size() > most) sizes.resize(most);
  const std::size_t size = AdvantageOfRule(sizes).Proven() ? SizeBy(sizes, std::nullopt) : 1;
  const ModelSet set = holding->best()[size - 1];
  UtilityChoice choice;
  choice.models = NamesOf(set, table->models());
  choice.expected = search->Mean(set, std::nullopt).value_or(0.0);
  choice.cases = static_cast<std::int64_t>(table->size());
  for (const HeldOut& held : sizes) {
    if (held.size != size) continue;
    choice.held_out = held.mean;
    choice.held_out_single = held.single;
    choice.advantage = held.Advantage().Mean();
    choice.advantage_error = held.Advantage().Error();
    choice.reason = Models(size) + ": on held-out cases they beat the best single one by " +
                    WithError(held.Advantage());
  }
  if (size == 1) {
    if (choice.advantage) choice.advantage_error = 0.0;  // it is compared with itself
    choice.reason = WhySingle(sizes, table->size(), most, table->models().size());
  }
  if (fits > kSearchModelsMax) {
    choice.reason += "; of " + Models(fits) + " the " + std::to_string(kSearchModelsMax) +
                     " that do best alone were considered";
  }
  choice.left_out = left_out;
  return choice;
}

UtilitySearch::UtilitySearch(std::span<const RecordedCase> cases, std::span<const SeatCost> pool,
                             const Budget& budget)
    : state_(std::make_unique<State>(cases, pool, budget)) {}
UtilitySearch::UtilitySearch(UtilitySearch&& other) noexcept = default;
UtilitySearch& UtilitySearch::operator=(UtilitySearch&& other) noexcept = default;
UtilitySearch::~UtilitySearch() = default;

bool UtilitySearch::Step() { return state_->Step(); }

Result<UtilityChoice> UtilitySearch::ChoiceOf(std::size_t size) const {
  if (state_->error) return *state_->error;
  CHECK(size >= 1 && size <= state_->budget.size, "sizes beyond the budget's were not searched");
  CHECK(state_->holding && !state_->holding->sizes().empty(), "the search is at its end");
  return state_->Choose(size);
}

Result<UtilityChoice> ChooseByUtility(std::span<const RecordedCase> cases,
                                      std::span<const SeatCost> pool, const Budget& budget) {
  UtilitySearch search(cases, pool, budget);
  while (search.Step()) {
  }
  return search.ChoiceOf(budget.size);
}

std::optional<SetValue> MeasureSet(std::span<const RecordedCase> cases,
                                   std::span<const std::string> set) {
  const std::set<std::string> members(set.begin(), set.end());
  const auto order = InOrder(cases);
  const double heaviest = HeaviestOf(order);
  SetValue result;
  double value = 0.0;
  double relative = 0.0;
  std::vector<std::uint8_t> seated;
  for (const RecordedCase* recorded : order) {
    const Replay replay(recorded->evidence);
    seated.assign(replay.size(), 0);
    std::size_t present = 0;
    for (std::size_t i = 0; i < replay.size(); ++i) {
      seated[i] = members.contains(recorded->evidence.answers[replay.members()[i]].model) ? 1 : 0;
      present += seated[i];
    }
    if (present == 0) continue;
    const double share = static_cast<double>(present) / static_cast<double>(members.size());
    const double weight = recorded->weight / heaviest * std::pow(share, kOverlapExponent);
    value += weight * replay.Value(seated);
    relative += weight;
    ++result.cases;
  }
  if (!(relative > 0)) return std::nullopt;
  result.mean = std::clamp(value / relative, 0.0, 1.0);
  result.weight = std::min(relative * heaviest, std::numeric_limits<double>::max());
  return result;
}

}  // namespace consilium
