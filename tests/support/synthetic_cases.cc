#include "tests/support/synthetic_cases.h"

#include <algorithm>
#include <iterator>
#include <nlohmann/json.hpp>
#include <sstream>
#include <vector>

#include "shared/ids.h"
#include "tests/support/cluster_config.h"

namespace consilium {
namespace {

constexpr double kLookalikeShare = 0.44;
constexpr double kRareShare = 0.42;

// Single ingredients of configs/medications.
constexpr const char* kMedications[] = {
    "amlodipine",  "amoxicillin",  "atorvastatin",  "azithromycin",   "bisoprolol",    "budesonide",
    "captopril",   "cefuroxime",   "cetirizine",    "chlorthalidone", "ciprofloxacin", "citalopram",
    "clindamycin", "clopidogrel",  "diclofenac",    "doxycycline",    "duloxetine",    "enalapril",
    "famotidine",  "fluconazole",  "fluoxetine",    "furosemide",     "gabapentin",    "glipizide",
    "ibuprofen",   "lansoprazole", "levothyroxine", "lisinopril",     "loratadine",    "losartan",
    "metformin",   "metoprolol",   "montelukast",   "naproxen",       "omeprazole",    "sertraline",
    "simvastatin", "sitagliptin",  "tamsulosin",    "valsartan",
};

struct SyntheticModel {
  const char* name;
  double lookalike;  // skills
  double rare;
  double routine;
  const char* group;
};

constexpr SyntheticModel kModels[] = {
    {"sim-syn-a", 0.97, 0.10, 0.60, ""},      {"sim-syn-b", 0.97, 0.10, 0.60, ""},
    {"sim-ant-a", 0.05, 0.95, 0.60, "twins"}, {"sim-ant-b", 0.05, 0.95, 0.60, "twins"},
    {"sim-c", 0.05, 0.10, 0.80, ""},          {"sim-d", 0.05, 0.10, 0.80, ""},
    {"sim-e", 0.05, 0.10, 0.80, ""},          {"sim-f", 0.05, 0.10, 0.80, ""},
};

std::string FourDigits(int number) {
  const std::string digits = std::to_string(number);
  return std::string(4 - std::min<std::size_t>(4, digits.size()), '0') + digits;
}

std::string OneCase(std::uint64_t seed, int number) {
  const std::string id = "syn-" + std::to_string(seed) + "-" + FourDigits(number);
  SeededRandom random(seed, "synthetic case|" + std::to_string(number));
  const double draw = random.Unit();
  const char* specialty = "routine";
  if (draw < kLookalikeShare + kRareShare) specialty = "rare";
  if (draw < kLookalikeShare) specialty = "lookalike";
  std::vector<std::string> names(std::begin(kMedications), std::end(kMedications));
  random.Shuffle(names);
  nlohmann::json wrong = nlohmann::json::array();
  const std::size_t mistakes = draw < kLookalikeShare ? 1 : 4;
  for (std::size_t i = 1; i <= mistakes; ++i) wrong.push_back(nlohmann::json::array({names[i]}));
  const nlohmann::json known = {{"id", id},
                                {"specialty", specialty},
                                {"text", "Invented case " + id + ": which single medication fits?"},
                                {"gold_medications", nlohmann::json::array({names[0]})},
                                {"acceptable", nlohmann::json::array()},
                                {"must_not", nlohmann::json::array()},
                                {"distractors", wrong}};
  return known.dump();
}

}  // namespace

std::string SyntheticCases(const SyntheticOptions& options) {
  std::string lines;
  for (int i = 0; i < options.cases; ++i) lines += OneCase(options.seed, options.first + i) + "\n";
  return lines;
}

std::string SyntheticCluster(const SyntheticClusterOptions& options) {
  std::ostringstream toml;
  toml << options.sections << "\n[ensemble]\nstrategy = \"" << options.strategy
       << "\"\nsize = " << options.ensemble << "\n"
       << options.ensemble_more << "\n"
       << CouncilSection("deadline_s = 60\nsupport_min = 0.3\n" + options.council);
  std::uint64_t seed = options.seed * 100;
  for (const SyntheticModel& model : kModels) {
    toml << "[[backend]]\nmodel = \"" << model.name
         << "\"\nprovider = \"simulated\"\nplacement = \"" << (seed % 2 == 0 ? "local" : "remote")
         << "\"\nconcurrency = 8\n[backend.simulated]\nknowledge = \"" << options.knowledge
         << "\"\nseed = " << seed << "\nlatency_ms_median = " << options.latency_ms
         << "\nskill = { lookalike = " << model.lookalike << ", rare = " << model.rare
         << ", routine = " << model.routine
         << " }\nreview_skill = { rare = 0.97, routine = 0.8 }\nblind_spots = [\"lookalike\"]\n"
         << "grading_noise = 0.01\ngroup = \"" << model.group << "\"\n";
    ++seed;
  }
  return toml.str();
}

}  // namespace consilium
