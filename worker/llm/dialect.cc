#include "worker/llm/dialect.h"

#include <algorithm>
#include <initializer_list>
#include <string>
#include <string_view>

#include "worker/text_clean.h"

namespace consilium {
namespace {

bool Mentions(const std::string& text, std::initializer_list<std::string_view> words) {
  return std::any_of(words.begin(), words.end(),
                     [&text](std::string_view word) { return text.find(word) != text.npos; });
}

bool MentionsRung(const std::string& text, Rung rung) {
  switch (rung) {
    case Rung::kSchema:
      return Mentions(text, {"response_format", "json_schema", "output_config", "output_format",
                             "responsejsonschema", "response_json_schema", "responseschema",
                             "response_schema", "responsemimetype", "response_mime_type",
                             "structured output", "grammar", "format"});
    case Rung::kTool:
      return Mentions(text, {"tool", "function"});
    case Rung::kJson:
      return Mentions(text, {"response_format", "json_object", "json mode", "responsemimetype",
                             "response_mime_type", "format"});
    case Rung::kPrompt:
      return false;
  }
  return false;
}

}  // namespace

std::optional<Dialect> AfterRefusal(const Provider& provider, const HttpReply& reply,
                                    const Dialect& used, bool known) {
  if (reply.end != HttpReply::End::kDone) return std::nullopt;
  const bool refused = reply.status == 400 || reply.status == 422;
  // Routers say 404 when no server of theirs takes a parameter; llama.cpp 500 for a schema.
  const bool perhaps = reply.status == 404 || reply.status == 500 || reply.status == 501;
  if (!refused && !perhaps) return std::nullopt;
  const std::string text = LowerAscii(reply.body);
  Dialect next = used;
  if (used.stream && used.stream_usage && Mentions(text, {"stream_options"})) {
    next.stream_usage = false;
  } else if (!used.max_completion_tokens && Mentions(text, {"max_completion_tokens"})) {
    next.max_completion_tokens = true;
  } else if (used.temperature && Mentions(text, {"temperature"})) {
    next.temperature = false;
  } else if (MentionsRung(text, used.rung)) {
    next.rung = provider.Below(used.rung);
  } else if (refused && used.stream && Mentions(text, {"stream"})) {
    next.stream = false;
  } else if (refused && !known) {
    next.rung = provider.Below(used.rung);
  }
  if (next == used) return std::nullopt;
  return next;
}

Dialect Merged(const Dialect& a, const Dialect& b) {
  Dialect both;
  both.rung = std::max(a.rung, b.rung);
  both.temperature = a.temperature && b.temperature;
  both.max_completion_tokens = a.max_completion_tokens || b.max_completion_tokens;
  both.stream = a.stream && b.stream;
  both.stream_usage = a.stream_usage && b.stream_usage;
  return both;
}

}  // namespace consilium
