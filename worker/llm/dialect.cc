#include "worker/llm/dialect.h"

#include <algorithm>
#include <initializer_list>
#include <string>
#include <string_view>

#include "worker/json_object.h"
#include "worker/llm/wire_json.h"
#include "shared/text.h"

namespace consilium {
namespace {

bool IsWordCharacter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_';
}

// One of the words stands in the lower-case text by itself: "information" has no "format".
bool Mentions(std::string_view text, std::initializer_list<std::string_view> words) {
  return std::any_of(words.begin(), words.end(), [text](std::string_view word) {
    for (std::size_t at = text.find(word); at != text.npos; at = text.find(word, at + 1)) {
      const std::size_t end = at + word.size();
      const bool starts = at == 0 || !IsWordCharacter(text[at - 1]);
      const bool ends = end == text.size() || !IsWordCharacter(text[end]);
      if (starts && ends) return true;
    }
    return false;
  });
}

// By a name that nothing but this rung has.
bool NamesRung(std::string_view text, Rung rung) {
  switch (rung) {
    case Rung::kSchema:
      return Mentions(text, {"response_format", "json_schema", "output_config", "output_format",
                             "responsejsonschema", "response_json_schema", "responseschema",
                             "response_schema", "responsemimetype", "response_mime_type",
                             "structured output", "structured outputs", "grammar"});
    case Rung::kTool:
      return Mentions(text, {"tools", "tool_choice", "tool use", "tool calling", "function calling",
                             "toolconfig", "tool_config", "functioncallingconfig"});
    case Rung::kJson:
      return Mentions(text, {"response_format", "json_object", "json mode", "responsemimetype",
                             "response_mime_type"});
    case Rung::kPrompt:
      return false;
  }
  return false;
}

// By a word that could also mean something else.
bool HintsAtRung(std::string_view text, Rung rung) {
  if (rung == Rung::kTool) return Mentions(text, {"tool", "function", "functions"});
  return rung != Rung::kPrompt && Mentions(text, {"format", "schema"});
}

// What a refusal says, in lower case, without what it may echo of the request: the parameter and
// the message of OpenAI's form, the places and messages of FastAPI's; else all of it.
std::string Complaint(std::string_view body) {
  const std::optional<Json> parsed = ReadJson(body);
  if (!parsed) return LowerAscii(body);
  std::string text;
  const auto add = [&text](const std::string& more) { text += more + "\n"; };
  const Json& error = Find(*parsed, "error") != nullptr ? *Find(*parsed, "error") : *parsed;
  add(TextOf(&error));
  for (const char* key : {"param", "message", "detail"}) add(TextOf(Find(error, key)));
  if (const Json* details = Find(*parsed, "detail"); details != nullptr && details->is_array()) {
    for (const Json& detail : *details) {
      add(TextOf(Find(detail, "msg")));
      const Json* place = Find(detail, "loc");
      if (place == nullptr || !place->is_array()) continue;
      for (const Json& part : *place) add(TextOf(&part));
    }
  }
  return LowerAscii(text);
}

}  // namespace

std::optional<Dialect> AfterRefusal(const Provider& provider, const HttpReply& reply,
                                    const Dialect& used, bool known) {
  if (reply.end != HttpReply::End::kDone) return std::nullopt;
  const bool refused = reply.status == 400 || reply.status == 422;
  // Routers say 404 when no server of theirs takes a parameter; llama.cpp 500 for a schema. Of a
  // server that has taken it before, these mean what they mostly mean.
  const bool perhaps =
      !known && (reply.status == 404 || reply.status == 500 || reply.status == 501);
  if (!refused && !perhaps) return std::nullopt;
  const std::string text = Complaint(reply.body);
  Dialect next = used;
  const bool named = NamesRung(text, used.rung);
  if (perhaps && !named) return std::nullopt;
  if (named) {
    next.rung = provider.Below(used.rung);
    return next;
  }
  const bool hinted = HintsAtRung(text, used.rung);
  if (used.stream && used.stream_usage && Mentions(text, {"stream_options"})) {
    next.stream_usage = false;
  } else if (!used.max_completion_tokens && Mentions(text, {"max_completion_tokens"})) {
    next.max_completion_tokens = true;
  } else if (used.temperature && Mentions(text, {"temperature"})) {
    next.temperature = false;
  } else if (!hinted && used.stream &&
             Mentions(text, {"stream", "streaming", "streamgeneratecontent"})) {
    next.stream = false;
  } else if (hinted || !known) {
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

LearnedDialect::LearnedDialect(const Provider& provider, const BackendConfig& config)
    : provider_(provider) {
  const auto* const rung =
      std::find(std::begin(kRungNames), std::end(kRungNames), config.structured);
  dialect_.rung = static_cast<Rung>(rung - std::begin(kRungNames));
  dialect_.stream = config.stream;
}

void LearnedDialect::Taken(const Dialect& used) {
  known_ = true;
  dialect_ = Merged(dialect_, used);
}

void LearnedDialect::Kept(const Dialect& used, bool usable) {
  if (used.rung != dialect_.rung) return;
  misses_ = usable ? 0 : misses_ + 1;
  if (misses_ < kMissesMax) return;
  misses_ = 0;
  dialect_.rung = provider_.Below(dialect_.rung);
}

}  // namespace consilium
