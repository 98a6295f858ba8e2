#include "worker/llm/wire_json.h"

#include <algorithm>
#include <utility>

#include "worker/json_object.h"
#include "worker/text_clean.h"

namespace consilium {
namespace {

OrderedJson Property(const char* type) { return {{"type", type}}; }
OrderedJson Nullable(const char* type) { return {{"type", {type, "null"}}}; }
OrderedJson Array(OrderedJson items) { return {{"type", "array"}, {"items", std::move(items)}}; }

OrderedJson Object(OrderedJson properties) {
  OrderedJson required = OrderedJson::array();
  for (const auto& [name, type] : properties.items()) required.push_back(name);
  return {{"type", "object"},
          {"properties", std::move(properties)},
          {"required", std::move(required)},
          {"additionalProperties", false}};
}

bool IsWord(std::string_view text) {
  return !text.empty() && text.size() <= 64 && std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           c == '-' || c == '.';
  });
}

constexpr std::string_view kDone = "[DONE]";

// One document; false when it is not JSON.
bool Take(std::string_view text, const std::function<void(const Json&)>& use, Documents& found) {
  const std::string_view trimmed = Trimmed(text);
  if (trimmed.empty()) return true;
  if (trimmed == kDone) {
    found.done = true;
    return true;
  }
  const std::optional<Json> document = ReadJson(trimmed);
  if (!document) return false;
  found.any = true;
  if (document->is_array()) {
    for (const Json& item : *document) use(item);
  } else {
    use(*document);
  }
  return true;
}

// A field line of an event stream, without its name and one space; empty when it is another field.
std::optional<std::string_view> DataOf(std::string_view line) {
  constexpr std::string_view kField = "data";
  if (line.substr(0, kField.size()) != kField) return std::nullopt;
  line.remove_prefix(kField.size());
  if (line.empty()) return line;
  if (line.front() != ':') return std::nullopt;
  line.remove_prefix(1);
  if (!line.empty() && line.front() == ' ') line.remove_prefix(1);
  return line;
}

bool LooksLikeEvents(std::string_view body) {
  for (const std::string_view start : {"data:", "event:", "id:", "retry:", ":"}) {
    if (body.substr(0, start.size()) == start) return true;
  }
  return false;
}

// Lines end with LF, CRLF or CR. A last line without an end is not complete.
template <class Use>
void ForEachLine(std::string_view text, Use use) {
  while (!text.empty()) {
    const std::size_t end = text.find_first_of("\r\n");
    if (end == text.npos) return;
    if (!use(text.substr(0, end))) return;
    const bool pair = text[end] == '\r' && end + 1 < text.size() && text[end + 1] == '\n';
    text.remove_prefix(end + (pair ? 2 : 1));
  }
}

void ReadEvents(std::string_view body, const std::function<void(const Json&)>& use,
                Documents& found) {
  std::string data;
  ForEachLine(body, [&](std::string_view line) {
    if (line.empty()) {
      found.good = Take(data, use, found);
      data.clear();
      return found.good && !found.done;
    }
    if (const std::optional<std::string_view> more = DataOf(line)) {
      if (!data.empty()) data += '\n';
      data += *more;
      // Some servers end the connection right after it.
      if (data == kDone) found.done = true;
    }
    return !found.done;
  });
}

}  // namespace

const Json* Find(const Json& object, const char* key) {
  if (!object.is_object()) return nullptr;
  const auto found = object.find(key);
  return found == object.end() ? nullptr : &*found;
}

const Json* FirstOf(const Json& object, const char* key) {
  const Json* list = Find(object, key);
  return list == nullptr || !list->is_array() || list->empty() ? nullptr : &list->front();
}

std::string TextOf(const Json* value) {
  return value != nullptr && value->is_string() ? value->get<std::string>() : "";
}

std::optional<std::int64_t> CountOf(const Json* value) {
  if (value == nullptr || !value->is_number_unsigned()) return std::nullopt;
  const std::uint64_t tokens = value->get<std::uint64_t>();
  // More than any model's context is not a count.
  if (tokens > 1'000'000'000) return std::nullopt;
  return static_cast<std::int64_t>(tokens);
}

std::optional<std::int64_t> Sum(std::optional<std::int64_t> a, std::optional<std::int64_t> b) {
  if (!a || !b) return a ? a : b;
  return *a + *b;
}

std::string ErrorWord(const Json& body) {
  const Json* error = Find(body, "error");
  if (error == nullptr) return "";
  // Google says more precisely what is wrong in the details.
  if (const Json* details = Find(*error, "details"); details != nullptr && details->is_array()) {
    for (const Json& detail : *details) {
      if (std::string reason = TextOf(Find(detail, "reason")); IsWord(reason)) return reason;
    }
  }
  for (const char* key : {"code", "type", "status"}) {
    if (std::string word = TextOf(Find(*error, key)); IsWord(word)) return word;
  }
  return "";
}

OrderedJson ReplySchema(Stage stage) {
  if (stage == Stage::kReview) {
    return Object({{"grades", Array(Object({{"label", Property("string")},
                                            {"grade", Property("number")},
                                            {"comment", Property("string")},
                                            {"harm", Property("boolean")}}))}});
  }
  const OrderedJson medication = Object({{"ingredient", Property("string")},
                                         {"dose", Property("string")},
                                         {"unit", Property("string")},
                                         {"route", Property("string")},
                                         {"frequency", Property("string")},
                                         {"duration", Property("string")},
                                         {"indication", Property("string")}});
  return Object({{"medications", Array(medication)},
                 {"option", Nullable("string")},
                 {"rationale", Property("string")},
                 {"cautions", Property("string")},
                 {"confidence", Nullable("number")}});
}

const char* ReplyName(Stage stage) { return stage == Stage::kReview ? "grades" : "recommendation"; }

std::string Finished(OrderedJson body, const BackendConfig& config) {
  for (const auto& [name, value] : config.body) {
    OrderedJson patch;
    patch[name] = OrderedJson::parse(value, nullptr, /*allow_exceptions=*/false);
    body.merge_patch(patch);
  }
  return body.dump(-1, ' ', false, OrderedJson::error_handler_t::replace);
}

std::string UserText(const Chat& chat) {
  if (!chat.repair || !chat.repair->reply.empty()) return chat.prompt.user;
  return chat.prompt.user + "\n\n" + RepairText(*chat.repair);
}

std::string RepairText(const Chat::Repair& repair) {
  return "Your reply could not be used: " + repair.complaint +
         ". Answer the same question again, with the one JSON object described above and nothing "
         "else.";
}

OrderedJson Turns(const Chat& chat, bool system) {
  OrderedJson turns = OrderedJson::array();
  const auto add = [&turns](const char* role, const std::string& content) {
    turns.push_back({{"role", role}, {"content", content}});
  };
  if (system) add("system", chat.prompt.system);
  add("user", UserText(chat));
  if (chat.repair && !chat.repair->reply.empty()) {
    add("assistant", chat.repair->reply);
    add("user", RepairText(*chat.repair));
  }
  return turns;
}

Documents ForEachDocument(std::string_view body, const std::function<void(const Json&)>& use) {
  Documents found;
  constexpr std::string_view kBom = "\xEF\xBB\xBF";
  if (body.substr(0, kBom.size()) == kBom) body.remove_prefix(kBom.size());
  const std::size_t start = body.find_first_not_of(" \t\r\n");
  body.remove_prefix(std::min(start, body.size()));
  if (LooksLikeEvents(body)) {
    ReadEvents(body, use, found);
    return found;
  }
  // A whole document may be spread over lines; NDJSON has more than one.
  if (Take(body, use, found)) {
    found.good = found.whole = found.any;
    return found;
  }
  ForEachLine(body, [&](std::string_view line) {
    found.good = Take(line, use, found);
    return found.good;
  });
  // What stands behind the last line end is whole when it parses.
  const std::size_t last = body.find_last_of("\r\n");
  if (found.good && last != body.npos) Take(body.substr(last + 1), use, found);
  found.good = found.good && found.any;
  return found;
}

}  // namespace consilium
