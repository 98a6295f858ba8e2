// Any text as a prompt template of each stage: a template that can be filled, or what is wrong.
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

#include "shared/check.h"
#include "shared/text.h"
#include "worker/prompts.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace consilium;  // NOLINT(google-build-using-namespace): a function of its own
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  Vignette vignette;
  vignette.text = "a case";
  for (const Stage stage : {Stage::kGenerate, Stage::kReview}) {
    const Result<PromptTemplate> form = ParsePromptTemplate(text, stage, "fuzz.txt");
    if (!form) {
      CHECK(form.error().text.rfind("fuzz.txt:", 0) == 0, "a problem names its file");
      CHECK(FindInvalidUtf8(text) != std::string_view::npos ||
                FindInvalidUtf8(form.error().text) == std::string_view::npos,
            "problems are for people");
      continue;
    }
    CHECK(form->system.size() + form->user.size() < size, "only the divider is left out");
    std::optional<ReviewPacket> review;
    if (stage == Stage::kReview) review.emplace();
    const Prompt prompt = RenderPrompt(*form, vignette, review, "fence");
    CHECK((prompt.system + prompt.user).find(vignette.text) != std::string::npos,
          "a prompt holds its case");
  }
  return 0;
}
