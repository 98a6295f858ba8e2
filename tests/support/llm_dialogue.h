// What a client of each of the four forms sends, and what it reads: a second opinion on the wire,
// written without the code of the server. Threads: functions without state.
#pragma once

#include <string>

#include "tests/support/llm_request.h"

namespace consilium {

struct LlmWish {
  LlmForm form = LlmForm::kOpenAi;
  bool streamed = false;
  LlmRung rung = LlmRung::kText;
  std::string model = "m1";
  std::string system;
  std::string user;
};

std::string PathOf(const LlmWish& wish);
std::string RequestOf(const LlmWish& wish);  // its body

struct LlmHeard {
  bool well_formed = true;  // every event was JSON
  bool finished = false;    // the reply says that it is at its end
  std::string content;      // text, or the arguments of a tool call
  std::string tool;
  std::string refusal;  // in the provider's own form; Ollama has none
  std::string reason;   // why it ended
  std::string model;
  std::string error;  // type or status, or the message when there is neither
  int prompt_tokens = 0;
  int completion_tokens = 0;
};

LlmHeard Hear(const LlmWish& wish, const std::string& body);

// The prompts of ours, as far as a server looks at them.
LlmWish GenerateWish(LlmForm form, bool streamed, const std::string& case_text);
LlmWish ReviewWish(LlmForm form, bool streamed, const std::string& case_text);  // labels A and B

}  // namespace consilium
