#include "gateway/case_json.h"

#include <algorithm>
#include <array>

#include "shared/codec.h"
#include "shared/ids.h"
#include "shared/text.h"
#include "shared/tree.h"

namespace consilium {
namespace {

constexpr std::array<std::string_view, 11> kFields{
    "id",         "text",     "question",      "options", "patient",         "kind",
    "deadline_s", "strategy", "ensemble_size", "models",  "gold_medications"};
constexpr std::array<std::string_view, 7> kPatientFields{
    "age", "sex", "allergies", "medications", "pregnant", "egfr", "weight_kg"};

template <std::size_t N>
Status CheckFields(const Tree& object, const std::array<std::string_view, N>& known,
                   const std::string& place) {
  for (const auto& [name, value] : object.items()) {
    if (std::find(known.begin(), known.end(), name) != known.end()) continue;
    std::string names;
    for (const std::string_view one : known) {
      names += names.empty() ? "" : ", ";
      names += one;
    }
    return Invalid(place + Escaped(CutUtf8(name, 64)) + ": unknown field, expected one of " +
                   names);
  }
  return Ok();
}

}  // namespace

Result<CaseRequest> ReadCaseJson(std::string_view text, const std::string& id_if_absent) {
  const Result<Tree> tree = ParseJson(text);
  if (!tree) return tree.error();
  if (!tree->is_object()) return Invalid("expected a JSON object");
  if (const Status known = CheckFields(*tree, kFields, ""); !known) return known.error();
  if (const auto patient = tree->find("patient"); patient != tree->end() && patient->is_object()) {
    const Status known = CheckFields(*patient, kPatientFields, "patient.");
    if (!known) return known.error();
  }
  std::string whole(text);
  if (!tree->contains("id")) {
    const std::string id = "\"id\":\"" + id_if_absent + "\"";
    whole.insert(whole.find('{') + 1, tree->empty() ? id : id + ",");
  }
  Result<CaseRequest> request = FromJson<CaseRequest>(whole);
  // Clients take these out of a path: no URL would lead to the case.
  if (request && (request->id == "." || request->id == "..")) {
    return Invalid("id = " + Quoted(request->id) + ", expected another one than . and ..");
  }
  return request;
}

Result<std::string> IdFromKey(std::string_view key, const std::string& client) {
  const bool good = !key.empty() && key.size() <= 255 &&
                    std::all_of(key.begin(), key.end(), [](char c) { return c > ' ' && c <= '~'; });
  if (!good) {
    return Invalid("Idempotency-Key: expected 1..255 printable ASCII characters without spaces");
  }
  constexpr std::size_t kDigits = 24;
  std::string words = client;
  words += '\n';
  words += key;
  return "http-" + Sha256Hex(words).substr(0, kDigits);
}

}  // namespace consilium
