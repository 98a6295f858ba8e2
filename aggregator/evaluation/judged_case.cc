#include "aggregator/evaluation/judged_case.h"

#include <algorithm>
#include <iterator>
#include <numeric>
#include <set>
#include <utility>

namespace consilium {
namespace {

void SortAnswers(JudgedCase& judged) {
  auto& answers = judged.evidence.answers;
  judged.tokens.resize(answers.size());
  std::vector<std::size_t> order(answers.size());
  std::iota(order.begin(), order.end(), 0);
  std::sort(order.begin(), order.end(), [&answers](std::size_t a, std::size_t b) {
    return answers[a].model < answers[b].model;
  });
  std::vector<EvidenceAnswer> sorted;
  std::vector<Tokens> tokens;
  for (const std::size_t i : order) {
    sorted.push_back(std::move(answers[i]));
    tokens.push_back(judged.tokens[i]);
  }
  answers = std::move(sorted);
  judged.tokens = std::move(tokens);
}

void FindKeys(JudgedCase& judged) {
  for (const EvidenceAnswer& answer : judged.evidence.answers) {
    const bool there = std::any_of(judged.keys.begin(), judged.keys.end(),
                                   [&](const JudgedKey& key) { return key.key == answer.key; });
    if (!there) judged.keys.push_back({answer.key, std::nullopt, std::nullopt});
  }
  std::sort(judged.keys.begin(), judged.keys.end(),
            [](const JudgedKey& a, const JudgedKey& b) { return a.key < b.key; });
}

}  // namespace

SetScore ScoreSets(const std::vector<std::string>& gold, const std::vector<std::string>& given) {
  const std::set<std::string> right(gold.begin(), gold.end());
  const std::set<std::string> said(given.begin(), given.end());
  std::vector<std::string> both;
  std::set_intersection(right.begin(), right.end(), said.begin(), said.end(),
                        std::back_inserter(both));
  SetScore score;
  score.exact = right == said;
  const auto all = static_cast<double>(right.size() + said.size());
  const auto common = static_cast<double>(both.size());
  score.jaccard = all == 0 ? 1.0 : common / (all - common);
  score.f1 = all == 0 ? 1.0 : 2 * common / all;
  return score;
}

void RecordedAnswers::AddBad(std::size_t line, std::string why) {
  ++bad_count;
  if (bad.size() < kBadLinesKept) bad.push_back({line, std::move(why)});
}

void Complete(RecordedAnswers& recorded) {
  std::set<std::string> models;
  std::size_t answers = 0;
  for (JudgedCase& judged : recorded.cases) {
    SortAnswers(judged);
    FindKeys(judged);
    for (const EvidenceAnswer& answer : judged.evidence.answers) {
      models.insert(answer.model);
      recorded.reviewed = recorded.reviewed || answer.grade;
    }
    answers += judged.evidence.answers.size();
  }
  recorded.models.assign(models.begin(), models.end());
  for (const auto& [model, why] : recorded.missing_why) models.insert(model);
  recorded.missing = models.size() * recorded.cases.size() - answers;
}

}  // namespace consilium
