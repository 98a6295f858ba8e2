// Clients of HL7 v2 over MLLP that are not ours talk to our gateway: what they send becomes cases,
// and they understand what they are answered. From npm and Debian; without one, its test skips.
#include <gtest/gtest.h>

#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "tests/interop/council.h"
#include "tests/interop/npm.h"
#include "tests/support/http_exchange.h"
#include "tests/support/mllp_peer.h"

namespace consilium {
namespace {

using nlohmann::json;

// The id is the patient's as well, and so not in the text of the case: `about` is.
std::string Note(const std::string& id, const std::string& about, const std::string& end_of_line) {
  std::string message;
  for (const std::string& line :
       {"MSH|^~\\&|HIS|WARD|CONSILIUM|HOSP|20261128101500||MDM^T02^MDM_T02|" + id + "|P|2.5.1",
        std::string("EVN|T02|20261128101500"), "PID|1||" + id + "^^^HOSP^MR||Doe^Jane||19650102|F",
        "TXA|1|PN|TX|20261128101500||||||||doc-" + id + "|||||AU",
        "OBX|1|TX|NOTE^Progress note||A cough with fever for three days, " + about + ".||||||F"}) {
    message += line + end_of_line;
  }
  return message;
}

class Hl7ClientsTest : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    council_ = std::make_unique<Council>();
    ASSERT_EQ(council_->Start(), "");
  }
  static void TearDownTestSuite() { council_.reset(); }

  static CommandResult Script(const std::string& name) {
    return RunScript(name, {council_->MllpPort(), council_->Url()});
  }
  // How many cases have that in their text, once the council is done with them.
  static std::size_t CasesAbout(const std::string& words) {
    const int port = council_->cluster().http();
    WireOptions options;
    options.silent_after = std::chrono::seconds(40);
    std::size_t count = 0;
    const json list = json::parse(Exchange(port, "GET", "/v1/cases?limit=256", "").body);
    for (const json& item : list["items"]) {
      const std::string path = "/v1/cases/" + item["id"].get<std::string>() + "?wait=30s";
      const json view = json::parse(Exchange(port, "GET", path, "", options).body);
      if (view["vignette"]["text"].get<std::string>().find(words) == std::string::npos) continue;
      EXPECT_EQ(view["state"], "complete") << view;
      ++count;
    }
    return count;
  }
  static CommandResult MllpSend(std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), "/usr/bin/mllp_send");
    arguments.emplace_back("127.0.0.1");
    RunningCommand command("/usr/bin/env", arguments);
    return command.Wait(std::chrono::seconds(30));
  }

  static std::unique_ptr<Council> council_;
  TestFolder folder_;
};
std::unique_ptr<Council> Hl7ClientsTest::council_;

TEST_F(Hl7ClientsTest, NodeHl7ClientSendsMessagesAndWholeBatches) {
  CONSILIUM_SKIP_IF(WhyNot("node-hl7-client"));
  CONSILIUM_SKIP_IF(WhyNotNode(20));
  EXPECT_TRUE(Passed(Script("node_hl7_client.mjs"),
                     {"built by its own builder", "one after the other", "batch in one frame",
                      "a message of a batch is refused alone", "a case for each"}));
}

TEST_F(Hl7ClientsTest, SimpleHl7SendsAndReadsTheAcknowledgement) {
  CONSILIUM_SKIP_IF(WhyNot("simple-hl7"));
  EXPECT_TRUE(Passed(Script("simple_hl7.mjs"), {"several on one connection", "refused"}));
}

TEST_F(Hl7ClientsTest, MllpNodeSendsAndReadsTheAcknowledgement) {
  CONSILIUM_SKIP_IF(WhyNot("mllp-node"));
  EXPECT_TRUE(Passed(Script("mllp_node.mjs"), {"acknowledged", "refused", "nobody listens"}));
}

TEST_F(Hl7ClientsTest, MedplumSendsInOriginalAndInEnhancedMode) {
  CONSILIUM_SKIP_IF(WhyNot("@medplum/hl7"));
  CONSILIUM_SKIP_IF(WhyNotNode(20));
  EXPECT_TRUE(Passed(Script("medplum_hl7_client.mjs"),
                     {"acknowledged", "twenty clients at once", "commit level", "refused"}));
}

TEST_F(Hl7ClientsTest, MllpSendPrintsTheAcknowledgementOfEachMessageOfAFile) {
  CONSILIUM_SKIP_IF(WhyNotPythonHl7());
  const std::string file =
      folder_.Write("two.hl7", "\x0b" + Note("send-1", "send first", "\r") + "\x1c\r\x0b" +
                                   Note("send-2", "send second", "\r") + "\x1c\r");
  const CommandResult result = MllpSend({"-p", council_->MllpPort(), "-f", file});
  EXPECT_EQ(result.exit_code, 0) << result.err;
  EXPECT_EQ(Hl7Field(result.out, "\x0bMSH", 2), "CONSILIUM") << result.out;
  EXPECT_NE(result.out.find("\rMSA|AA|send-1\r\x1c\r\n\x0bMSH|"), std::string::npos) << result.out;
  EXPECT_NE(result.out.find("\rMSA|AA|send-2\r\x1c\r\n"), std::string::npos) << result.out;
  EXPECT_EQ(CasesAbout("send first") + CasesAbout("send second"), 2u);
}

TEST_F(Hl7ClientsTest, MllpSendTakesAFileOfLinesWhenLoose) {
  CONSILIUM_SKIP_IF(WhyNotPythonHl7());
  const std::string file = folder_.Write("lines.hl7", Note("loose-1", "loose first", "\n") + "\n" +
                                                          Note("loose-2", "loose second", "\r\n"));
  const CommandResult result = MllpSend({"--loose", "-p", council_->MllpPort(), "-f", file});
  EXPECT_EQ(result.exit_code, 0) << result.err;
  EXPECT_NE(result.out.find("\rMSA|AA|loose-1\r"), std::string::npos) << result.out;
  EXPECT_NE(result.out.find("\rMSA|AA|loose-2\r"), std::string::npos) << result.out;
  EXPECT_EQ(CasesAbout("loose first") + CasesAbout("loose second"), 2u);
}

TEST_F(Hl7ClientsTest, MllpSendShowsWhyAMessageIsRefused) {
  CONSILIUM_SKIP_IF(WhyNotPythonHl7());
  const std::string file =
      folder_.Write("type.hl7", "MSH|^~\\&|HIS|WARD|||20261128||QBP^Q11|odd-1|P|2.5.1\n");
  const CommandResult result = MllpSend({"--loose", "-p", council_->MllpPort(), "-f", file});
  EXPECT_EQ(result.exit_code, 0) << "an acknowledgement is an answer: " << result.err;
  EXPECT_NE(result.out.find("\rMSA|AR|odd-1|"), std::string::npos) << result.out;
  EXPECT_NE(result.out.find("\rERR||MSH^1^9|200^"), std::string::npos) << result.out;
}

TEST_F(Hl7ClientsTest, PythonsAsyncioClientSendsSeveralOnOneConnection) {
  CONSILIUM_SKIP_IF(WhyNotPythonHl7());
  RunningCommand python("/usr/bin/python3",
                        {ScriptPath("python_hl7_client.py"), council_->MllpPort(),
                         folder_.Write("1.hl7", Note("asyncio-1", "asyncio first", "\r")),
                         folder_.Write("2.hl7", Note("asyncio-2", "asyncio second", "\r"))});
  const CommandResult result = python.Wait(std::chrono::seconds(60));
  EXPECT_EQ(result.exit_code, 0) << result.err;
  EXPECT_EQ(result.out, "AA asyncio-1\nAA asyncio-2\n");
  EXPECT_EQ(CasesAbout("asyncio first") + CasesAbout("asyncio second"), 2u);
}

}  // namespace
}  // namespace consilium
