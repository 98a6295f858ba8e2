// JSON as providers' requests and responses need it. Included by .cc files only: it needs
// nlohmann/json. Threads: functions without state.
#pragma once

#include <cstdint>
#include <functional>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "shared/config.h"
#include "worker/llm/chat.h"

namespace consilium {

using Json = nlohmann::json;
using OrderedJson = nlohmann::ordered_json;

// The member, or null when there is none or `object` is none.
const Json* Find(const Json& object, const char* key);
// The first item of the list `key`; null when there is none.
const Json* FirstOf(const Json& object, const char* key);
// The string, or "".
std::string TextOf(const Json* value);
// A count of tokens; empty for what cannot be one.
std::optional<std::int64_t> CountOf(const Json* value);
std::optional<std::int64_t> Sum(std::optional<std::int64_t> a, std::optional<std::int64_t> b);

// A provider's own word for an error (its code, type, status or reason), when it is a word: its
// sentences may quote the prompt. "" = none.
std::string ErrorWord(const Json& body);

// The schema of what the stage asks for. Every property is required and none besides is allowed, as
// strict modes want it.
OrderedJson ReplySchema(Stage stage);
// Name of the schema and of the forced function: "recommendation" or "grades".
const char* ReplyName(Stage stage);
// With the fields of config.body merged in (RFC 7396), as UTF-8 whatever the prompt holds.
std::string Finished(OrderedJson body, const BackendConfig& config);

// The question as it follows the system message; a repair without a reply to quote is part of it.
std::string UserText(const Chat& chat);
// What is asked after a quoted reply.
std::string RepairText(const Chat::Repair& repair);

// The conversation as a list of {role, content}, with the system message or without.
OrderedJson Turns(const Chat& chat, bool system);

// Calls `use` for each JSON document of a response: the one of a plain one, the items of an array,
// the data of server-sent events (HTML Standard, section 9.2.6), or the lines of NDJSON. False when
// one of them is not JSON (`use` has seen those before); what comes after "[DONE]" is not looked
// at, and `done` says that it came. An incomplete last line or event is ignored: a cut stream is
// recognised by what is missing from it.
struct Documents {
  bool good = true;
  bool any = false;
  bool done = false;
  bool whole = false;  // it was one document, not a stream of them
};
Documents ForEachDocument(std::string_view body, const std::function<void(const Json&)>& use);

// A response by a Collector of one protocol: Take(document) for each document, then
// Done(whole).
template <class Collector>
LlmReply ReadWith(std::string_view body) {
  Collector collector;
  const Documents documents =
      ForEachDocument(body, [&collector](const Json& document) { collector.Take(document); });
  LlmReply reply = std::move(collector).Done(documents.whole);
  if (documents.done) reply.finished = true;
  if (!documents.good && !reply.failed) {
    reply.problem_code = "not_json";
    reply.problem_text = "the reply of the server is not JSON";
  }
  return reply;
}

}  // namespace consilium
