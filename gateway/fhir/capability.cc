#include "gateway/fhir/capability.h"

#include <utility>

#include "gateway/fhir/resource_reader.h"
#include "gateway/fhir/write_parts.h"

namespace consilium {
namespace {

FhirJson Interactions(const std::vector<const char*>& codes) {
  FhirJson list = FhirJson::array();
  for (const char* code : codes) list.push_back({{"code", code}});
  return list;
}

}  // namespace

std::string WriteCapability(const CapabilitySettings& settings) {
  FhirJson statement = {{"resourceType", "CapabilityStatement"}};
  statement["status"] = "active";
  statement["date"] = settings.date;
  statement["kind"] = "instance";
  statement["software"] = {{"name", "Consilium"}};
  SetText(statement["software"], "version", settings.version);
  statement["implementation"] = {
      {"description",
       "Takes cases for a council of language models and proposes medications: "
       "proposals only, never orders."}};
  SetText(statement["implementation"], "url", settings.base);
  statement["fhirVersion"] = "4.0.1";
  statement["format"] = {"json"};

  FhirJson resources = FhirJson::array();
  // Read as entries of a Bundle; nothing of a sender can be got from here.
  std::vector<std::string> types(ClinicalTypes().begin(), ClinicalTypes().end());
  types.emplace_back("Patient");
  FhirJson bundle = {{"type", "Bundle"},
                     {"documentation",
                      "Bundles of type collection and document are taken; nothing of them can be "
                      "read again. Read by the id of a case: all of what came of it."}};
  bundle["interaction"] = Interactions(settings.result ? std::vector<const char*>{"create", "read"}
                                                       : std::vector<const char*>{"create"});
  resources.push_back(std::move(bundle));
  if (settings.result) {
    FhirJson guidance = {{"type", "GuidanceResponse"},
                         {"documentation",
                          "What came of a case that was sent, by its id; 202 while the council "
                          "sits. Deleted: the case is withdrawn."}};
    guidance["interaction"] = Interactions({"read", "delete"});
    resources.push_back(std::move(guidance));
  }
  for (const std::string& type : types) {
    resources.push_back({{"type", type}, {"documentation", "Read as an entry of a Bundle."}});
  }

  FhirJson rest = {{"mode", "server"}};
  rest["documentation"] =
      "Resources of other types in a Bundle are not read; a warning says so. POST [base]/bulk "
      "takes "
      "a bulk export (application/fhir+ndjson).";
  rest["security"] = {{"cors", settings.cors}};
  rest["security"]["description"] =
      settings.keys ? "A key as bearer token (Authorization: Bearer)." : "Callers need no key.";
  rest["resource"] = std::move(resources);
  if (settings.transaction) rest["interaction"] = Interactions({"transaction", "batch"});
  if (settings.process_message) {
    rest["operation"] = FhirJson::array(
        {{{"name", "process-message"},
          {"definition",
           "http://hl7.org/fhir/OperationDefinition/MessageHeader-process-message"}}});
  }
  statement["rest"] = FhirJson::array({std::move(rest)});
  return statement.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

}  // namespace consilium
