// `consilium keys` as an operator uses it.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <fstream>
#include <nlohmann/json.hpp>

#include "shared/allow_list.h"
#include "shared/bus_keys.h"
#include "shared/ids.h"
#include "tests/support/cluster_process.h"
#include "tests/support/file_text.h"

namespace consilium {
namespace {

using nlohmann::json;
using testing::HasSubstr;

class KeysCommandTest : public testing::Test {
 protected:
  static CommandResult Run(std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), "keys");
    return RunningCommand("consilium", arguments).Wait(std::chrono::seconds(30));
  }
  CommandResult New(std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), "new");
    arguments.insert(arguments.end(), {"--folder", folder_.File("keys")});
    return Run(arguments);
  }
  std::string Path(const std::string& name) const { return folder_.File("keys/" + name); }
  static mode_t ModeOf(const std::string& file) {
    struct stat about {};
    EXPECT_EQ(stat(file.c_str(), &about), 0) << file;
    return about.st_mode & 07777U;
  }

  TestFolder folder_;
};

TEST_F(KeysCommandTest, AKeyIsSecretUsableAndAllowed) {
  const CommandResult made = New({"gpu-1", "--role", "worker", "--json"});
  ASSERT_EQ(made.exit_code, 0) << made.err;
  const json said = json::parse(made.out);
  EXPECT_EQ(said.at("key_file"), Path("gpu-1.key"));
  EXPECT_EQ(ModeOf(Path("gpu-1.key")), 0600U);
  const auto keys = ReadKeyFile(Path("gpu-1.key"));
  ASSERT_TRUE(keys) << keys.error().text;
  EXPECT_EQ(said.at("public_key"), keys->public_key);
  EXPECT_EQ(made.out.find(keys->secret_key), std::string::npos);
  ASSERT_EQ(New({"amy"}).exit_code, 0);
  const auto list = AllowList::Parse(FileText(Path("allowed")), "allowed");
  ASSERT_TRUE(list) << list.error().text;
  EXPECT_EQ(list->size(), 2u);
  EXPECT_EQ(*list->Find(keys->public_key), (BusPeer{"gpu-1", BusRole::kWorker}));
  const CommandResult shown = Run({"show", Path("gpu-1.key")});
  EXPECT_EQ(shown.out, keys->public_key + "\n");
}

TEST_F(KeysCommandTest, TheBrokersKeyComesWithItsPublicHalfAndNoLine) {
  const CommandResult made = New({"broker", "--role", "broker"});
  ASSERT_EQ(made.exit_code, 0) << made.err;
  EXPECT_THAT(made.out, HasSubstr("bus.broker_key"));
  EXPECT_EQ(ReadPublicKeyFile(Path("broker.pub")).value(),
            ReadKeyFile(Path("broker.key")).value().public_key);
  EXPECT_EQ(FileText(Path("broker.pub")).find("secret "), std::string::npos);
  EXPECT_NE(access(Path("allowed").c_str(), F_OK), 0);
}

TEST_F(KeysCommandTest, NothingIsOverwrittenAndMistakesAreNamed) {
  ASSERT_EQ(New({"amy"}).exit_code, 0);
  const std::string before = FileText(Path("amy.key")) + FileText(Path("allowed"));
  const CommandResult again = New({"amy"});
  EXPECT_EQ(again.exit_code, 4);
  EXPECT_THAT(again.err, HasSubstr("amy.key: exists, and no key is overwritten"));
  EXPECT_EQ(FileText(Path("amy.key")) + FileText(Path("allowed")), before);
  EXPECT_EQ(New({"../eve"}).exit_code, 2);
  EXPECT_EQ(New({"bob", "--role", "king"}).exit_code, 2);
  const json error = json::parse(New({"a b", "--json"}).out);
  EXPECT_EQ(error.at("error").at("code"), "invalid");
  EXPECT_EQ(error.at("error").at("text"),
            "name = \"a b\", expected 1..64 characters of A-Z a-z 0-9 . _ -");
  EXPECT_EQ(Run({"show", Path("none.key")}).exit_code, 4);
  EXPECT_EQ(Run({"show", Path("allowed")}).exit_code, 2);
}

TEST_F(KeysCommandTest, AListWithAMistakeGetsNoNewLine) {
  ASSERT_EQ(New({"amy"}).exit_code, 0);
  std::ofstream(Path("allowed"), std::ios::app) << "nonsense\n";
  const CommandResult made = New({"bob"});
  EXPECT_EQ(made.exit_code, 2);
  EXPECT_THAT(made.err, HasSubstr("allowed:2: 1 words, expected <public key> <role> <name>"));
  EXPECT_NE(access(Path("bob.key").c_str(), F_OK), 0);
}

TEST_F(KeysCommandTest, ATokenIsShownOnceAndTheFileHasOnlyItsDigest) {
  const std::string file = folder_.File("tokens");
  const CommandResult made = Run({"token", "ehr", "--role", "write", "--file", file, "--json"});
  ASSERT_EQ(made.exit_code, 0) << made.err;
  const json said = json::parse(made.out);
  const std::string token = said.at("token");
  EXPECT_EQ(token.size(), 43u) << "32 bytes in base64url";
  EXPECT_EQ(
      token.find_first_not_of("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"),
      std::string::npos)
      << token;
  EXPECT_EQ(said.at("line"), Sha256Hex(token) + " write ehr");
  EXPECT_EQ(FileText(file), Sha256Hex(token) + " write ehr\n");
  const CommandResult second = Run({"token", "desk", "--role", "read", "--file", file});
  ASSERT_EQ(second.exit_code, 0) << second.err;
  EXPECT_THAT(second.out,
              testing::MatchesRegex("token: [A-Za-z0-9_-]*\n  shown once: it belongs to desk, as "
                                    "Authorization: Bearer ...\n.*/tokens: has the new line, for "
                                    "gateway.tokens_file:\n[0-9a-f]* read desk\n"));
  EXPECT_EQ(FileText(file).find(token), std::string::npos);
  EXPECT_THAT(FileText(file), testing::EndsWith(" read desk\n"));
}

TEST_F(KeysCommandTest, WhoHasATokenAlreadyIsToldThatItStaysValid) {
  const std::string file = folder_.File("tokens");
  EXPECT_EQ(Run({"token", "ehr", "--role", "write", "--file", file}).err, "");
  EXPECT_EQ(Run({"token", "desk", "--role", "read", "--file", file}).err, "");
  const CommandResult again = Run({"token", "ehr", "--role", "read", "--file", file});
  EXPECT_EQ(again.exit_code, 0);
  EXPECT_EQ(again.err,
            "consilium: ehr has another token of role write, which stays valid: remove "
            "line 1 of " +
                file + " once nobody uses it\n");
}

TEST_F(KeysCommandTest, ATokenMayBeHeldToItsSenders) {
  const std::string old = Sha256Hex("old") + " write ehr https://ehr.example/fhir\n";
  const std::string file = folder_.Write("tokens", old);
  const CommandResult made = Run({"token", "--sender", "https://ehr.example/out", "--sender",
                                  "urn:x:lab", "ehr", "--role", "write", "--file", file, "--json"});
  ASSERT_EQ(made.exit_code, 0) << made.err;
  const json said = json::parse(made.out);
  EXPECT_EQ(said.at("senders"), json::array({"https://ehr.example/out", "urn:x:lab"}));
  EXPECT_EQ(FileText(file), old + std::string(said.at("line")) + "\n");
  EXPECT_THAT(FileText(file), testing::EndsWith(" write ehr https://ehr.example/out urn:x:lab\n"));
  EXPECT_THAT(made.err, HasSubstr("remove line 1 of " + file));
  const std::string before = FileText(file);
  const CommandResult two =
      Run({"token", "ehr", "--role", "write", "--sender", "https://a b", "--file", file});
  EXPECT_EQ(two.exit_code, 2);
  EXPECT_THAT(two.err, HasSubstr("sender = \"https://a b\", expected 1..1024 visible characters"));
  EXPECT_EQ(FileText(file), before);
}

TEST_F(KeysCommandTest, WhatCannotBeATokenIsRefusedAndTheFileStays) {
  const std::string file = folder_.Write("tokens", "# cut");
  const CommandResult cut = Run({"token", "ehr", "--role", "read", "--file", file});
  EXPECT_NE(cut.exit_code, 0);
  EXPECT_THAT(cut.err, HasSubstr(file + ": its last line has no end"));
  EXPECT_EQ(cut.out, "") << "a token that no gateway will know is not shown";
  EXPECT_EQ(FileText(file), "# cut");
  const std::string other = folder_.Write("case.json", "{\"text\": \"A man.\"}\n");
  const CommandResult spoilt = Run({"token", "ehr", "--role", "read", "--file", other});
  EXPECT_EQ(spoilt.exit_code, 2);
  EXPECT_THAT(spoilt.err,
              HasSubstr(other + ":1: expected 64 lower-case hex digits: the SHA-256 of a token"));
  EXPECT_EQ(FileText(other), "{\"text\": \"A man.\"}\n");
  const CommandResult nowhere = Run({"token", "ehr", "--role", "read", "--file", "/nonexistent/f"});
  EXPECT_EQ(nowhere.exit_code, 2);
  EXPECT_EQ(nowhere.err.find("cluster"), std::string::npos) << nowhere.err;
  EXPECT_THAT(Run({"token", "a b", "--role", "read"}).err,
              HasSubstr("name = \"a b\", expected 1..64 characters of A-Z a-z 0-9 . _ -"));
  EXPECT_NE(Run({"token", "ehr", "--role", "broker"}).exit_code, 0);
  EXPECT_NE(Run({"token", "ehr"}).exit_code, 0) << "the role is never guessed";
}

}  // namespace
}  // namespace consilium
