// What each of the messages of ../shared/hl7 becomes, as a table of counts (no word of a message is
// in it). feed_table.tsv beside this file is what was read and judged by hand.
#include <gtest/gtest.h>

#include <fstream>
#include <iostream>
#include <iterator>
#include <nlohmann/json.hpp>
#include <sstream>

#include "gateway/clinical/patient_key.h"
#include "gateway/clinical/plan.h"
#include "gateway/hl7/read_feed.h"

namespace consilium {
namespace {

constexpr std::int64_t kNow = 1'795'867'200'000;

std::string Joined(const std::vector<std::string>& words) {
  std::string text;
  for (const std::string& word : words) text += (text.empty() ? "" : ",") + word;
  return text.empty() ? "-" : text;
}

// "dg1/2i": 1 active, 2 inactive; w withdrawn, n none known.
std::string Facts(const FeedRecord& record) {
  constexpr const char* kKinds[] = {"dg", "al", "rx", "ob", "im"};
  constexpr const char* kStatuses[] = {"", "i", "w", "n"};
  std::vector<std::string> words;
  for (std::size_t kind = 0; kind < 5; ++kind) {
    for (std::size_t status = 0; status < 4; ++status) {
      const auto count =
          std::count_if(record.facts.begin(), record.facts.end(), [&](const Fact& fact) {
            return static_cast<std::size_t>(fact.kind) == kind &&
                   static_cast<std::size_t>(fact.status) == status;
          });
      if (count > 0) words.push_back(kKinds[kind] + std::to_string(count) + kStatuses[status]);
    }
  }
  return Joined(words);
}

// "replace:d+parent:812": action, whether it has a number and a parent, bytes of text.
std::string Notes(const FeedRecord& record) {
  std::vector<std::string> words;
  for (const Note& note : record.notes) {
    words.push_back(std::string(kNoteActionNames[static_cast<std::size_t>(note.action)]) +
                    (note.document.empty() ? "" : "+doc") + (note.parent.empty() ? "" : "+parent") +
                    ":" + std::to_string(note.text.size()));
  }
  if (NeedsHuman(record)) words.emplace_back("HUMAN");
  return Joined(words);
}

std::string Case(const FeedMessage& message, std::size_t record) {
  PlanSettings settings;
  settings.routing = *ParseRouting(DefaultRouting());
  settings.context_ms = 3'600'000;
  settings.case_bytes_max = 65'536;
  PlanLookup lookup;
  lookup.now_ms = kNow;
  const auto plan = PlanAdmission(message, record, lookup, settings);
  if (!plan) return plan.error().text;
  if (plan->refusal) return "refused:" + plan->refusal->code;
  return plan->request ? "case:" + std::to_string(plan->request->vignette.text.size()) : "-";
}

// One line a record.
std::string Rows(const std::string& id, const std::string& text) {
  const auto message = ParseHl7(text);
  if (!message) return id + "\tnot parsed: " + message.error().text + "\n";
  const auto read = ReadFeed(*message, text);
  if (const auto* fault = std::get_if<FeedFault>(&read)) {
    return id + "\tfault " + std::to_string(fault->code) + ": " + fault->text + "\n";
  }
  const auto& feed = std::get<FeedMessage>(read);
  std::vector<std::string> remarks;
  for (const Remark& remark : feed.remarks) remarks.push_back(remark.code + "@" + remark.where);
  const std::string head = id + "\t" + feed.type + (feed.production ? "" : " training") + "\t";
  std::string rows;
  for (std::size_t i = 0; i < feed.records.size(); ++i) {
    const FeedRecord& record = feed.records[i];
    const Demographics& patient = record.patient;
    rows +=
        head + "keys" + std::to_string(PatientKeys(patient.ids, ScopeOf(feed, {})).size()) +
        (record.merged.empty() ? "" : "/merged" + std::to_string(record.merged.size())) + "\t" +
        (patient.birth_date.empty() ? "-" : "born" + std::to_string(patient.birth_date.size())) +
        "," + (patient.sex.empty() ? "-" : patient.sex) + "\t" + Facts(record) + "\t" +
        Notes(record) + "\t" + (record.reason.empty() ? "-" : "reason") + "\t" + Case(feed, i) +
        "\t" + (i == 0 ? Joined(remarks) : "-") + "\n";
  }
  return rows.empty() ? head + "no record\t" + Joined(remarks) + "\n" : rows;
}

TEST(FeedTableTest, TheMessagesOfPublicProjectsBecomeWhatWasJudgedRight) {
  std::ifstream file(CONSILIUM_SOURCE_DIR "/../shared/hl7/messages.jsonl");
  if (!file) {
    std::cerr << "../shared is absent: no hl7/messages.jsonl\n";
    GTEST_SKIP() << "there is no ../shared/hl7/messages.jsonl";
  }
  std::string table;
  for (std::string line; std::getline(file, line);) {
    const auto record = nlohmann::json::parse(line);
    table += Rows(record["id"].get<std::string>(), record["text"].get<std::string>());
  }
  std::ifstream judged(CONSILIUM_SOURCE_DIR "/tests/unit/hl7/feed_table.tsv");
  const std::string expected(std::istreambuf_iterator<char>(judged), {});
  std::istringstream rows(table);
  std::istringstream expected_rows(expected);
  std::string row;
  std::string expected_row;
  while (std::getline(rows, row)) {
    std::getline(expected_rows, expected_row);
    EXPECT_EQ(row, expected_row);
  }
  EXPECT_EQ(table.size(), expected.size());
}

}  // namespace
}  // namespace consilium
