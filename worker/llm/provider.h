// The protocols of the providers: what a request looks like and what a response means. Pure: no
// socket, no clock. Responses come from outside: nothing in them can fail a CHECK.
//
// Sources: OpenAI "Create chat completion" (spoken by vLLM, llama.cpp, LM Studio, Ollama under /v1,
// Azure, most routers); Anthropic "Messages"; Google "models.generateContent"; Ollama "Generate a
// chat completion". Threads: const functions without state.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "shared/config.h"
#include "worker/llm/chat.h"

namespace consilium {

class Provider {
 public:
  Provider() = default;
  Provider(const Provider&) = delete;  // used through its base
  Provider& operator=(const Provider&) = delete;
  virtual ~Provider() = default;

  // Used when the configuration names no URL; "" = it has to.
  virtual std::string_view url() const = 0;
  // Path of the base URL when it has none, e.g. "/v1".
  virtual std::string_view version_path() const = 0;
  // Header that carries the key, e.g. "x-api-key".
  virtual std::string_view auth_header() const = 0;
  // "Name: value" that every request needs besides; "" = none.
  virtual std::string_view extra_header() const { return ""; }
  // The next rung of the ladder that the protocol has.
  virtual Rung Below(Rung rung) const = 0;

  virtual LlmRequest Request(const BackendConfig& config, const Dialect& dialect, const Chat& chat,
                             Stage stage) const = 0;
  // Of a response with status 2xx, whichever way it was asked for; what arrived of it when the
  // connection did not end well.
  virtual LlmReply Read(std::string_view body) const = 0;
};

// Never null; `name` is one for which IsHttpProvider() holds.
std::unique_ptr<Provider> MakeProvider(std::string_view name);

std::unique_ptr<Provider> MakeOpenAi();
std::unique_ptr<Provider> MakeAnthropic();
std::unique_ptr<Provider> MakeGemini();
std::unique_ptr<Provider> MakeOllama();

}  // namespace consilium
