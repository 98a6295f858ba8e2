// import and export where something is wrong: files, folders, no cluster, a person who stops it.
// None needs a cluster; where one answers, it is a socket of the test.
#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "shared/codec.h"
#include "shared/messages.h"
#include "shared/zmq.h"
#include "tests/support/cluster_process.h"
#include "tests/support/file_text.h"

namespace consilium {
namespace {

using std::chrono::seconds;

constexpr const char* kHeader = "trial,model,task,quality,accuracy,created\n";
constexpr const char* kNobody = "tcp://127.0.0.1:9";  // the port of `discard`: nobody listens

CommandResult RunConsilium(const std::vector<std::string>& arguments,
                           const std::string& input = "") {
  RunningCommand command("consilium", arguments, {}, input);
  CommandResult result = command.Wait(seconds(60));
  EXPECT_FALSE(result.timed_out);
  return result;
}

// What is said, of a command that ends with exit code 2 before it asks anybody.
std::string Refusal(const std::vector<std::string>& arguments, const std::string& input = "") {
  const CommandResult result = RunConsilium(arguments, input);
  EXPECT_EQ(result.exit_code, 2) << result.out << result.err;
  EXPECT_EQ(result.out, "");
  return result.err;
}

// Answers the requests of a command as a broker would, for as long as it is asked to.
class FakeBroker {
 public:
  FakeBroker() : router_(context_) {
    const Status bound = router_.Bind("tcp://127.0.0.1:0");
    EXPECT_TRUE(bound.ok());
  }
  std::string endpoint() const { return router_.endpoint(); }

  // The next request, of this type.
  template <class Request>
  Request Next() {
    last_.reset();
    EXPECT_TRUE(Eventually([&] {
      last_ = router_.Receive();
      return last_.has_value();
    }));
    if (!last_ || !last_->frame.ok()) return {};
    EXPECT_EQ(last_->frame->type, Request::kType);
    auto request = Unpack<Request>(last_->frame->body);
    EXPECT_TRUE(request.ok());
    return request.ok() ? *request : Request{};
  }
  template <class Reply>
  void Answer(const Reply& reply) {
    if (last_) router_.Send(last_->peer, MakeFrame(reply, last_->frame->request));
  }

 private:
  ZmqContext context_;
  RouterSocket router_;
  std::optional<RouterSocket::Incoming> last_;
};

std::vector<std::string> FilesIn(const std::string& folder) {
  std::vector<std::string> names;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    names.push_back(entry.path().filename().string());
  }
  std::sort(names.begin(), names.end());
  return names;
}

EvidenceLine LineOf(const std::string& id, const std::string& kind, double grade) {
  EvidenceLine line;
  line.evidence.case_id = id;
  line.evidence.kind = kind;
  line.evidence.strategy = "random";
  line.evidence.decided_ms = 1752227001000;
  line.evidence.answers = {{"m", "", "000", 1.0, grade, {}, {}, {}, {}, {}}};
  return line;
}

TEST(ChemistryImportTest, AFileThatIsNoHistoryIsRefusedBeforeAnybodyIsAsked) {
  const TestFolder folder;
  const std::string no_file = folder.File("none.csv");
  EXPECT_EQ(Refusal({"import", no_file}),
            "consilium: error[not_found]: " + no_file + ": no such file\n");
  EXPECT_EQ(Refusal({"import", folder.path()}),
            "consilium: error[invalid]: " + folder.path() + ": is a directory, expected a file\n");
  const std::string empty = folder.Write("empty.csv", "");
  EXPECT_EQ(Refusal({"import", empty}),
            "consilium: error[invalid]: " + empty +
                ": empty, expected a first line with the names of the columns\n");
  const std::string wrong = folder.Write("wrong.csv", "{\"id\": \"case-1\"}\n");
  EXPECT_EQ(Refusal({"import", wrong}),
            "consilium: error[invalid]: " + wrong +
                ":1: no column trial, model, task, quality, accuracy; needed are trial, model, "
                "task, quality, accuracy\n");
  const std::string header = folder.Write("header.csv", kHeader);
  EXPECT_EQ(Refusal({"import", header}),
            "consilium: error[invalid]: " + header +
                ": no rows after the line of titles, so nothing to import\n");
  EXPECT_EQ(Refusal({"import", "-"}, kHeader),
            "consilium: error[invalid]: standard input: no rows after the line of titles, so "
            "nothing to import\n");
  const std::string bad = folder.Write("bad.csv", std::string(kHeader) + "t,m,fix,99,0.5,\n");
  EXPECT_EQ(Refusal({"import", bad}),
            "consilium: error[invalid]: " + bad +
                ": none of the 1 rows can be used; line 2: quality = 99, expected 0..10\n");
  const std::string good =
      folder.Write("good.csv", std::string(kHeader) + "t,m,fix,9,0.5,2026-01-01 00:00:00\n");
  EXPECT_EQ(
      Refusal({"import", "--task", "other", good}),
      "consilium: error[not_found]: " + good + ": task = \"other\", expected one of \"fix\"\n");
}

TEST(ChemistryImportTest, WithoutAClusterItSaysSoAndThatTheSameCommandGoesOn) {
  const TestFolder folder;
  const std::string good =
      folder.Write("good.csv", std::string(kHeader) + "t,m,fix,9,0.5,2026-01-01 00:00:00\n");
  const CommandResult result =
      RunConsilium({"import", good, "--broker", kNobody, "--timeout", "1"});
  EXPECT_EQ(result.exit_code, 3);
  EXPECT_EQ(result.out, "");
  EXPECT_EQ(result.err,
            "consilium: error[timeout]: no answer from the broker at tcp://127.0.0.1:9 within 1 s\n"
            "  is a cluster running? start one with `consilium up`, or name its broker with "
            "--broker\n"
            "consilium: 0 of 1 cases were sent; the same command goes on where this one stopped\n");
}

TEST(ChemistryImportTest, StoppedMidwayItSaysHowFarItWas) {
  const TestFolder folder;
  std::string csv = kHeader;
  for (int i = 0; i < 600; ++i) {
    csv += "t" + std::to_string(i) + ",m,fix,9,0.5,2026-01-01 00:00:00\n";
  }
  FakeBroker broker;
  RunningCommand command("consilium", {"import", folder.Write("h.csv", csv), "--broker",
                                       broker.endpoint(), "--timeout", "60"});
  EXPECT_EQ(broker.Next<ImportRequest>().cases.size(), 256u);
  broker.Answer(ImportReply{200, 56});
  EXPECT_EQ(broker.Next<ImportRequest>().cases.size(), 256u);
  command.Signal(SIGINT);
  const CommandResult result = command.Wait(seconds(30));
  EXPECT_EQ(result.exit_code, 130);
  EXPECT_EQ(result.out, "");
  EXPECT_EQ(result.err,
            "consilium: 256 of 600 cases were sent; the same command goes on where this one "
            "stopped\n");
}

TEST(ChemistryImportTest, ARefusalOfTheBrokerIsNoInterruption) {
  const TestFolder folder;
  FakeBroker broker;
  RunningCommand command(
      "consilium",
      {"import", "--kind", "nonsense",
       folder.Write("h.csv", std::string(kHeader) + "t,m,fix,9,0.5,2026-01-01 00:00:00\n"),
       "--broker", broker.endpoint()});
  EXPECT_EQ(broker.Next<ImportRequest>().cases.at(0).kind, "nonsense");
  broker.Answer(ErrorMessage{"invalid", "cases[0].kind = \"nonsense\"", std::nullopt});
  const CommandResult result = command.Wait(seconds(30));
  EXPECT_EQ(result.exit_code, 2);
  EXPECT_EQ(result.err, "consilium: error[invalid]: cases[0].kind = \"nonsense\"\n");
}

TEST(ChemistryImportTest, WhatIsLeftOutIsSaid) {
  const TestFolder folder;
  FakeBroker broker;
  const std::string file = folder.Write("h.csv", std::string(kHeader) +
                                                     "t,m,fix,9,0.5,2026-01-01 00:00:00\n"
                                                     "t,n,fix,,,2026-01-01 00:00:00\n"
                                                     "u,m,fix,9,0.5,2026-01-01 00:00:00\n"
                                                     "v,m,name a river,9,0.5,\n");
  RunningCommand command("consilium", {"import", file, "--broker", broker.endpoint()});
  EXPECT_EQ(broker.Next<ImportRequest>().cases.size(), 2u);
  broker.Answer(ImportReply{1, 1});
  const CommandResult result = command.Wait(seconds(30));
  EXPECT_EQ(result.exit_code, 0);
  EXPECT_EQ(result.out, "imported 1 cases of task \"fix\"; 1 were there before\n");
  EXPECT_EQ(result.err,
            "consilium: " + file +
                ": 1 of 4 rows was left out, line 3; the first: quality is blank, expected 0..10\n"
                "consilium: 1 rows of other tasks than \"fix\" were left out; --task names the one "
                "to import\n");
}

TEST(ChemistryExportTest, AFolderThatCannotBeWrittenToIsRefusedBeforeAnybodyIsAsked) {
  const TestFolder folder;
  const std::string file = folder.Write("file", "text");
  EXPECT_EQ(Refusal({"export", file, "--broker", kNobody}),
            "consilium: error[invalid]: " + file + ": is a file, expected a folder\n");
  const std::string below = file + "/below";
  EXPECT_EQ(Refusal({"export", below, "--broker", kNobody}),
            "consilium: error[invalid]: " + below + ": cannot be made: Not a directory\n");
  const std::string orphan = folder.File("no/folder");
  EXPECT_EQ(
      Refusal({"export", orphan, "--broker", kNobody}),
      "consilium: error[invalid]: " + orphan + ": cannot be made: No such file or directory\n");
  EXPECT_EQ(FileText(file), "text");
}

// Nobody, not even root, makes a file there.
TEST(ChemistryExportTest, AFolderThatCannotBeWrittenToIsRefused) {
  const std::string refusal = Refusal({"export", "/proc/self", "--broker", kNobody});
  EXPECT_EQ(refusal.rfind("consilium: error[invalid]: /proc/self: cannot be written to: ", 0), 0u)
      << refusal;
}

TEST(ChemistryExportTest, WithoutAClusterNothingIsLeftBehind) {
  const TestFolder folder;
  const std::string out = folder.File("out");
  const CommandResult result = RunConsilium({"export", out, "--broker", kNobody, "--timeout", "1"});
  EXPECT_EQ(result.exit_code, 3);
  EXPECT_EQ(result.err.rfind("consilium: error[timeout]: no answer from the broker at ", 0), 0u)
      << result.err;
  EXPECT_FALSE(std::filesystem::exists(out));
}

// The slices of a broker that answers with fewer lines than it is asked for.
void AnswerSlices(FakeBroker& broker, const std::vector<std::vector<EvidenceLine>>& slices) {
  std::string cursor;
  for (std::size_t i = 0; i < slices.size(); ++i) {
    EXPECT_EQ(broker.Next<HistoryRequest>().after, cursor);
    cursor = std::to_string(i + 1) + "-0";
    broker.Answer(HistoryReply{slices[i], cursor, 0});
  }
}

TEST(ChemistryExportTest, ShortSlicesAreReadToTheEndAndLaterLinesAreLeftForTheNextTime) {
  const TestFolder folder;
  const std::string out = folder.File("out");
  FakeBroker broker;
  RunningCommand command("consilium", {"export", out, "--broker", broker.endpoint()});
  const std::vector<std::vector<EvidenceLine>> slices = {
      {LineOf("a", "medication", 0.1)},
      {},  // a line that cannot be read
      {LineOf("b", "tri age", 0.2), LineOf("a", "medication", 0.3)}};
  AnswerSlices(broker, slices);
  EXPECT_EQ(broker.Next<HistoryRequest>().after, "3-0");
  broker.Answer(HistoryReply{{}, "3-0", 0});
  // The second time there is more; what was not counted does not count.
  auto longer = slices;
  longer[2].push_back(LineOf("b", "tri age", 0.9));
  AnswerSlices(broker, longer);
  EXPECT_EQ(broker.Next<ChemistryRequest>().kind, "");
  broker.Answer(ErrorMessage{"not_found", "nothing yet", std::nullopt});
  EXPECT_EQ(broker.Next<ChemistryRequest>().kind, "medication");
  broker.Answer(ErrorMessage{"not_found", "nothing yet", std::nullopt});
  EXPECT_EQ(broker.Next<ChemistryRequest>().kind, "tri age");
  ChemistryReport report;
  report.kind = "tri age";
  broker.Answer(report);
  const CommandResult result = command.Wait(seconds(30));
  EXPECT_EQ(result.exit_code, 0) << result.err;
  EXPECT_EQ(result.err,
            "consilium: no matrix yet: nothing yet\n"
            "consilium: no matrix of kind \"medication\" yet\n");
  EXPECT_EQ(result.out, "exported 2 cases with 2 answers to " + out +
                            "\n  history.csv\n  evidence.ndjson\n  chemistry-tri%20age.json\n"
                            "  chemistry-tri%20age.csv\n");
  EXPECT_EQ(FilesIn(out),
            (std::vector<std::string>{"chemistry-tri%20age.csv", "chemistry-tri%20age.json",
                                      "evidence.ndjson", "history.csv"}));
  const std::string csv = FileText(out + "/history.csv");
  EXPECT_NE(csv.find("\r\nb,m,tri age,,,000,answer 1,2,,"), std::string::npos) << csv;
  EXPECT_NE(csv.find("\r\na,m,medication,,,000,answer 1,3,,"), std::string::npos) << csv;
  EXPECT_EQ(std::count(csv.begin(), csv.end(), '\n'), 3);
  const std::string ndjson = FileText(out + "/evidence.ndjson");
  EXPECT_EQ(std::count(ndjson.begin(), ndjson.end(), '\n'), 3);
}

TEST(ChemistryExportTest, StoppedMidwayItLeavesTheFilesOfBeforeAsTheyWere) {
  const TestFolder folder;
  folder.Write("history.csv", "of before");
  FakeBroker broker;
  RunningCommand command(
      "consilium", {"export", folder.path(), "--broker", broker.endpoint(), "--timeout", "60"});
  const std::vector<EvidenceLine> lines = {LineOf("a", "medication", 0.1)};
  AnswerSlices(broker, {lines});
  EXPECT_EQ(broker.Next<HistoryRequest>().after, "1-0");
  broker.Answer(HistoryReply{{}, "1-0", 0});
  EXPECT_EQ(broker.Next<HistoryRequest>().after, "");
  command.Signal(SIGINT);
  const CommandResult result = command.Wait(seconds(30));
  EXPECT_EQ(result.exit_code, 130) << result.err;
  EXPECT_EQ(FilesIn(folder.path()), std::vector<std::string>{"history.csv"});
  EXPECT_EQ(FileText(folder.File("history.csv")), "of before");
}

TEST(ChemistryExportTest, AHistoryThatShrinksWhileItIsReadReplacesNothing) {
  const TestFolder folder;
  folder.Write("history.csv", "of before");
  FakeBroker broker;
  RunningCommand command("consilium", {"export", folder.path(), "--broker", broker.endpoint()});
  AnswerSlices(broker, {{LineOf("a", "medication", 0.1), LineOf("b", "medication", 0.1)}});
  broker.Next<HistoryRequest>();
  broker.Answer(HistoryReply{{}, "1-0", 0});
  AnswerSlices(broker, {{LineOf("b", "medication", 0.1)}});
  broker.Next<HistoryRequest>();
  broker.Answer(HistoryReply{{}, "1-0", 0});
  const CommandResult result = command.Wait(seconds(30));
  EXPECT_EQ(result.exit_code, 4);
  EXPECT_EQ(result.err,
            "consilium: error[conflict]: the evidence became shorter while it was read: 1 of 2 "
            "lines; export again\n");
  EXPECT_EQ(FilesIn(folder.path()), std::vector<std::string>{"history.csv"});
  EXPECT_EQ(FileText(folder.File("history.csv")), "of before");
}

TEST(ChemistryExportTest, AKindThatWasMistypedIsSaidBeforeAnythingIsRead) {
  const TestFolder folder;
  FakeBroker broker;
  RunningCommand command("consilium", {"export", folder.File("out"), "--kind", "medicaton",
                                       "--broker", broker.endpoint()});
  EXPECT_EQ(broker.Next<ChemistryRequest>().kind, "medicaton");
  broker.Answer(
      ErrorMessage{"invalid", "kind = \"medicaton\", expected one of medication", std::nullopt});
  const CommandResult result = command.Wait(seconds(30));
  EXPECT_EQ(result.exit_code, 2);
  EXPECT_EQ(result.err,
            "consilium: error[invalid]: kind = \"medicaton\", expected one of medication\n");
  EXPECT_FALSE(std::filesystem::exists(folder.File("out")));
}

}  // namespace
}  // namespace consilium
