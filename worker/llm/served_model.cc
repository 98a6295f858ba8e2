#include "worker/llm/served_model.h"

#include <algorithm>
#include <string>
#include <vector>

#include "worker/text_clean.h"

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

// Says which edition of a model it is, not which model.
bool IsEdition(const std::string& word) {
  constexpr std::string_view kWords[] = {
      "preview", "exp",  "latest", "instruct", "chat", "it", "gguf", "awq", "gptq", "mlx", "fp8",
      "fp16",    "bf16", "int4",   "int8",     "001",  "k",  "m",    "s",   "l",    "xs"};
  if (std::find(std::begin(kWords), std::end(kWords), word) != std::end(kWords)) return true;
  const bool letter = word[0] == 'v' || word[0] == 'q';
  // One digit alone is a version of the model itself: "4" and "4.1" are two models.
  return word.size() >= 2 && std::all_of(word.begin() + (letter ? 1 : 0), word.end(), IsDigit);
}

}  // namespace

bool IsSameModel(std::string_view asked, std::string_view served) {
  std::vector<std::string> shorter = Words(asked);
  std::vector<std::string> longer = Words(served);
  if (shorter.size() > longer.size()) std::swap(shorter, longer);
  if (shorter.empty()) return false;
  return std::equal(shorter.begin(), shorter.end(), longer.begin()) &&
         std::all_of(longer.begin() + static_cast<long>(shorter.size()), longer.end(), IsEdition);
}

}  // namespace consilium
