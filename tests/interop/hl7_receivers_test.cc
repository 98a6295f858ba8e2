// Receivers of HL7 v2 that are not ours take our results: what their libraries read of them is what
// the council said of that patient, in both forms, and it is never an order.
#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <nlohmann/json.hpp>
#include <sstream>
#include <string>
#include <vector>

#include "tests/interop/council.h"
#include "tests/interop/npm.h"
#include "tests/support/hl7_notes.h"
#include "tests/support/http_exchange.h"
#include "tests/support/mllp_peer.h"

namespace consilium {
namespace {

using nlohmann::json;

struct Receiver {
  const char* name;
  const char* form;
};

// As a receiver's library split it: segments of fields, by their numbers in the standard.
class Read {
 public:
  explicit Read(const json& line) : segments_(line["segments"]) {}
  std::string Get(const std::string& segment, std::size_t field) const {
    for (const json& one : segments_) {
      if (one[0] == segment) return field < one.size() ? one[field].get<std::string>() : "";
    }
    return "(no such segment)";
  }
  std::vector<json> All(const std::string& segment) const {
    std::vector<json> all;
    for (const json& one : segments_) {
      if (one[0] == segment) all.push_back(one);
    }
    return all;
  }
  std::vector<std::string> Names() const {
    std::vector<std::string> names;
    for (const json& one : segments_) names.push_back(one[0]);
    return names;
  }
  std::string Text() const { return segments_.dump(); }

 private:
  json segments_;
};

class Hl7ReceiversTest : public testing::TestWithParam<Receiver> {
 protected:
  void SetUp() override {
    if (std::string(GetParam().name) == "medplum") {
      CONSILIUM_SKIP_IF(WhyNot("@medplum/hl7"));
      CONSILIUM_SKIP_IF(WhyNotNode(20));
      program_ = std::make_unique<ListeningProgram>(
          "/usr/bin/env",
          std::vector<std::string>{"node", ScriptPath("medplum_hl7_receiver.mjs"), NpmFolder()});
    } else {
      CONSILIUM_SKIP_IF(WhyNotPythonHl7());
      program_ = std::make_unique<ListeningProgram>(
          "/usr/bin/python3", std::vector<std::string>{ScriptPath("python_hl7_receiver.py")});
    }
    const std::string at = program_->Url();
    ASSERT_NE(at, "") << program_->Said();
    CouncilOptions options;
    options.gateway = "receiver = \"" + at + "\"\nresult_form = \"" + GetParam().form + "\"\n";
    council_ = std::make_unique<Council>(options);
    ASSERT_EQ(council_->Start(), "");
  }

  // Sends it and expects that it is accepted.
  void Send(const std::string& message) {
    MllpSender sender(council_->cluster().mllp());
    EXPECT_EQ(Hl7Field(sender.Ask(message).value_or(""), "MSA", 1), "AA");
  }
  json TheCase(std::size_t count) {
    const int port = council_->cluster().http();
    json items = json::parse(Exchange(port, "GET", "/v1/cases", "").body)["items"];
    EXPECT_EQ(items.size(), count);
    WireOptions options;
    options.silent_after = std::chrono::seconds(40);
    const std::string path = "/v1/cases/" + items[0]["id"].get<std::string>() + "?wait=30s";
    return json::parse(Exchange(port, "GET", path, "", options).body);
  }
  // What it got, one line of JSON for each message.
  std::vector<json> Got() const {
    std::vector<json> got;
    std::istringstream lines(program_->Said());
    for (std::string line; std::getline(lines, line);) {
      if (line.empty() || line[0] != '{') continue;
      const json read = json::parse(line, nullptr, false);
      if (!read.is_discarded()) got.push_back(read);  // the last line may still be written
    }
    return got;
  }
  bool AwaitCount(std::size_t count, std::chrono::seconds within = std::chrono::seconds(30)) {
    return Eventually([&] { return Got().size() >= count; }, within);
  }

  const std::string pid_ = "PID|1||4711^^^HOSP^MR||M\xc3\xbcller^Jane||19650102|F\r";
  std::unique_ptr<ListeningProgram> program_;
  std::unique_ptr<Council> council_;
};

TEST_P(Hl7ReceiversTest, ReadsTheRecommendationAndItsWithdrawal) {
  const bool oru = GetParam().form == std::string("ORU^R01");
  Send(Msh("MDM^T02", "r-1") + "EVN|T02|20261128101500\r" + pid_ +
       "PV1|1|I|||||||||||||||||V-9\rTXA|1|PN|TX|20261128101500||||||||doc-1|||||AU\r" +
       "OBX|1|TX|NOTE^Progress note||A cough & fever for three days.||||||F\r");
  const json view = TheCase(1);
  ASSERT_EQ(view["state"], "complete") << view;
  const std::string id = view["id"];
  const std::string drug = view["recommendations"][0]["medications"][0]["ingredient"];
  // Also just after the start it does not wait for the next turn of the outbox.
  ASSERT_TRUE(AwaitCount(1, std::chrono::seconds(4)))
      << program_->Said() << council_->cluster().LogOf("gateway");
  const Read result(Got()[0]);

  EXPECT_EQ(result.Get("MSH", 2), "^~\\&");
  EXPECT_EQ(result.Get("MSH", 3), "CONSILIUM");
  EXPECT_EQ(result.Get("MSH", 9), oru ? "ORU^R01^ORU_R01" : "MDM^T02^MDM_T02");
  EXPECT_EQ(result.Get("MSH", 10).size(), 20u);
  EXPECT_EQ(result.Get("MSH", 11), "P");
  EXPECT_EQ(result.Get("MSH", 12), "2.5.1");
  EXPECT_EQ(result.Get("MSH", 18), "UNICODE UTF-8");
  EXPECT_EQ(result.Get("PID", 3), "4711^^^HOSP^MR");
  EXPECT_EQ(result.Get("PID", 5), "M\xc3\xbcller^Jane");
  EXPECT_EQ(result.Get("PID", 7), "19650102");
  EXPECT_EQ(result.Get("PID", 8), "F");
  EXPECT_EQ(result.Get("PV1", 19), "V-9");
  if (oru) {
    EXPECT_EQ(result.Get("OBR", 3), id + "^CONSILIUM");
    EXPECT_EQ(result.Get("OBR", 4).substr(0, 7), "MEDREC^");
    EXPECT_EQ(result.Get("OBR", 25), "F");
  } else {
    EXPECT_EQ(result.Get("EVN", 1), "T02");
    EXPECT_EQ(result.Get("TXA", 12), id + "^CONSILIUM");
    EXPECT_EQ(result.Get("TXA", 13), "doc-1") << result.Text();
    EXPECT_EQ(result.Get("TXA", 17), "DO");
  }
  const std::vector<json> lines = result.All("OBX");
  ASSERT_GT(lines.size(), 3u) << result.Text();
  for (std::size_t i = 0; i < lines.size(); ++i) {
    EXPECT_EQ(lines[i][1], std::to_string(i + 1));
    EXPECT_EQ(lines[i][2], "TX");
    EXPECT_NE(lines[i][5], "") << lines[i];
    EXPECT_EQ(lines[i][11], "F") << lines[i];
  }
  EXPECT_NE(result.Text().find(drug), std::string::npos) << drug << ": " << result.Text();
  EXPECT_NE(result.Text().find("not an order"), std::string::npos) << result.Text();

  Send(Msh("MDM^T11", "r-2") + "EVN|T11|20261128\r" + pid_ +
       "TXA|1|PN|TX|20261128||||||||doc-1|||||CA\r");
  ASSERT_TRUE(AwaitCount(2)) << program_->Said();
  const Read withdrawn(Got()[1]);
  EXPECT_NE(withdrawn.Get("MSH", 10), result.Get("MSH", 10));
  EXPECT_EQ(withdrawn.Get("PID", 3), "4711^^^HOSP^MR");
  if (oru) {
    EXPECT_EQ(withdrawn.Get("OBR", 3), id + "^CONSILIUM");
    EXPECT_EQ(withdrawn.Get("OBR", 25), "X");
  } else {
    EXPECT_EQ(withdrawn.Get("MSH", 9), "MDM^T11^MDM_T01");
    EXPECT_EQ(withdrawn.Get("TXA", 12), id + "^CONSILIUM");
    EXPECT_EQ(withdrawn.Get("TXA", 19), "CA");
  }
  EXPECT_EQ(withdrawn.Text().find(drug), std::string::npos) << withdrawn.Text();

  for (const json& one : Got()) {
    for (const std::string& name : Read(one).Names()) {
      const std::vector<std::string> known = {"MSH", "EVN", "PID", "PV1", "OBR", "TXA", "OBX"};
      EXPECT_NE(std::find(known.begin(), known.end(), name), known.end()) << name << " in " << one;
    }
  }
}

TEST_P(Hl7ReceiversTest, TakesManyResultsEachOnce) {
  constexpr std::size_t kNotes = 25;
  MllpSender sender(council_->cluster().mllp());
  for (std::size_t i = 0; i < kNotes; ++i) {
    const std::string number = std::to_string(i);
    const auto ack = sender.Ask(
        Msh("MDM^T02", "many-" + number) + "EVN|T02|20261128101500\rPID|1||p-" + number +
        "^^^HOSP^MR||Doe^Jane||19650102|F\rTXA|1|PN|TX|20261128101500||||||||d-" + number +
        "|||||AU\rOBX|1|TX|NOTE^Progress note||A cough, number " + number + ".||||||F\r");
    ASSERT_EQ(Hl7Field(ack.value_or(""), "MSA", 1), "AA");
  }
  ASSERT_TRUE(AwaitCount(kNotes)) << program_->Said();
  std::vector<std::string> patients;
  for (const json& one : Got()) patients.push_back(Read(one).Get("PID", 3));
  std::sort(patients.begin(), patients.end());
  EXPECT_EQ(std::unique(patients.begin(), patients.end()), patients.end()) << "one came twice";
  EXPECT_EQ(patients.size(), kNotes);
}

INSTANTIATE_TEST_SUITE_P(
    Receivers, Hl7ReceiversTest,
    testing::Values(Receiver{"medplum", "ORU^R01"}, Receiver{"medplum", "MDM^T02"},
                    Receiver{"python", "ORU^R01"}, Receiver{"python", "MDM^T02"}),
    [](const testing::TestParamInfo<Receiver>& tested) {
      return std::string(tested.param.name) + "_" + std::string(tested.param.form).substr(0, 3);
    });

}  // namespace
}  // namespace consilium
