#include "shared/tokens.h"

#include <gtest/gtest.h>

#include "shared/ids.h"

namespace consilium {
namespace {

TEST(TokensTest, AHolderIsFoundByTheTokenAndNotByItsDigest) {
  const std::string digest = Sha256Hex("secret");
  const auto list = TokenList::Parse("# who\n\n" + digest + " write  amy\n", "tokens");
  ASSERT_TRUE(list.ok()) << list.error().text;
  EXPECT_EQ(list->size(), 1u);
  ASSERT_TRUE(list->Find("secret").has_value());
  EXPECT_EQ(list->Find("secret")->name, "amy");
  EXPECT_EQ(list->Find("secret")->role, TokenRole::kWrite);
  EXPECT_FALSE(list->Find(digest).has_value());
  EXPECT_FALSE(list->Find("").has_value());
}

TEST(TokensTest, ATokenMayBeHeldToItsSenders) {
  const auto list = TokenList::Parse(Sha256Hex("a") + " write ehr https://ehr/out  urn:x:lab\n" +
                                         Sha256Hex("b") + " write engine\n",
                                     "tokens");
  ASSERT_TRUE(list.ok()) << list.error().text;
  EXPECT_EQ(list->Find("a")->senders, (std::vector<std::string>{"https://ehr/out", "urn:x:lab"}));
  EXPECT_TRUE(list->Find("b")->senders.empty());
}

TEST(TokensTest, WhatIsWrittenIsReadAndThoseOfANameAreFoundByTheirLines) {
  const TokenHolder ehr{"ehr", TokenRole::kWrite, {"https://ehr/out", "urn:x:lab"}};
  const std::string line = TokenLine("a", ehr);
  EXPECT_EQ(line, Sha256Hex("a") + " write ehr https://ehr/out urn:x:lab\n");
  const auto list = TokenList::Parse("# of the EHR\n" + line + TokenLine("d", {"desk"}) + "\n" +
                                         TokenLine("b", {"ehr", TokenRole::kAdmin}),
                                     "tokens");
  ASSERT_TRUE(list.ok()) << list.error().text;
  EXPECT_EQ(list->Find("a")->senders, ehr.senders);
  const std::vector<TokenHolder> both = list->Named("ehr");
  ASSERT_EQ(both.size(), 2u);
  EXPECT_EQ(both[0].line, 2u);
  EXPECT_EQ(both[1].line, 5u);
  EXPECT_EQ(both[1].role, TokenRole::kAdmin);
  EXPECT_TRUE(list->Named("nobody").empty());
}

TEST(TokensTest, MistakesNameTheLineAndNeverTheToken) {
  const std::string digest = Sha256Hex("secret");
  const auto problem = [](const std::string& text) {
    const auto list = TokenList::Parse(text, "tokens");
    return list.ok() ? "" : list.error().text;
  };
  EXPECT_EQ(problem("secret write amy\n"),
            "tokens:1: expected 64 lower-case hex digits: the SHA-256 of a token");
  EXPECT_EQ(problem("\n" + digest + " write\n"),
            "tokens:2: expected `SHA256 ROLE NAME [SENDER ...]`");
  EXPECT_EQ(problem(digest + " root amy\n"),
            "tokens:1: role \"root\", expected one of read, write, admin");
  EXPECT_EQ(problem(digest + " read a/b\n"),
            "tokens:1: name \"a/b\", expected 1..64 of A-Z a-z 0-9 . _ -");
  EXPECT_EQ(problem(digest + " read a\n" + digest + " read b\n"),
            "tokens:2: the token of \"b\" stands twice");
}

}  // namespace
}  // namespace consilium
