#include "shared/http/url.h"

#include <gtest/gtest.h>

namespace consilium {
namespace {

std::string Check(const std::string& text) {
  const Result<Url> url = CheckBackendUrl(text);
  return url ? "ok " + url->text : url.error().text;
}

TEST(UrlTest, EncryptedUrlsMayGoAnywhere) {
  EXPECT_EQ(Check("https://api.openai.com/v1"), "ok https://api.openai.com/v1");
  EXPECT_EQ(Check("HTTPS://example.com:8443/"), "ok HTTPS://example.com:8443");
}

TEST(UrlTest, PlainUrlsStayWithinTheSite) {
  for (const char* url :
       {"http://127.0.0.1:11434/v1", "http://localhost:8000/v1", "http://[::1]:1/v1",
        "http://10.1.2.3/v1", "http://172.16.0.9/v1", "http://172.31.255.255/v1",
        "http://192.168.1.5:8080/v1", "http://169.254.1.1/v1", "http://[fd00::1]/v1",
        "http://[fe80::1]/v1", "http://ollama:11434/v1", "http://host.docker.internal:11434/v1",
        "http://gpu.local/v1", "http://100.64.0.1/v1"}) {
    EXPECT_EQ(Check(url), "ok " + std::string(url));
  }
  for (const char* url :
       {"http://api.openai.com/v1", "http://8.8.8.8/v1", "http://172.32.0.1/v1",
        "http://[2001:db8::1]/v1", "http://localhost.example.com/v1", "http://2130706433/v1",
        "http://0x7f000001/v1", "http://127.1/v1", "http://[::ffff:8.8.8.8]/v1"}) {
    EXPECT_EQ(Check(url), "url = \"" + std::string(url) +
                              "\", expected https:// for a host that is neither this one nor in "
                              "a private network (or allow_plain_http = true)");
  }
}

TEST(UrlTest, WhatIsNotSuchAUrlIsRefused) {
  EXPECT_EQ(Check(""), "url = \"\", expected http://... or https://...");
  EXPECT_EQ(Check("ftp://127.0.0.1"),
            "url = \"ftp://127.0.0.1\", expected http://... or https://...");
  EXPECT_EQ(Check("http://"), "url = \"http://\", expected a host, or host:port, after the scheme");
  EXPECT_EQ(Check("https://a:99999/v1"),
            "url = \"https://a:99999/v1\", expected a host, or host:port, after the scheme");
  EXPECT_EQ(Check("https://[::1/v1"),
            "url = \"https://[::1/v1\", expected a host, or host:port, after the scheme");
  EXPECT_EQ(Check("https://a b/v1"),
            "url = \"https://a b/v1\", expected no spaces and no characters beyond ASCII");
  EXPECT_EQ(Check("https://a/v1#x"), "url = \"https://a/v1#x\", expected no fragment");
}

TEST(UrlTest, PasswordInAUrlIsRefusedWithoutRepeatingIt) {
  EXPECT_EQ(Check("https://me:secret@a/v1"),
            "url: has a user or a password, expected the key in api_key_env");
}

TEST(UrlTest, PlainHttpBeyondTheSiteHasToBeAllowed) {
  const Result<Url> url = CheckBackendUrl("http://api.example.com/v1", /*allow_plain_http=*/true);
  ASSERT_TRUE(url);
  EXPECT_FALSE(url->encrypted);
}

TEST(UrlTest, QueryIsKeptApart) {
  const Result<Url> url =
      CheckBackendUrl("https://x.openai.azure.com/openai/deployments/d/?api-version=2024-10-21");
  ASSERT_TRUE(url) << url.error().text;
  EXPECT_EQ(url->text, "https://x.openai.azure.com/openai/deployments/d");
  EXPECT_EQ(url->query, "?api-version=2024-10-21");
  EXPECT_TRUE(url->has_path);
  EXPECT_FALSE(CheckBackendUrl("https://a:1/")->has_path);
}

TEST(UrlTest, SecretInAQueryIsRefusedWithoutRepeatingIt) {
  for (const char* url :
       {"https://a/v1?key=s3", "https://a/v1?x=1&api-key=s3", "https://a?API_KEY=s3",
        "https://a?access_token=s3", "https://a?subscription-key=s3"}) {
    EXPECT_EQ(Check(url), "url: has a key in its query, expected the key in api_key_env");
  }
}

TEST(UrlTest, SlashesAtTheEndAreDropped) {
  EXPECT_EQ(Check("http://127.0.0.1:1/v1//"), "ok http://127.0.0.1:1/v1");
}

}  // namespace
}  // namespace consilium
