#include "shared/allow_list.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include "shared/bus_keys.h"
#include "shared/zmq.h"
#include "tests/support/cluster_process.h"

namespace consilium {
namespace {

const char* const kA = "Yne@$w-vo<fVvi]a<NY6T1ed:M$fCG*[IaLV{hID";
const char* const kB = "rq:rM>}U?@Lns47E1%kR.o@n%FcmmsL/@{H8]yf7";

std::string Problem(const std::string& text) {
  const auto list = AllowList::Parse(text, "allowed");
  return list ? "none" : list.error().text;
}

TEST(AllowListTest, ReadsKeysRolesAndNames) {
  const auto list = AllowList::Parse(
      "# ours\n\n" + std::string(kA) + " worker gpu-1\n" + kB + "\tadmin  ward_3 \r\n", "allowed");
  ASSERT_TRUE(list) << list.error().text;
  EXPECT_EQ(list->size(), 2u);
  EXPECT_EQ(*list->Find(kA), (BusPeer{"gpu-1", BusRole::kWorker}));
  EXPECT_EQ(*list->Find(kB), (BusPeer{"ward_3", BusRole::kAdmin}));
  EXPECT_EQ(list->Find(""), nullptr);
  EXPECT_EQ(AllowList::Parse("", "allowed").value().size(), 0u);
}

TEST(AllowListTest, SaysWhatIsWrongAndWhereButShowsNoKey) {
  const std::string a = kA;
  EXPECT_EQ(Problem(a + " worker"), "allowed:1: 2 words, expected <public key> <role> <name>");
  EXPECT_EQ(Problem("\nhunter2 worker x"),
            "allowed:2: not a public key, expected 40 characters as `consilium keys` prints");
  EXPECT_EQ(Problem(a + " boss x"), "allowed:1: role = \"boss\", expected client, worker or admin");
  EXPECT_EQ(Problem(a + " broker x"),
            "allowed:1: role = \"broker\", expected client, worker or admin");
  EXPECT_EQ(Problem(a + " client a/b"),
            "allowed:1: name = \"a/b\", expected 1..64 characters of A-Z a-z 0-9 . _ -");
  EXPECT_EQ(Problem(a + " client x\n" + a + " client y"),
            "allowed:2: the key of y stands above, too");
  EXPECT_EQ(Problem(a + " client x\n" + kB + " worker x"),
            "allowed:2: name = \"x\" with another role than above (client)");
  EXPECT_EQ(Problem(std::string(AllowList::kBytesMax + 1, '#')),
            "allowed: more than 1048576 bytes");
}

TEST(AllowListTest, ANameMayHaveSeveralKeysWhileOneIsReplaced) {
  EXPECT_EQ(
      Problem(AllowLine(kA, {"x", BusRole::kClient}) + AllowLine(kB, {"x", BusRole::kClient})),
      "none");
}

TEST(AllowListTest, EveryRoleHasItsSide) {
  EXPECT_TRUE(MaySpeak(BusRole::kClient, BusSide::kClients));
  EXPECT_TRUE(MaySpeak(BusRole::kAdmin, BusSide::kClients));
  EXPECT_TRUE(MaySpeak(BusRole::kWorker, BusSide::kWorkers));
  EXPECT_FALSE(MaySpeak(BusRole::kClient, BusSide::kWorkers));
  EXPECT_FALSE(MaySpeak(BusRole::kAdmin, BusSide::kWorkers));
  EXPECT_FALSE(MaySpeak(BusRole::kWorker, BusSide::kClients));
  EXPECT_TRUE(MaySpeak(BusRole::kBroker, BusSide::kClients));
  EXPECT_TRUE(MaySpeak(BusRole::kBroker, BusSide::kWorkers));
}

TEST(BusKeyTest, NewKeysAreFitForFilesOfOurs) {
  for (int i = 0; i < 50; ++i) {
    const KeyPair keys = NewKeyPair();
    EXPECT_TRUE(IsBusKey(keys.public_key)) << keys.public_key;
    EXPECT_EQ(keys.public_key.find('$'), std::string::npos);
    EXPECT_EQ(PublicKeyOf(keys.secret_key), keys.public_key);
  }
}

TEST(BusKeyTest, AKeyFileIsReadWholeOrNotAtAll) {
  const TestFolder folder;
  const KeyPair keys = NewKeyPair();
  const KeyPair other = NewKeyPair();
  const auto read = [&](const std::string& text) {
    const std::string file = folder.Write("k", text);
    EXPECT_EQ(chmod(file.c_str(), 0600), 0);
    auto found = ReadKeyFile(file);
    if (found) return found->public_key;
    EXPECT_EQ(found.error().text.find(keys.secret_key), std::string::npos);
    return found.error().text.substr(file.size());
  };
  const std::string secret = "secret " + keys.secret_key + "\n";
  EXPECT_EQ(read("# me\n\npublic " + keys.public_key + "\n" + secret), keys.public_key);
  EXPECT_EQ(read(secret), keys.public_key);
  EXPECT_EQ(read("public " + keys.public_key + "\n"), ": no secret key in it");
  EXPECT_EQ(read("public " + other.public_key + "\n" + secret),
            ": the public and the secret key do not belong together");
  EXPECT_EQ(read(secret + secret), ":2: a second secret key, expected one");
  EXPECT_EQ(read(keys.secret_key),
            ":1: expected `public KEY` or `secret KEY`, as `consilium keys new` writes them");
  EXPECT_EQ(read("secret " + keys.secret_key + "x"),
            ":1: not a key, expected 40 characters of Z85 that begin with a letter or digit");
}

TEST(BusKeyTest, TheBrokersKeyIsOurOwnUnlessGiven) {
  const TestFolder folder;
  const KeyPair own = NewKeyPair();
  const KeyPair broker = NewKeyPair();
  BusConfig config;
  EXPECT_FALSE(ReadBusKeys(config).value().on());
  config.key_file = folder.Write("own", "secret " + own.secret_key);
  ASSERT_EQ(chmod(config.key_file.c_str(), 0600), 0);
  EXPECT_EQ(ReadBusKeys(config).value().broker_key, own.public_key);
  config.broker_key = broker.public_key;
  EXPECT_EQ(ReadBusKeys(config).value().broker_key, broker.public_key);
  config.broker_key = folder.Write("broker.pub", "public " + broker.public_key + "\n");
  EXPECT_EQ(ReadBusKeys(config).value().broker_key, broker.public_key);
  config.broker_key = folder.File("none.pub");
  EXPECT_EQ(
      ReadBusKeys(config).error(),
      (Error{ErrorCode::kNotFound, "bus.broker_key: " + config.broker_key + ": no such file"}));
}

}  // namespace
}  // namespace consilium
