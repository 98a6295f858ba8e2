#include "worker/prompts.h"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <map>
#include <nlohmann/json.hpp>
#include <system_error>
#include <utility>

#include "shared/ids.h"
#include "shared/shown_text.h"
#include "shared/text.h"
#include "worker/text_clean.h"

namespace consilium {
namespace {

constexpr std::string_view kDivider = "\n--- user ---\n";
constexpr std::size_t kTemplateBytesMax = 65536;

// The name in a first line "--- version NAME ---".
std::optional<std::string_view> VersionOf(std::string_view text) {
  constexpr std::string_view kStart = "--- version ";
  constexpr std::string_view kEnd = " ---";
  std::string_view line = text.substr(0, text.find('\n'));
  if (line.size() == text.size() || !line.starts_with(kStart) || !line.ends_with(kEnd) ||
      line.size() < kStart.size() + kEnd.size()) {
    return std::nullopt;
  }
  line.remove_prefix(kStart.size());
  line.remove_suffix(kEnd.size());
  const bool good =
      !line.empty() && line.size() <= 32 && std::all_of(line.begin(), line.end(), [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
               c == '.' || c == '_' || c == '-';
      });
  return good ? std::optional(line) : std::nullopt;
}

std::string LineOf(std::string_view text, std::size_t at) {
  return std::to_string(1 + std::count(text.begin(), text.begin() + static_cast<long>(at), '\n'));
}

// Calls `use(name, start, end)` for each {{name}}; stops at the first that returns false.
template <class Use>
void ForEachPlaceholder(std::string_view text, Use use) {
  for (std::size_t start = text.find("{{"); start != text.npos;) {
    const std::size_t close = text.find("}}", start + 2);
    if (close == text.npos) return;
    if (!use(text.substr(start + 2, close - start - 2), start, close + 2)) return;
    start = text.find("{{", close + 2);
  }
}

// Values are not looked through for placeholders again.
std::string Fill(std::string_view form, const std::map<std::string_view, std::string>& values) {
  std::string filled;
  std::size_t done = 0;
  ForEachPlaceholder(form, [&](std::string_view name, std::size_t start, std::size_t end) {
    filled += form.substr(done, start - done);
    const auto value = values.find(name);
    if (value != values.end()) filled += value->second;
    done = end;
    return true;
  });
  filled += form.substr(done);
  return filled;
}

// Text from outside, safe between the two delimiter lines.
class Fence {
 public:
  explicit Fence(std::string_view delimiter) : delimiter_(delimiter) {}

  std::string Text(std::string_view raw, bool lines) const {
    std::string clean = CleanText(raw, lines);
    // Removing one may join the halves of another.
    for (std::size_t at = Find(clean); at != clean.npos; at = Find(clean)) {
      clean.erase(at, delimiter_.size());
    }
    return std::string(Trimmed(clean));
  }
  std::string Line(std::string_view raw) const { return Text(raw, /*lines=*/false); }

 private:
  std::size_t Find(const std::string& text) const {
    return delimiter_.empty() ? text.npos : LowerAscii(text).find(delimiter_);
  }
  std::string_view delimiter_;
};

std::string Number(double value) {
  std::string text = nlohmann::json(value).dump();
  if (text.size() > 2 && text.compare(text.size() - 2, 2, ".0") == 0) text.resize(text.size() - 2);
  return text;
}

std::string List(const Fence& fence, const std::vector<std::string>& items) {
  std::string text;
  for (const std::string& item : items) {
    if (!text.empty()) text += "; ";
    text += fence.Line(item);
  }
  return text;
}

std::string DescribePatient(const Fence& fence, const Patient& patient) {
  std::string text;
  const auto add = [&text](std::string_view name, const std::string& value) {
    text += "- ";
    text += name;
    text += ": " + value + "\n";
  };
  if (patient.age) add("age", Number(*patient.age) + " years");
  if (patient.sex) add("sex", fence.Line(*patient.sex));
  if (!patient.allergies.empty()) add("allergies", List(fence, patient.allergies));
  if (!patient.medications.empty()) add("current medications", List(fence, patient.medications));
  if (patient.pregnant) add("pregnant", *patient.pregnant ? "yes" : "no");
  if (patient.egfr) add("eGFR", Number(*patient.egfr) + " mL/min/1.73 m2");
  if (patient.weight_kg) add("weight", Number(*patient.weight_kg) + " kg");
  return text.empty() ? "- nothing beyond the text above\n" : text;
}

std::string DescribeOptions(const Fence& fence, const std::map<std::string, std::string>& options) {
  std::string text;
  for (const auto& [letter, meaning] : options) {
    text += fence.Line(letter) + ") " + fence.Line(meaning) + "\n";
  }
  return text.empty() ? "none: the question is open\n" : text;
}

// One answer per line as JSON: escaped line breaks keep each answer where it belongs.
std::string DescribeAnswers(const Fence& fence, const std::vector<LabelledAnswer>& answers) {
  std::string text;
  for (const LabelledAnswer& shown : answers) {
    nlohmann::ordered_json line;
    line["label"] = fence.Line(shown.label);
    line["medications"] = nlohmann::ordered_json::array();
    for (const Medication& m : shown.answer.medications) {
      nlohmann::ordered_json medication;
      medication["ingredient"] = fence.Line(m.ingredient);
      const std::pair<const char*, const std::string*> fields[] = {
          {"dose", &m.dose},           {"unit", &m.unit},         {"route", &m.route},
          {"frequency", &m.frequency}, {"duration", &m.duration}, {"indication", &m.indication},
      };
      for (const auto& [key, value] : fields) {
        if (!value->empty()) medication[key] = fence.Line(*value);
      }
      line["medications"].push_back(std::move(medication));
    }
    if (shown.answer.option) line["option"] = fence.Line(*shown.answer.option);
    if (!shown.answer.rationale.empty()) {
      line["rationale"] = fence.Text(shown.answer.rationale, /*lines=*/true);
    }
    if (!shown.answer.cautions.empty()) {
      line["cautions"] = fence.Text(shown.answer.cautions, /*lines=*/true);
    }
    text += line.dump() + "\n";
  }
  return text;
}

Result<PromptTemplate> LoadTemplate(const std::string& folder, const char* name, Stage stage) {
  const std::string file = (std::filesystem::path(folder) / name).string();
  std::ifstream input(file, std::ios::binary);
  if (!input)
    return Error{ErrorCode::kNotFound, file + ": cannot be read, expected a prompt template"};
  std::string text(kTemplateBytesMax + 1, '\0');
  input.read(text.data(), static_cast<std::streamsize>(text.size()));
  text.resize(static_cast<std::size_t>(input.gcount()));
  return ParsePromptTemplate(text, stage, file);
}

}  // namespace

Result<PromptTemplate> ParsePromptTemplate(std::string_view text, Stage stage,
                                           const std::string& file) {
  if (text.size() > kTemplateBytesMax) {
    return Error{ErrorCode::kTooLarge,
                 file + ": a template has at most " + std::to_string(kTemplateBytesMax) + " bytes"};
  }
  const std::optional<std::string_view> version = VersionOf(text);
  if (!version) {
    return Invalid(file +
                   ":1: expected a line \"--- version NAME ---\", NAME of 1..32 letters, digits, "
                   "'.', '_' or '-'");
  }
  const std::size_t divider = text.find(kDivider);
  if (divider == text.npos) {
    return Invalid(file +
                   ": expected a line \"--- user ---\" between the system and the user message");
  }
  std::vector<std::string> known = {"delimiter", "case", "patient", "question", "options"};
  std::vector<std::string_view> needed = {"delimiter", "case"};
  if (stage == Stage::kReview) {
    known.insert(known.end(), {"answers", "labels"});
    needed.push_back("answers");
  }
  std::optional<Error> problem;
  ForEachPlaceholder(text, [&](std::string_view name, std::size_t start, std::size_t /*end*/) {
    if (std::find(known.begin(), known.end(), name) == known.end()) {
      problem = Invalid(file + ":" + LineOf(text, start) + ": {{" + Escaped(CutUtf8(name, 64)) +
                        "}}, expected one of " + Joined(known, ", "));
    }
    needed.erase(std::remove(needed.begin(), needed.end(), name), needed.end());
    return !problem;
  });
  if (problem) return *problem;
  if (!needed.empty())
    return Invalid(file + ": {{" + std::string(needed.front()) + "}} is missing");
  PromptTemplate form;
  form.version = *version;
  const std::size_t start = text.find('\n') + 1;
  form.system = text.substr(start, divider - start);
  form.user = text.substr(divider + kDivider.size());
  form.hash = Sha256Hex(text);
  return form;
}

Result<PromptSet> LoadPrompts(const std::string& folder) {
  Result<PromptTemplate> generate = LoadTemplate(folder, "generate.txt", Stage::kGenerate);
  if (!generate) return generate.error();
  Result<PromptTemplate> review = LoadTemplate(folder, "review.txt", Stage::kReview);
  if (!review) return review.error();
  return PromptSet{std::move(*generate), std::move(*review)};
}

Result<std::string> FindPrompts(const std::string& config_file) {
  namespace fs = std::filesystem;
  std::error_code ignored;
  const fs::path beside = fs::absolute(config_file, ignored).parent_path();
  const fs::path program = fs::read_symlink("/proc/self/exe", ignored).parent_path();
  const fs::path places[] = {
      beside / "prompts",
      beside.parent_path() / "prompts",
      program.parent_path() / "share" / "consilium" / "prompts",
      // build/<preset>/bin in the sources
      program.parent_path().parent_path().parent_path() / "configs" / "prompts",
  };
  std::string tried;
  for (const fs::path& place : places) {
    if (fs::is_regular_file(place / "generate.txt", ignored)) return place.string();
    tried += (tried.empty() ? "" : ", ") + place.string();
  }
  return Error{
      ErrorCode::kNotFound,
      "prompts: no folder named in the configuration and no generate.txt in any of " + tried};
}

Status SettlePrompts(BackendConfig& backend, const std::string& config_file) {
  if (!IsHttpProvider(backend.provider) || !backend.prompts.empty()) return Ok();
  Result<std::string> found = FindPrompts(config_file);
  if (!found) return found.error();
  backend.prompts = std::move(*found);
  return Ok();
}

Prompt RenderPrompt(const PromptTemplate& form, const Vignette& vignette,
                    const std::optional<ReviewPacket>& review, std::string_view delimiter) {
  const Fence fence(delimiter);
  std::map<std::string_view, std::string> values = {
      {"delimiter", std::string(delimiter)},
      {"case", fence.Text(vignette.text, /*lines=*/true)},
      {"patient", DescribePatient(fence, vignette.patient)},
      {"question", vignette.question ? fence.Text(*vignette.question, /*lines=*/true)
                                     : "Which medication, if any, should this patient get?"},
      {"options", DescribeOptions(fence, vignette.options)},
  };
  if (review) {
    std::string labels;
    for (const LabelledAnswer& shown : review->answers) {
      labels += (labels.empty() ? "" : ", ") + fence.Line(shown.label);
    }
    values.emplace("answers", DescribeAnswers(fence, review->answers));
    values.emplace("labels", std::move(labels));
  }
  return {Fill(form.system, values), Fill(form.user, values)};
}

}  // namespace consilium
