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
#include "shared/ids.h"

namespace consilium {
namespace {

// Changes which cases are held out together, never what they say.
constexpr std::uint64_t kFoldSeed = 1;

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

// More models than a search takes: those that do best alone.
void KeepBestAlone(const std::vector<const RecordedCase*>& cases, std::vector<SeatCost>& seats) {
  std::vector<std::string> names;
  names.reserve(seats.size());
  for (const SeatCost& seat : seats) names.push_back(seat.model);
  const auto best = BestAlone(cases, std::move(names));
  const auto is_left_out = [&](const SeatCost& seat) {
    return !std::binary_search(best.begin(), best.end(), seat.model);
  };
  seats.erase(std::remove_if(seats.begin(), seats.end(), is_left_out), seats.end());
}

OutcomeTable Tabulate(const std::vector<const RecordedCase*>& cases,
                      const std::vector<SeatCost>& seats) {
  std::vector<std::string> names;
  names.reserve(seats.size());
  for (const SeatCost& seat : seats) names.push_back(seat.model);
  OutcomeTable table(std::move(names));
  const double heaviest = HeaviestOf(cases);
  for (const RecordedCase* recorded : cases) {
    const double weight = recorded->weight / heaviest;
    SeededRandom draw(kFoldSeed, recorded->evidence.case_id);
    const auto fold = static_cast<std::size_t>(draw.Below(static_cast<std::uint64_t>(kFolds)));
    if (weight > 0) table.Add(recorded->evidence, weight, fold);
  }
  return table;
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
std::string WhySingle(const std::vector<HeldOut>& sizes, std::size_t cases, const Budget& budget,
                      std::size_t models) {
  if (budget.size == 1) return "one model: the budget has one seat";
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

UtilityChoice Choose(OutcomeTable& table, SetSearch& search, const Budget& budget) {
  const std::vector<HeldOut> sizes = HoldOut(table, search, budget.size);
  const std::size_t size = AdvantageOfRule(sizes).Proven() ? SizeBy(sizes, std::nullopt) : 1;
  const ModelSet set = search.BestBySize(size, std::nullopt).back();
  UtilityChoice choice;
  choice.models = NamesOf(set, table.models());
  choice.expected = search.Mean(set, std::nullopt).value_or(0.0);
  choice.cases = static_cast<std::int64_t>(table.size());
  for (const HeldOut& held : sizes) {
    if (held.size != size) continue;
    choice.held_out = held.mean;
    choice.held_out_single = held.single;
    choice.advantage = held.Advantage().Mean();
    choice.advantage_error = held.Advantage().Error();
    choice.reason = Models(size) + ": on held-out cases they beat the best single one by " +
                    WithError(held.Advantage());
  }
  if (size > 1) return choice;
  if (choice.advantage) choice.advantage_error = 0.0;  // it is compared with itself
  choice.reason = WhySingle(sizes, table.size(), budget, table.models().size());
  return choice;
}

}  // namespace

Result<UtilityChoice> ChooseByUtility(std::span<const RecordedCase> cases,
                                      std::span<const SeatCost> pool, const Budget& budget) {
  if (pool.empty()) return Invalid("pool has 0 models, expected at least 1");
  if (budget.size == 0) return Invalid("budget size = 0, expected at least 1");
  Fitting fitting = FitBudget(pool, budget);
  if (fitting.seats.empty()) {
    return Invalid("the budget leaves no model; " + fitting.left_out.front());
  }
  const auto order = InOrder(cases);
  const std::size_t fits = fitting.seats.size();
  if (fits > kSearchModelsMax) KeepBestAlone(order, fitting.seats);
  OutcomeTable table = Tabulate(order, fitting.seats);
  if (table.size() == 0) {
    return Error{ErrorCode::kNotFound,
                 "no answer of the " + Models(fits) + " that may sit in " + Cases(cases.size())};
  }
  SetSearch::Price price;
  price.most = budget.cost_usd_max;
  for (const SeatCost& seat : fitting.seats) price.costs.push_back(seat.cost_usd_mean.value_or(0));
  SetSearch search(table, {kOverlapExponent, kPriorCases}, std::move(price));
  UtilityChoice choice = Choose(table, search, budget);
  if (fits > kSearchModelsMax) {
    choice.reason += "; of " + Models(fits) + " the " + std::to_string(kSearchModelsMax) +
                     " that do best alone were considered";
  }
  choice.left_out = std::move(fitting.left_out);
  return choice;
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
