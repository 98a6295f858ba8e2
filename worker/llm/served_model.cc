#include "worker/llm/served_model.h"

#include <algorithm>
#include <string>
#include <vector>

#include "shared/text.h"

namespace consilium {
namespace {

bool IsDigit(char c) { return c >= '0' && c <= '9'; }

// Lower-case words of the name itself.
std::vector<std::string> Words(std::string_view model) {
  std::string name = LowerAscii(model);
  name.erase(0, name.find_last_of('/') == name.npos ? 0 : name.find_last_of('/') + 1);
  constexpr std::string_view kFile = ".gguf";
  if (name.size() > kFile.size() && name.ends_with(kFile)) name.resize(name.size() - kFile.size());
  std::vector<std::string> words(1);
  for (const char c : name) {
    if (c == '-' || c == '_' || c == '.' || c == ':' || c == '@' || c == ' ') {
      if (!words.back().empty()) words.emplace_back();
    } else {
      words.back() += c;
    }
  }
  if (words.back().empty() || words.back() == "latest") words.pop_back();
  return words;
}

bool IsNumber(const std::string& word) { return std::all_of(word.begin(), word.end(), IsDigit); }

// How the weights are stored: "q4", "fp16", "gguf", "awq"; behind "q4" also "k" and "m".
bool IsForm(const std::string& word, const std::string& before) {
  constexpr std::string_view kForms[] = {"gguf", "awq",  "gptq", "mlx", "fp8",
                                         "fp16", "bf16", "int4", "int8"};
  if (std::find(std::begin(kForms), std::end(kForms), word) != std::end(kForms)) return true;
  if (word.size() >= 2 && word[0] == 'q' && IsNumber(word.substr(1))) return true;
  const bool quantized = before[0] == 'q' || before == "k";
  return quantized && (word == "k" || word == "s" || word == "m" || word == "l" || word == "xs");
}

// A date or the number of a release: "20241022", "0613", "001", the parts of "2024-08-06". Fewer
// digits are a version of the model itself: "4" and "4.1" are two models.
bool IsRelease(const std::string& word, const std::string& before) {
  if (!IsNumber(word)) return false;
  if (word.size() >= 4 || (word.size() == 3 && word[0] == '0')) return true;
  return word.size() == 2 && IsNumber(before) && (before.size() == 4 || before.size() == 2);
}

// Whether the words from `start` on only say which edition of the model it is.
bool IsEdition(const std::vector<std::string>& words, std::size_t start) {
  for (std::size_t i = start; i < words.size(); ++i) {
    const std::string& before = words[i - 1];
    if (!IsForm(words[i], before) && !IsRelease(words[i], i == start ? "" : before)) return false;
  }
  return true;
}

}  // namespace

bool IsSameModel(std::string_view asked, std::string_view served) {
  std::vector<std::string> shorter = Words(asked);
  std::vector<std::string> longer = Words(served);
  if (shorter.size() > longer.size()) std::swap(shorter, longer);
  if (shorter.empty()) return false;
  return std::equal(shorter.begin(), shorter.end(), longer.begin()) &&
         IsEdition(longer, shorter.size());
}

}  // namespace consilium
