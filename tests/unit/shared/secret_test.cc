#include "shared/secret.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <fstream>

#include "shared/redis_address.h"
#include "tests/support/cluster_process.h"

namespace consilium {
namespace {

class SecretTest : public testing::Test {
 protected:
  std::string Write(const std::string& content, mode_t mode = 0600) {
    std::string file = folder_.Write("secret", content);
    EXPECT_EQ(chmod(file.c_str(), mode), 0);
    return file;
  }
  void TearDown() override {
    unsetenv("CONSILIUM_TEST_SECRET");
    unsetenv("CONSILIUM_TEST_SECRET_FILE");
  }
  static void Set(const std::string& name, const std::string& value) {
    setenv(name.c_str(), value.c_str(), 1);
  }

  TestFolder folder_;
};

TEST_F(SecretTest, LineBreaksAtTheEndAreCut) {
  EXPECT_EQ(ReadSecretFile(Write("hunter 2\r\n\n")).value(), "hunter 2");
  EXPECT_EQ(ReadSecretFile(Write("")).value(), "");
}

TEST_F(SecretTest, AFileThatOthersMayReadIsRefusedWithoutItsContent) {
  for (const mode_t mode : {0640U, 0604U, 0620U, 0644U}) {
    const auto secret = ReadSecretFile(Write("hunter2", mode));
    ASSERT_FALSE(secret) << mode;
    EXPECT_EQ(secret.error().code, ErrorCode::kInvalid);
    EXPECT_EQ(secret.error().text.find("hunter2"), std::string::npos);
  }
  const std::string file = Write("hunter2", 0644);
  EXPECT_EQ(ReadSecretFile(file).error().text,
            file +
                ": a secret that others may read (mode 0644), expected 0600; chmod 600 it, and "
                "make a new one if others could have seen it");
}

TEST_F(SecretTest, AFileOfAnotherUserIsThatUsersMatter) {
  const std::string file = Write("hunter2", 0644);
  if (geteuid() != 0) GTEST_SKIP() << "only root can give a file away";
  ASSERT_EQ(chown(file.c_str(), 65534, 65534), 0);
  EXPECT_EQ(ReadSecretFile(file).value(), "hunter2");
}

TEST_F(SecretTest, WhatIsNoSecretIsRefused) {
  EXPECT_EQ(ReadSecretFile(folder_.File("none")).error().code, ErrorCode::kNotFound);
  EXPECT_EQ(ReadSecretFile(folder_.path()).error().code, ErrorCode::kInvalid);
  EXPECT_EQ(ReadSecretFile(Write(std::string("a\0b", 3))).error().code, ErrorCode::kInvalid);
  EXPECT_EQ(ReadSecretFile(Write(std::string(kSecretBytesMax + 1, 'x'))).error().code,
            ErrorCode::kTooLarge);
}

TEST_F(SecretTest, AVariableOrTheFileItNames) {
  const std::string name = "CONSILIUM_TEST_SECRET";
  EXPECT_EQ(ReadSecretVariable(name).error(),
            (Error{ErrorCode::kNotFound,
                   "environment variable CONSILIUM_TEST_SECRET is not set, nor is "
                   "CONSILIUM_TEST_SECRET_FILE"}));
  Set(name + "_FILE", Write("from a file\n"));
  EXPECT_EQ(ReadSecretVariable(name).value(), "from a file");
  Set(name, "direct");
  EXPECT_EQ(ReadSecretVariable(name).error(),
            Invalid("environment variables CONSILIUM_TEST_SECRET and CONSILIUM_TEST_SECRET_FILE "
                    "are both set, expected one"));
  unsetenv((name + "_FILE").c_str());
  EXPECT_EQ(ReadSecretVariable(name).value(), "direct");
}

TEST_F(SecretTest, ARedisBeyondThisMachineNeedsAPassword) {
  RedisConfig redis;
  for (const char* url : {"unix:/run/r.sock", "tcp://127.0.0.1:6379", "tcp://[::1]:6379"}) {
    redis.url = url;
    EXPECT_TRUE(RedisAddressOf(redis)) << url;
  }
  redis.url = "tcp://redis:6379";
  EXPECT_EQ(RedisAddressOf(redis).error(),
            Invalid("redis.url = \"tcp://redis:6379\" is beyond this machine, and a Redis that "
                    "others can reach needs a password: set redis.password_env "
                    "(docs/security.md)"));
  redis.password_env = "CONSILIUM_TEST_SECRET";
  Set("CONSILIUM_TEST_SECRET", "");
  EXPECT_FALSE(RedisAddressOf(redis));
  unsetenv("CONSILIUM_TEST_SECRET");
  Set("CONSILIUM_TEST_SECRET_FILE", Write("pw\n"));
  EXPECT_EQ(RedisAddressOf(redis).value().password, "pw");
}

}  // namespace
}  // namespace consilium
