// A refusal in prose, told apart from an answer that is merely not JSON.
// Threads: functions without state.
#pragma once

#include <string_view>

namespace consilium {

// Whether all that `text` says is that its writer will not answer: short, without any brace, and
// beginning with such a phrase ("I'm sorry, but I can't help with that"), at most after a greeting
// or an apology. Conservative: what goes on to say what its writer would give is no refusal, and a
// text in another language is not seen to be one. Reasoning in <think> tags is left aside.
bool LooksLikeRefusal(std::string_view text);

}  // namespace consilium
