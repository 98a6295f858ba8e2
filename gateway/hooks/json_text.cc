#include "gateway/hooks/json_text.h"

#include <set>
#include <vector>

namespace consilium {
namespace {

using nlohmann::json;

// Looks at every event before anything is built; the first problem ends the parse.
class Checker : public nlohmann::json_sax<json> {
 public:
  explicit Checker(const JsonLimits& limits) : limits_(limits) {}

  bool null() override { return Count(); }
  bool boolean(bool /*value*/) override { return Count(); }
  bool number_integer(number_integer_t /*value*/) override { return Count(); }
  bool number_unsigned(number_unsigned_t /*value*/) override { return Count(); }
  bool number_float(number_float_t /*value*/, const string_t& /*text*/) override { return Count(); }
  bool string(string_t& /*value*/) override { return Count(); }
  bool binary(binary_t& /*value*/) override { return false; }
  bool start_object(std::size_t /*elements*/) override { return Open(); }
  bool start_array(std::size_t /*elements*/) override { return Open(); }
  bool end_object() override { return Close(); }
  bool end_array() override { return Close(); }
  bool key(string_t& value) override {
    if (keys_.back().insert(value).second) return true;
    problem_ = Invalid("JSON: a key stands twice in one object, expected once");
    return false;
  }
  bool parse_error(std::size_t position, const std::string& /*token*/,
                   const json::exception& /*why*/) override {
    problem_ = Invalid("JSON: cannot be read at byte " + std::to_string(position));
    return false;
  }

  const Error& problem() const { return problem_; }

 private:
  bool Count() {
    if (++values_ <= limits_.values) return true;
    problem_ = {ErrorCode::kTooLarge,
                "JSON: more than " + std::to_string(limits_.values) + " values, expected no more"};
    return false;
  }
  bool Open() {
    if (keys_.size() >= limits_.depth) {
      problem_ = {ErrorCode::kTooLarge, "JSON: nested deeper than " +
                                            std::to_string(limits_.depth) + ", expected no deeper"};
      return false;
    }
    keys_.emplace_back();
    return Count();
  }
  bool Close() {
    keys_.pop_back();
    return true;
  }

  const JsonLimits& limits_;
  std::vector<std::set<std::string>> keys_;  // of the objects around; empty for an array
  std::size_t values_ = 0;
  Error problem_ = Invalid("JSON: cannot be read");
};

}  // namespace

Result<json> ParseJson(std::string_view text, const JsonLimits& limits) {
  if (text.size() > limits.bytes) {
    return Error{ErrorCode::kTooLarge, "JSON: " + std::to_string(text.size()) +
                                           " bytes, expected at most " +
                                           std::to_string(limits.bytes)};
  }
  Checker checker(limits);
  if (!json::sax_parse(text.begin(), text.end(), &checker)) return checker.problem();
  json parsed = json::parse(text.begin(), text.end(), nullptr, /*allow_exceptions=*/false);
  if (parsed.is_discarded()) return Invalid("JSON: cannot be read");
  return parsed;
}

const json* JsonField(const json& object, const char* field) {
  if (!object.is_object()) return nullptr;
  const auto found = object.find(field);
  return found == object.end() ? nullptr : &*found;
}

std::string JsonText(const json& object, const char* field) {
  const json* const found = JsonField(object, field);
  return found != nullptr && found->is_string() ? found->get<std::string>() : "";
}

std::string JsonBytes(const nlohmann::ordered_json& value) {
  return value.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace);
}

}  // namespace consilium
