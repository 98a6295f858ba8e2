#include "gateway/fhir_door.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <utility>

#include "gateway/fhir/bulk.h"
#include "gateway/fhir/capability.h"
#include "gateway/fhir/write_outcome.h"
#include "gateway/fhir/write_parts.h"
#include "gateway/problem.h"
#include "gateway/wall_clock.h"
#include "shared/codec.h"
#include "shared/ids.h"
#include "shared/log.h"
#include "shared/seal.h"
#include "shared/text.h"

namespace consilium {
namespace {

using nlohmann::ordered_json;

constexpr milliseconds kTimeout{20000};
constexpr const char* kFhirJson = "application/fhir+json; fhirVersion=4.0";
// Who sends what comes without a MessageHeader and without a token.
constexpr const char* kSender = "fhir";
constexpr const char* kModule = "urn:consilium:medication-council";

std::string Dump(const ordered_json& json) {
  return json.dump(-1, ' ', false, ordered_json::error_handler_t::replace);
}

HttpResponse FhirResponse(int status, std::string json) {
  HttpResponse response;
  response.status = status;
  response.content_type = kFhirJson;
  response.body = std::move(json);
  response.body += '\n';
  return response;
}

HttpResponse OutcomeResponse(int status, const std::vector<FhirIssue>& issues,
                             const std::vector<Remark>& remarks = {}) {
  return FhirResponse(status, WriteOutcome(issues, remarks));
}

bool IsJson(std::string_view type) {
  return type == "application/fhir+json" || type == "application/json" || type == "text/json";
}

bool IsLines(std::string_view type) {
  return type == "application/fhir+ndjson" || type == "application/ndjson" ||
         type == "application/x-ndjson";
}

// What became of each record, for people and programs.
struct Told {
  std::vector<FhirIssue> issues;
  std::vector<Remark> remarks;
  std::vector<std::string> cases;
  int status = 202;
};

Told TellOf(const std::vector<AdmittedRecord>& records) {
  Told told;
  std::size_t refused = 0;
  for (std::size_t i = 0; i < records.size(); ++i) {
    const AdmittedRecord& record = records[i];
    told.remarks.insert(told.remarks.end(), record.plan.remarks.begin(), record.plan.remarks.end());
    std::optional<Error> error;
    if (record.plan.refusal) {
      error = Error{ErrorFromName(record.plan.refusal->code), record.plan.refusal->text};
    } else if (record.submitted && !record.submitted->ok()) {
      error = record.submitted->error();
    }
    if (error) {
      ++refused;
      FhirIssue issue = IssueOf(*error);
      if (records.size() > 1) {
        issue.diagnostics = "patient " + std::to_string(i + 1) + ": " + issue.diagnostics;
      }
      told.issues.push_back(std::move(issue));
    } else if (record.plan.request) {
      told.cases.push_back(record.plan.request->id);
    } else if (!record.plan.same_as.empty()) {
      told.cases.push_back(record.plan.same_as);
    }
  }
  if (refused > 0 && told.cases.empty()) told.status = 422;
  if (refused == 0 && told.cases.empty()) told.status = 200;
  return told;
}

// The entries of what was sent, as many as there were: each was read, none is kept as a resource.
ordered_json TransactionResponse(std::size_t entries, const std::string& outcome) {
  ordered_json bundle = {{"resourceType", "Bundle"}, {"type", "transaction-response"}};
  for (std::size_t i = 0; i < entries; ++i) {
    ordered_json response = {{"status", "202 Accepted"}};
    if (i == 0) response["outcome"] = ordered_json::parse(outcome);
    bundle["entry"].push_back({{"response", std::move(response)}});
  }
  return bundle;
}

// MessageHeader.id; "" is none of a FHIR id, so something is always said.
std::string IdOf(const ordered_json& header) {
  const auto id = header.find("id");
  return id != header.end() && id->is_string() ? id->get<std::string>() : "unknown";
}

// Whether whoever sent it may say so of itself.
bool MaySpeakFor(const std::string& sender, const HttpRequest& request) {
  const auto& senders = request.senders;
  return senders.empty() || sender == request.client ||
         std::find(senders.begin(), senders.end(), sender) != senders.end();
}

// The answer to a message: which one it is about, and that it was taken (messaging.html).
ordered_json MessageResponse(const ordered_json& header, const std::string& digest,
                             const std::string& base, const std::string& outcome, bool ok) {
  const std::string id = DerivedId(digest, 0, "message-response");
  ordered_json response = {{"resourceType", "MessageHeader"}, {"id", id}};
  for (const char* const event : {"eventCoding", "eventUri"}) {
    if (header.contains(event)) response[event] = header[event];
  }
  response["source"] = {{"endpoint", base.empty() ? "urn:consilium" : base}};
  response["response"] = {{"identifier", IdOf(header)}, {"code", ok ? "ok" : "fatal-error"}};
  ordered_json told = ordered_json::parse(outcome);
  const std::string told_id = DerivedId(digest, 0, "message-outcome");
  told["id"] = told_id;
  response["response"]["details"] = {{"reference", "urn:uuid:" + told_id}};
  ordered_json bundle = {{"resourceType", "Bundle"}, {"type", "message"}};
  bundle["entry"].push_back({{"fullUrl", "urn:uuid:" + id}, {"resource", std::move(response)}});
  bundle["entry"].push_back({{"fullUrl", "urn:uuid:" + told_id}, {"resource", std::move(told)}});
  return bundle;
}

FhirIssue Nobody() {
  return {"information", "informational", "", "no patient is in it: nothing was kept"};
}

// ":12: Condition.code", as the reader of lines says where, is a number and a FHIRPath.
void NameLine(std::string& where, std::string& text) {
  if (!where.starts_with(':')) return;
  const std::size_t end = where.find(": ");
  text = "line " + where.substr(1, end == std::string::npos ? end : end - 1) + ": " + text;
  where = end == std::string::npos ? "" : where.substr(end + 2);
}

}  // namespace

struct FhirDoor::Head {
  std::string type;
  std::size_t entries = 0;
  ordered_json header;  // MessageHeader of a message
};

// A message is answered by a message, a transaction by its response.
bool FhirDoor::IsAnsweredAlike(Form form, const std::string& type) {
  const bool transaction = type == "Bundle/transaction" || type == "Bundle/batch";
  return form == Form::kMessage || (form == Form::kTransaction && transaction);
}

FhirDoor::Head FhirDoor::HeadOf(const std::string& body) {
  Head head;
  const ordered_json bundle = ordered_json::parse(body, nullptr, false);
  if (!bundle.is_object()) return head;
  if (bundle.contains("type") && bundle["type"].is_string()) {
    head.type = bundle["type"].get<std::string>();
  }
  if (bundle.contains("entry") && bundle["entry"].is_array()) {
    head.entries = bundle["entry"].size();
    if (head.type == "message" && head.entries > 0 && bundle["entry"][0].contains("resource")) {
      head.header = bundle["entry"][0]["resource"];
    }
  }
  return head;
}

HttpResponse FhirRefusal(int status, const Error& error) {
  HttpResponse problem = Problem(status, error);  // for its fields
  HttpResponse response = OutcomeResponse(status, {IssueOf(error)});
  response.fields = std::move(problem.fields);
  return response;
}

FhirDoor::FhirDoor(Loop& loop, BusLink& bus, RedisLoop& redis, Intake& intake,
                   const GatewayConfig& config)
    : loop_(loop),
      bus_(bus),
      redis_(redis),
      intake_(intake),
      body_max_(static_cast<std::size_t>(config.body_bytes_max)),
      keys_(!config.tokens_file.empty()) {
  started_ = FhirInstant(UnixMsNow());
}

std::string FhirDoor::PlaceOf(const std::string& case_id) const {
  return base_ + "/fhir/GuidanceResponse/" + PercentEncoded(case_id);
}

void FhirDoor::OnBundle(const HttpExchangePtr& exchange, Form form) {
  const HttpRequest& request = exchange->request();
  if (const std::string type = MediaType(request); !IsJson(type)) {
    return exchange->Answer(FhirRefusal(415, NotThisMedia(type, "application/fhir+json")));
  }
  FhirJsonLimits limits;
  limits.bytes_max = body_max_;
  loop_.Parse(
      request.body.size(),
      [exchange, form, limits] {
        const std::string& body = exchange->request().body;
        Parsed parsed{ReadBundle(body, limits), nullptr};
        if (parsed.reading.message && IsAnsweredAlike(form, parsed.reading.message->type)) {
          parsed.head = std::make_shared<const Head>(HeadOf(body));
        }
        return parsed;
      },
      [this, exchange, form](Parsed parsed) { OnParsed(exchange, form, std::move(parsed)); });
}

void FhirDoor::OnParsed(const HttpExchangePtr& exchange, Form form, Parsed parsed) {
  FhirBundleReading& reading = parsed.reading;
  if (!reading.message) {
    return exchange->Answer(OutcomeResponse(400, reading.issues));
  }
  FeedMessage message = std::move(*reading.message);
  if (form == Form::kMessage && message.type != "Bundle/message") {
    return exchange->Answer(OutcomeResponse(
        400, {{"error", "value", "Bundle.type", "expected message, for $process-message"}}));
  }
  // A document may come by one route and its correction by another: it is of the one who calls.
  const std::string& client = exchange->request().client;
  message.source = client.empty() ? kSender : client;
  if (message.sender.empty()) {
    message.sender = message.source;
  } else if (!MaySpeakFor(message.sender, exchange->request())) {
    LogInfo("fhir_sender_refused", {{"client", client}});
    return exchange->Answer(
        OutcomeResponse(403, {{"error", "forbidden", "Bundle.entry[0].resource.source.endpoint",
                               "the token of " + client + " does not speak for this sender"}}));
  }
  const Taken taken{message.digest, message.records.empty(), std::move(parsed.head)};
  intake_.Take(
      std::move(message), [this, exchange, form, taken](Result<std::vector<AdmittedRecord>> records,
                                                        std::optional<std::int64_t> retry) {
        if (!records.ok()) {
          HttpResponse response = FhirRefusal(StatusOf(records.error().code), records.error());
          if (retry) response.fields = Problem(records.error(), retry).fields;
          return exchange->Answer(std::move(response));
        }
        OnAdmitted(exchange, form, taken, *records);
      });
}

void FhirDoor::OnAdmitted(const HttpExchangePtr& exchange, Form form, const Taken& taken,
                          const std::vector<AdmittedRecord>& records) {
  Told told = TellOf(records);
  for (const std::string& id : told.cases) {
    told.issues.push_back({"information", "informational", "",
                           "case " + id + ": the council was asked; GuidanceResponse/" + id});
  }
  if (told.cases.empty() && told.issues.empty()) {
    told.issues.push_back(taken.nobody ? Nobody()
                                       : FhirIssue{"information", "informational", "",
                                                   "kept as context; no case was started"});
  }
  const std::string outcome = WriteOutcome(told.issues, told.remarks);
  HttpResponse response = FhirResponse(told.status, outcome);
  if (form == Form::kMessage) {
    response = FhirResponse(told.status == 202 ? 200 : told.status,
                            Dump(MessageResponse(taken.head->header, taken.digest, base_, outcome,
                                                 told.status != 422)));
  } else if (taken.head != nullptr && told.status != 422) {
    ordered_json bundle = TransactionResponse(taken.head->entries, outcome);
    bundle["type"] = taken.head->type + "-response";
    response = FhirResponse(200, Dump(bundle));
  }
  if (!told.cases.empty()) {
    response.fields.emplace_back("Content-Location", PlaceOf(told.cases.front()));
    response.fields.emplace_back("Location", PlaceOf(told.cases.front()));
  }
  exchange->Answer(std::move(response));
}

// All patients of a bulk file, one after the other; what each became is told at the end.
void FhirDoor::OnBulk(const HttpExchangePtr& exchange) {
  if (const std::string type = MediaType(exchange->request()); !IsLines(type)) {
    return exchange->Answer(FhirRefusal(415, NotThisMedia(type, "application/fhir+ndjson")));
  }
  struct BulkReading {
    std::vector<FeedMessage> messages;
    std::vector<FhirIssue> issues;
    std::vector<Remark> remarks;
  };
  struct Bulk {
    BulkReading read;
    std::vector<AdmittedRecord> records;
    std::size_t next = 0;
    std::function<void()> step;
  };
  const auto bulk = std::make_shared<Bulk>();
  const std::string sender =
      exchange->request().client.empty() ? kSender : exchange->request().client;
  bulk->step = [this, exchange, weak = std::weak_ptr(bulk)] {
    const auto all = weak.lock();
    if (all->next == all->read.messages.size()) {
      Told told = TellOf(all->records);
      told.issues.insert(told.issues.begin(), all->read.issues.begin(), all->read.issues.end());
      for (const std::string& id : told.cases) {
        told.issues.push_back({"information", "informational", "",
                               "case " + id + ": the council was asked; GuidanceResponse/" + id});
      }
      if (all->read.messages.empty() && told.issues.empty()) told.issues.push_back(Nobody());
      const int status = told.cases.empty() && !all->read.issues.empty() ? 400 : told.status;
      return exchange->Answer(OutcomeResponse(status, told.issues, all->read.remarks));
    }
    intake_.Take(std::move(all->read.messages[all->next++]),
                 [exchange, all](Result<std::vector<AdmittedRecord>> records,
                                 std::optional<std::int64_t> retry) {
                   if (!records.ok()) {
                     // What was taken stays taken: the same file again finds it so.
                     HttpResponse response =
                         FhirRefusal(StatusOf(records.error().code), records.error());
                     if (retry) response.fields = Problem(records.error(), retry).fields;
                     return exchange->Answer(std::move(response));
                   }
                   for (AdmittedRecord& record : *records) {
                     all->records.push_back(std::move(record));
                   }
                   all->step();
                 });
  };
  loop_.Parse(
      exchange->request().body.size(),
      [exchange, sender] {
        BulkReading read;
        FhirBulkReader reader("", sender);
        reader.BeginFile("");
        reader.Feed(exchange->request().body);
        reader.EndFile();
        reader.Finish([&](FeedMessage message) {
          for (Remark& remark : message.remarks) NameLine(remark.where, remark.text);
          read.messages.push_back(std::move(message));
        });
        read.issues = reader.issues();
        read.remarks = reader.remarks();
        if (reader.lines() == 0) {
          read.issues.push_back({"error", "required", "", "no line, expected one resource a line"});
        }
        for (FhirIssue& issue : read.issues) NameLine(issue.expression, issue.diagnostics);
        for (Remark& remark : read.remarks) NameLine(remark.where, remark.text);
        return read;
      },
      [bulk](BulkReading read) {
        bulk->read = std::move(read);
        bulk->step();
      });
}

void FhirDoor::OnResult(const HttpExchangePtr& exchange, bool whole) {
  const std::string id = exchange->request().captured[0];
  bus_.Ask<CaseView>(
      FetchRequest{id}, kTimeout,
      [this, exchange, whole, id](Result<CaseView> view, std::optional<std::int64_t> /*retry*/) {
        if (!view.ok()) {
          return exchange->Answer(FhirRefusal(StatusOf(view.error().code), view.error()));
        }
        intake_.store().OriginsOf({id}, [this, exchange, whole, view = *view](
                                            Result<std::vector<std::optional<std::string>>> found) {
          if (!found.ok()) {
            return exchange->Answer(FhirRefusal(StatusOf(found.error().code), found.error()));
          }
          FhirSubject subject;
          if ((*found)[0]) {
            if (const auto origin = UnpackSealed<CaseOrigin>(*(*found)[0])) {
              subject.patient = origin->reference;
              subject.ids = origin->patient.ids;
              if (!origin->visit.empty() && origin->door != "hl7") {
                subject.encounter = "Encounter/" + origin->visit;
              }
            }
          }
          FhirOutput output;
          output.base = base_.empty() ? "" : base_ + "/fhir";
          output.module = kModule;
          std::string json = WriteResult(view, subject, output);
          if (!whole) {
            const ordered_json bundle = ordered_json::parse(json);
            for (const ordered_json& entry : bundle["entry"]) {
              if (entry["resource"]["resourceType"] == "GuidanceResponse") {
                json = Dump(entry["resource"]);
              }
            }
          }
          const bool final = IsFinal(view.state);
          HttpResponse response = FhirResponse(final ? 200 : 202, std::move(json));
          if (!final) {
            response.fields.emplace_back("X-Progress",
                                         kCaseStateNames[static_cast<std::size_t>(view.state)]);
            response.fields.emplace_back("Retry-After", "1");
          }
          exchange->Answer(std::move(response));
        });
        redis_.PumpSoon();
      });
}

void FhirDoor::OnWithdraw(const HttpExchangePtr& exchange) {
  CancelRequest request;
  request.id = exchange->request().captured[0];
  request.withdraw = true;
  bus_.Ask<CancelReply>(
      request, kTimeout, [exchange](Result<CancelReply> reply, std::optional<std::int64_t>) {
        if (!reply.ok()) {
          return exchange->Answer(FhirRefusal(StatusOf(reply.error().code), reply.error()));
        }
        HttpResponse response;
        response.status = 204;
        exchange->Answer(std::move(response));
      });
}

void FhirDoor::OnMetadata(const HttpExchangePtr& exchange) {
  CapabilitySettings settings;
  settings.base = base_.empty() ? "" : base_ + "/fhir";
  settings.version = CONSILIUM_VERSION;
  settings.date = started_;
  settings.keys = keys_;
  exchange->Answer(FhirResponse(200, WriteCapability(settings)));
}

void FhirDoor::AddTo(HttpServer& server, const std::string& base) {
  base_ = base;
  // What clients put behind every address; JSON is all that there is.
  const std::vector<std::string> query = {"_format", "_pretty"};
  const auto add = [&](const char* method, const char* path, HttpAccess access,
                       std::function<void(const HttpExchangePtr&)> handler,
                       std::size_t body_max = 0) {
    server.Add({method, path, access, std::move(handler), body_max}, query);
  };
  const auto post = [&](const char* path, Form form) {
    add(
        "POST", path, HttpAccess::kWrite,
        [this, form](const HttpExchangePtr& e) { OnBundle(e, form); }, body_max_);
  };
  post("/fhir", Form::kTransaction);
  post("/fhir/Bundle", Form::kBundle);
  post("/fhir/$process-message", Form::kMessage);
  add(
      "POST", "/fhir/bulk", HttpAccess::kWrite, [this](const HttpExchangePtr& e) { OnBulk(e); },
      body_max_);
  add("GET", "/fhir/metadata", HttpAccess::kOpen,
      [this](const HttpExchangePtr& e) { OnMetadata(e); });
  add("GET", "/fhir/GuidanceResponse/{id}", HttpAccess::kRead,
      [this](const HttpExchangePtr& e) { OnResult(e, false); });
  add("GET", "/fhir/Bundle/{id}", HttpAccess::kRead,
      [this](const HttpExchangePtr& e) { OnResult(e, true); });
  add("DELETE", "/fhir/GuidanceResponse/{id}", HttpAccess::kWrite,
      [this](const HttpExchangePtr& e) { OnWithdraw(e); });
}

}  // namespace consilium
