#include "tests/support/llm_request.h"

#include <array>
#include <cstdlib>
#include <initializer_list>
#include <sstream>
#include <utility>

namespace consilium {
namespace {

using Json = nlohmann::json;

constexpr std::array<const char*, 4> kForms = {"openai", "anthropic", "gemini", "ollama"};
constexpr std::array<const char*, 4> kRungs = {"text", "json_object", "schema", "tools"};
constexpr std::array<const char*, kLlmFeatures> kFeatures = {
    "schema", "tools", "json_object", "temperature", "max_tokens", "stream_options", "stream"};

// What stands there, or null.
const Json& At(const Json& from, std::initializer_list<const char*> path) {
  static const Json none;
  const Json* at = &from;
  for (const char* key : path) {
    if (!at->is_object() || !at->contains(key)) return none;
    at = &(*at)[key];
  }
  return *at;
}

const Json& First(const Json& list) {
  static const Json none;
  return list.is_array() && !list.empty() ? list.front() : none;
}

std::string TextOf(const Json& value) { return value.is_string() ? value.get<std::string>() : ""; }

bool IsTrue(const Json& value) { return value.is_boolean() && value.get<bool>(); }

// A string, or a list of parts with a text each.
std::string ContentText(const Json& content) {
  if (!content.is_array()) return TextOf(content);
  std::string all;
  for (const Json& part : content) all += TextOf(At(part, {"text"}));
  return all;
}

bool EndsWith(std::string_view text, std::string_view end) {
  return text.size() >= end.size() && text.substr(text.size() - end.size()) == end;
}

std::string PercentDecoded(std::string_view text) {
  std::string plain;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '%' && i + 2 < text.size()) {
      const std::string hex(text.substr(i + 1, 2));
      plain += static_cast<char>(std::strtol(hex.c_str(), nullptr, 16));
      i += 2;
    } else {
      plain += text[i];
    }
  }
  return plain;
}

void Use(Asked& asked, LlmFeature feature, bool used = true) {
  if (used) asked.features.insert(feature);
}

void Structure(Asked& asked, LlmRung rung, LlmFeature feature, const Json& schema) {
  Use(asked, feature);
  if (rung < asked.rung) return;
  asked.rung = rung;
  asked.schema = schema;
}

// `name_in` finds the name and `schema_in` the schema of a tool; `named` is the one chosen or "".
template <class NameIn, class SchemaIn>
void ReadTools(Asked& asked, const Json& tools, const std::string& named, NameIn name_in,
               SchemaIn schema_in) {
  if (!tools.is_array() || tools.empty()) return;
  asked.tool_is_named = !named.empty();
  for (const Json& tool : tools) {
    if (!named.empty() && name_in(tool) != named) continue;
    asked.tool = name_in(tool);
    Structure(asked, LlmRung::kTools, LlmFeature::kTools, schema_in(tool));
    return;
  }
}

void ReadMessages(Asked& asked) {
  for (const Json& message : At(asked.body, {"messages"})) {
    const std::string role = TextOf(At(message, {"role"}));
    std::string& text = role == "system" || role == "developer" ? asked.system : asked.user;
    text += ContentText(At(message, {"content"})) + "\n";
  }
}

void ReadOpenAi(Asked& asked) {
  const Json& body = asked.body;
  asked.key.model = TextOf(At(body, {"model"}));
  ReadMessages(asked);
  asked.streamed = IsTrue(At(body, {"stream"}));
  asked.usage_in_stream = IsTrue(At(body, {"stream_options", "include_usage"}));
  Use(asked, LlmFeature::kStreamOptions, !At(body, {"stream_options"}).is_null());
  Use(asked, LlmFeature::kTemperature, !At(body, {"temperature"}).is_null());
  Use(asked, LlmFeature::kMaxTokens, !At(body, {"max_tokens"}).is_null());
  const std::string type = TextOf(At(body, {"response_format", "type"}));
  if (type == "json_object") {
    Structure(asked, LlmRung::kJsonObject, LlmFeature::kJsonObject, nullptr);
  } else if (type == "json_schema") {
    Structure(asked, LlmRung::kSchema, LlmFeature::kSchema,
              At(body, {"response_format", "json_schema", "schema"}));
  }
  if (TextOf(At(body, {"tool_choice"})) == "none") return;
  ReadTools(
      asked, At(body, {"tools"}), TextOf(At(body, {"tool_choice", "function", "name"})),
      [](const Json& tool) {
        return TextOf(At(tool, {"function", "name"}));
      },
      [](const Json& tool) {
        return At(tool, {"function", "parameters"});
      });
}

void ReadAnthropic(Asked& asked) {
  const Json& body = asked.body;
  asked.key.model = TextOf(At(body, {"model"}));
  ReadMessages(asked);
  asked.system += ContentText(At(body, {"system"}));
  asked.streamed = IsTrue(At(body, {"stream"}));
  Use(asked, LlmFeature::kTemperature, !At(body, {"temperature"}).is_null());
  Use(asked, LlmFeature::kMaxTokens, !At(body, {"max_tokens"}).is_null());
  for (const Json* format :
       {&At(body, {"output_config", "format"}), &At(body, {"output_format"})}) {
    if (TextOf(At(*format, {"type"})) != "json_schema") continue;
    Structure(asked, LlmRung::kSchema, LlmFeature::kSchema, At(*format, {"schema"}));
  }
  if (TextOf(At(body, {"tool_choice", "type"})) == "none") return;
  ReadTools(
      asked, At(body, {"tools"}), TextOf(At(body, {"tool_choice", "name"})),
      [](const Json& tool) { return TextOf(At(tool, {"name"})); },
      [](const Json& tool) { return At(tool, {"input_schema"}); });
}

void ReadGemini(Asked& asked) {
  const Json& body = asked.body;
  asked.system = ContentText(At(body, {"systemInstruction", "parts"}));
  for (const Json& content : At(body, {"contents"})) {
    asked.user += ContentText(At(content, {"parts"})) + "\n";
  }
  const Json& config = At(body, {"generationConfig"});
  Use(asked, LlmFeature::kTemperature, !At(config, {"temperature"}).is_null());
  Use(asked, LlmFeature::kMaxTokens, !At(config, {"maxOutputTokens"}).is_null());
  if (TextOf(At(config, {"responseMimeType"})) == "application/json") {
    Structure(asked, LlmRung::kJsonObject, LlmFeature::kJsonObject, nullptr);
  }
  for (const char* key : {"responseSchema", "responseJsonSchema"}) {
    const Json& schema = At(config, {key});
    if (schema.is_object()) Structure(asked, LlmRung::kSchema, LlmFeature::kSchema, schema);
  }
  const Json& calling = At(body, {"toolConfig", "functionCallingConfig"});
  if (TextOf(At(calling, {"mode"})) == "NONE") return;
  ReadTools(
      asked, At(First(At(body, {"tools"})), {"functionDeclarations"}),
      TextOf(First(At(calling, {"allowedFunctionNames"}))),
      [](const Json& tool) { return TextOf(At(tool, {"name"})); },
      [](const Json& tool) {
        const Json& schema = At(tool, {"parametersJsonSchema"});
        return schema.is_object() ? schema : At(tool, {"parameters"});
      });
}

void ReadOllama(Asked& asked) {
  const Json& body = asked.body;
  asked.key.model = TextOf(At(body, {"model"}));
  ReadMessages(asked);
  const Json& stream = At(body, {"stream"});
  asked.streamed = !stream.is_boolean() || stream.get<bool>();
  Use(asked, LlmFeature::kTemperature, !At(body, {"options", "temperature"}).is_null());
  Use(asked, LlmFeature::kMaxTokens, !At(body, {"options", "num_predict"}).is_null());
  const Json& format = At(body, {"format"});
  if (TextOf(format) == "json") {
    Structure(asked, LlmRung::kJsonObject, LlmFeature::kJsonObject, nullptr);
  } else if (format.is_object()) {
    Structure(asked, LlmRung::kSchema, LlmFeature::kSchema, format);
  }
  ReadTools(
      asked, At(body, {"tools"}), "",
      [](const Json& tool) {
        return TextOf(At(tool, {"function", "name"}));
      },
      [](const Json& tool) {
        return At(tool, {"function", "parameters"});
      });
}

// Sets form, call and, where the path has them, model and streaming.
void ReadPath(Asked& asked, const std::string& method) {
  const std::string path = PercentDecoded(asked.path.substr(0, asked.path.find('?')));
  const bool post = method == "POST";
  const auto is = [&asked](LlmForm form, LlmCall call) {
    asked.key.form = form;
    asked.call = call;
  };
  constexpr std::string_view kModels = "/models";
  const std::size_t models = path.rfind(kModels);
  const bool lists = !post && EndsWith(path, kModels);
  const bool one = models != path.npos && path.compare(models, 8, "/models/") == 0;
  if (one) asked.key.model = path.substr(models + 8);
  const std::size_t colon = asked.key.model.rfind(':');
  if (post && EndsWith(path, "/chat/completions")) {
    is(LlmForm::kOpenAi, LlmCall::kChat);
  } else if (post && EndsWith(path, "/messages")) {
    is(LlmForm::kAnthropic, LlmCall::kChat);
  } else if (post && EndsWith(path, "/api/chat")) {
    is(LlmForm::kOllama, LlmCall::kChat);
  } else if (post && EndsWith(path, "/api/show")) {
    is(LlmForm::kOllama, LlmCall::kModel);
    asked.key.model = TextOf(At(asked.body, {"model"}));
  } else if (!post && EndsWith(path, "/api/tags")) {
    is(LlmForm::kOllama, LlmCall::kModels);
  } else if (post && one && colon != std::string::npos) {
    const std::string method_name = asked.key.model.substr(colon + 1);
    asked.key.model.resize(colon);
    asked.streamed = method_name == "streamGenerateContent";
    const bool known = asked.streamed || method_name == "generateContent";
    is(LlmForm::kGemini, known ? LlmCall::kChat : LlmCall::kUnknown);
  } else if (!post && (lists || one)) {
    LlmForm form = LlmForm::kOpenAi;
    if (path.find("/v1beta/") != path.npos) form = LlmForm::kGemini;
    if (asked.headers.count("anthropic-version") != 0) form = LlmForm::kAnthropic;
    is(form, lists ? LlmCall::kModels : LlmCall::kModel);
  }
}

std::string StageOf(const Asked& asked) {
  // The case may quote anything: what we write ourselves, the system message, counts first.
  for (const std::string* text : {&asked.system, &asked.user}) {
    if (text->find(R"({"grades")") != std::string::npos) return "review";
    if (text->find(R"({"medications")") != std::string::npos) return "generate";
  }
  return "";
}

std::string MarkerOf(const Asked& asked) {
  constexpr std::string_view kMarker = "marker:";
  for (const std::string* text : {&asked.user, &asked.system}) {
    const std::size_t at = text->find(kMarker);
    if (at == std::string::npos) continue;
    const std::size_t start = text->find_first_not_of(' ', at + kMarker.size());
    if (start == std::string::npos) continue;
    return text->substr(start, text->find_first_of(" \t\r\n", start) - start);
  }
  return "";
}

}  // namespace

const char* LlmFormName(LlmForm form) { return kForms.at(static_cast<std::size_t>(form)); }
const char* LlmRungName(LlmRung rung) { return kRungs.at(static_cast<std::size_t>(rung)); }
const char* LlmFeatureName(LlmFeature feature) {
  return kFeatures.at(static_cast<std::size_t>(feature));
}

std::optional<LlmFeature> LlmFeatureFromName(std::string_view name) {
  for (int i = 0; i < kLlmFeatures; ++i) {
    if (name == LlmFeatureName(static_cast<LlmFeature>(i))) return static_cast<LlmFeature>(i);
  }
  return std::nullopt;
}

std::string LlmKey::Text() const {
  return std::string(LlmFormName(form)) + "/" + model + "/" + marker + "/" + stage;
}

Asked ReadAsked(const HttpAsked& http) {
  Asked asked;
  asked.path = http.path;
  asked.headers = http.headers;
  asked.body = Json::parse(http.body, nullptr, false);
  if (asked.body.is_discarded()) asked.body = nullptr;
  ReadPath(asked, http.method);
  if (asked.call == LlmCall::kChat && !asked.body.is_object()) asked.call = LlmCall::kUnknown;
  if (asked.call != LlmCall::kChat) return asked;
  switch (asked.key.form) {
    case LlmForm::kOpenAi:
      ReadOpenAi(asked);
      break;
    case LlmForm::kAnthropic:
      ReadAnthropic(asked);
      break;
    case LlmForm::kGemini:
      ReadGemini(asked);
      break;
    case LlmForm::kOllama:
      ReadOllama(asked);
      break;
  }
  Use(asked, LlmFeature::kStream, asked.streamed);
  asked.key.stage = StageOf(asked);
  asked.key.marker = MarkerOf(asked);
  return asked;
}

std::vector<std::string> LabelsOf(const Asked& asked) {
  std::vector<std::string> labels;
  std::istringstream lines(asked.user);
  for (std::string line; std::getline(lines, line);) {
    if (line.compare(0, 9, R"({"label":)") != 0) continue;
    const Json answer = Json::parse(line, nullptr, false);
    const std::string label = TextOf(At(answer, {"label"}));
    if (!label.empty()) labels.push_back(label);
  }
  return labels;
}

}  // namespace consilium
