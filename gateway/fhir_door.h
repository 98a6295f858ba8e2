// FHIR R4 over HTTP: Bundles in, guidance out.
//
//   POST /fhir, /fhir/Bundle, /fhir/$process-message   a Bundle; each of its patients with
//                                                       something to ask about is a case
//   POST /fhir/bulk                                     NDJSON, joined by patient
//   GET /fhir/GuidanceResponse/{case}                   how it stands; 202 while the council sits
//   GET /fhir/Bundle/{case}                             all of the result
//   DELETE /fhir/GuidanceResponse/{case}                withdraws the case
//   GET /fhir/metadata
// Every refusal is an OperationOutcome. Threads: the loop's.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <vector>

#include "gateway/bus_link.h"
#include "gateway/fhir/read_bundle.h"
#include "gateway/fhir/write_result.h"
#include "gateway/intake.h"
#include "gateway/net/http_server.h"
#include "shared/config.h"

namespace consilium {

class FhirDoor {
 public:
  FhirDoor(Loop& loop, BusLink& bus, RedisLoop& redis, Intake& intake, const GatewayConfig& config);
  // `base`: how others reach it, "http://host:port".
  void AddTo(HttpServer& server, const std::string& base);

 private:
  enum class Form { kBundle, kTransaction, kMessage };
  void OnBundle(const HttpExchangePtr& exchange, Form form);
  struct Head;  // what an answer that is a Bundle too says of it
  static bool IsAnsweredAlike(Form form, const std::string& type);
  static Head HeadOf(const std::string& body);
  struct Parsed {
    FhirBundleReading reading;
    std::shared_ptr<const Head> head;  // nullptr: it is answered otherwise
  };
  void OnParsed(const HttpExchangePtr& exchange, Form form, Parsed parsed);
  // What the answer needs of a message that the intake has.
  struct Taken {
    std::string digest;
    bool nobody = false;  // it is about no patient
    std::shared_ptr<const Head> head;
  };
  void OnAdmitted(const HttpExchangePtr& exchange, Form form, const Taken& taken,
                  const std::vector<AdmittedRecord>& records);
  void OnBulk(const HttpExchangePtr& exchange);
  void OnResult(const HttpExchangePtr& exchange, bool whole);
  void OnWithdraw(const HttpExchangePtr& exchange);
  void OnMetadata(const HttpExchangePtr& exchange);
  std::string PlaceOf(const std::string& case_id) const;

  Loop& loop_;
  BusLink& bus_;
  RedisLoop& redis_;
  Intake& intake_;
  std::size_t body_max_;
  bool keys_;
  std::string base_;
  std::string started_;  // when, as a FHIR dateTime
};

// {status, OperationOutcome} for a request under /fhir.
HttpResponse FhirRefusal(int status, const Error& error);

}  // namespace consilium
