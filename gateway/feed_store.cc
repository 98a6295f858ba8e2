#include "gateway/feed_store.h"

#include <algorithm>
#include <cctype>
#include <string_view>
#include <utility>

#include "door_scripts.h"
#include "gateway/store_reply.h"
#include "shared/redis_reply.h"
#include "shared/text.h"

namespace consilium {
namespace {

std::string IdKey(const std::string& name) { return DoorKey("id:" + name); }
std::string MessageKey(const std::string& name) { return DoorKey("message:" + name); }
std::string PatientKey(const std::string& name) { return DoorKey("patient:" + name); }
std::string DocumentKey(const std::string& name) { return DoorKey("document:" + name); }
std::string WithdrawnKey(const std::string& case_id) { return DoorKey("withdrawn:" + case_id); }

bool IsUuid(std::string_view text) {
  if (text.size() != 36) return false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool dash = i == 8 || i == 13 || i == 18 || i == 23;
    const auto c = static_cast<unsigned char>(text[i]);
    if (dash ? c != '-' : std::isxdigit(c) == 0) return false;
  }
  return true;
}

Result<FeedView> ReadView(std::size_t patients, std::size_t documents, const RedisReply& reply) {
  if (reply.items.size() != 5) return Unexpected("look_feed");
  const auto& values = reply.items[4].items;
  if (values.size() != 2 * (patients + documents)) return Unexpected("look_feed");
  FeedView view;
  view.now_ms = ToInt(reply.items[0]);
  view.plan = Maybe(reply.items[1]);
  view.id_reused = ToInt(reply.items[2]) == 1;
  view.case_withdrawn = ToInt(reply.items[3]) == 1;
  for (std::size_t i = 0; i < values.size(); i += 2) {
    StoredValue value;
    value.version = ToInt(values[i]);
    if (value.version != 0) value.bytes = values[i + 1].text;
    (i < 2 * patients ? view.patients : view.documents).push_back(std::move(value));
  }
  return view;
}

// Of GET.
RedisConnection::Done ReadingText(FeedStore::Done<std::optional<std::string>> done) {
  using Text = std::optional<std::string>;
  return Reading<Text>(std::move(done),
                       [](const RedisReply& reply) { return Result<Text>(Maybe(reply)); });
}

Result<AdmitReply> ReadAdmitted(const RedisReply& reply) {
  if (reply.items.size() < 2) return Unexpected("admit_message");
  AdmitReply admitted;
  admitted.now_ms = ToInt(reply.items[1]);
  const std::string& word = reply.items[0].text;
  if (word == "admitted") {
    admitted.kind = AdmitReply::Kind::kAdmitted;
  } else if (word == "seen" && reply.items.size() == 3) {
    admitted.kind = AdmitReply::Kind::kSeen;
    admitted.plan = reply.items[2].text;
  } else if (word != "moved") {
    return Unexpected("admit_message");
  }
  return admitted;
}

}  // namespace

std::vector<RedisScript> FeedStore::Scripts() {
  return {{"look_feed", kLookFeedScript},
          {"admit_message", kAdmitMessageScript},
          {"take_open_plans", kTakeOpenPlansScript},
          {"describe_doors", kDescribeDoorsScript}};
}

void FeedStore::Look(const FeedQuestion& question, Done<FeedView> done) {
  std::vector<std::string> keys = {MessageKey(question.message), IdKey(question.message_id),
                                   WithdrawnKey(question.case_id)};
  for (const std::string& name : question.patients) keys.push_back(PatientKey(name));
  for (const std::string& name : question.documents) keys.push_back(DocumentKey(name));
  redis_.Run("look_feed", std::move(keys), {question.message},
             Reading<FeedView>(
                 std::move(done),
                 [patients = question.patients.size(), documents = question.documents.size()](
                     const RedisReply& reply) { return ReadView(patients, documents, reply); }));
}

void FeedStore::Admit(const Admission& admission, Done<AdmitReply> done) {
  std::vector<std::string> keys = {MessageKey(admission.message), IdKey(admission.message_id),
                                   DoorKey("open"), DoorKey("open:due"), DoorKey("counters")};
  std::vector<std::string> args = {
      admission.plan,
      admission.message,
      admission.message_id.empty() ? "0" : "1",
      admission.door,
      ExpiryMs(milliseconds(admission.remember_ms)),
      ExpiryMs(milliseconds(admission.retention_ms)),
      std::to_string(admission.patients.size() + admission.documents.size()),
      std::to_string(admission.forget.size()),
      std::to_string(admission.cases.size()),
      std::to_string(admission.withdrawn.size())};
  const auto add = [&](const ValueChange& change, std::string key, std::int64_t keep_ms) {
    keys.push_back(std::move(key));
    args.insert(args.end(), {std::to_string(change.from_version), change.bytes ? "1" : "0",
                             change.bytes.value_or(""), ExpiryMs(milliseconds(keep_ms))});
  };
  for (const ValueChange& change : admission.patients) {
    add(change, PatientKey(change.name), admission.context_ms);
  }
  for (const ValueChange& change : admission.documents) {
    add(change, DocumentKey(change.name), admission.retention_ms);
  }
  for (const std::string& name : admission.forget) keys.push_back(PatientKey(name));
  for (const CaseFrom& made : admission.cases) {
    keys.push_back(DoorKey("case:" + made.case_id));
    args.push_back(made.origin);
  }
  for (const WithdrawnCase& gone : admission.withdrawn) {
    keys.push_back(WithdrawnKey(gone.case_id));
    args.push_back(gone.reason);
  }
  redis_.Run("admit_message", std::move(keys), std::move(args),
             NamingNoMemory(Reading<AdmitReply>(std::move(done), ReadAdmitted)));
}

void FeedStore::Finish(const std::string& message, Done<Nothing> done) {
  // In this order: what is left after the first is only taken up once more, to be found finished.
  redis_.Send({"ZREM", DoorKey("open"), message}, [](const Result<RedisReply>&) {});
  redis_.Send({"ZREM", DoorKey("open:due"), message}, NothingOf(std::move(done)));
}

void FeedStore::TakeOpenPlans(milliseconds idle, std::int64_t count,
                              Done<std::vector<OpenPlan>> done) {
  redis_.Run("take_open_plans", {DoorKey("open"), DoorKey("open:due")},
             {DoorKey("message:"), std::to_string(idle.count()), std::to_string(count)},
             Reading<std::vector<OpenPlan>>(
                 std::move(done), [](const RedisReply& reply) -> Result<std::vector<OpenPlan>> {
                   if (reply.items.size() != 2) return Unexpected("take_open_plans");
                   const auto& items = reply.items[1].items;
                   std::vector<OpenPlan> plans;
                   for (std::size_t i = 0; i + 2 < items.size(); i += 3) {
                     plans.push_back({items[i].text, items[i + 1].text, ToInt(items[i + 2])});
                   }
                   return plans;
                 }));
}

void FeedStore::WithdrawnFor(const std::string& case_id, Done<std::optional<std::string>> done) {
  redis_.Send({"GET", WithdrawnKey(case_id)}, ReadingText(std::move(done)));
}

void FeedStore::OriginsOf(const std::vector<std::string>& case_ids,
                          Done<std::vector<std::optional<std::string>>> done) {
  using Origins = std::vector<std::optional<std::string>>;
  if (case_ids.empty()) return done(Origins{});
  std::vector<std::string> command = {"MGET"};
  for (const std::string& id : case_ids) command.push_back(DoorKey("case:" + id));
  redis_.Send(
      std::move(command),
      Reading<Origins>(std::move(done),
                       [count = case_ids.size()](const RedisReply& reply) -> Result<Origins> {
                         if (reply.items.size() != count) return Unexpected("MGET");
                         Origins origins;
                         for (const RedisReply& item : reply.items) {
                           origins.push_back(Maybe(item));
                         }
                         return origins;
                       }));
}

void FeedStore::PutCard(const std::string& uuid, const std::string& bytes, milliseconds keep,
                        Done<Nothing> done) {
  if (!IsUuid(uuid)) return done(Invalid("card = " + Quoted(uuid) + ", expected a UUID"));
  redis_.Send({"SET", DoorKey("card:" + uuid), bytes, "PX", ExpiryMs(keep)},
              NamingNoMemory(NothingOf(std::move(done))));
}

void FeedStore::GetCard(const std::string& uuid, Done<std::optional<std::string>> done) {
  if (!IsUuid(uuid)) return done(std::optional<std::string>());
  redis_.Send({"GET", DoorKey("card:" + uuid)}, ReadingText(std::move(done)));
}

void FeedStore::UseToken(const std::string& digest, const std::string& by, milliseconds keep,
                         Done<bool> done) {
  redis_.Send({"SET", DoorKey("jti:" + digest), by, "NX", "GET", "PX", ExpiryMs(keep)},
              NamingNoMemory(Reading<bool>(std::move(done), [by](const RedisReply& reply) {
                return Result<bool>(reply.nil() || reply.text == by);
              })));
}

void FeedStore::Count(const std::string& counter, std::int64_t add, Done<Nothing> done) {
  redis_.Send({"HINCRBY", DoorKey("counters"), counter, std::to_string(add)},
              NamingNoMemory(NothingOf(std::move(done))));
}

void FeedStore::Describe(Done<DoorsStatus> done) {
  redis_.Run(
      "describe_doors", {DoorKey("open"), DoorKey("counters")}, {},
      Reading<DoorsStatus>(std::move(done), [](const RedisReply& reply) -> Result<DoorsStatus> {
        if (reply.items.size() != 4) return Unexpected("describe_doors");
        DoorsStatus status;
        status.now_ms = ToInt(reply.items[0]);
        status.open = ToInt(reply.items[1]);
        status.oldest_ms = ToInt(reply.items[2]);
        const auto& counters = reply.items[3].items;
        for (std::size_t i = 0; i + 1 < counters.size(); i += 2) {
          status.counters[counters[i].text] = ToInt(counters[i + 1]);
        }
        return status;
      }));
}

}  // namespace consilium
