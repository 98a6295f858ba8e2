// For how long the keys of an EHR are trusted.
#include "gateway/key_sets.h"

#include <gtest/gtest.h>

#include <atomic>
#include <functional>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "tests/support/client_keys.h"
#include "tests/support/scripted_http.h"

namespace consilium {
namespace {

TEST(KeySetsTest, AKeyThatItsIssuerTookOffIsTrustedUntilTheNextLookAndNoneWhenNothingComes) {
  const EvpKey one = MakeEcKey("P-384");
  const EvpKey two = MakeEcKey("P-384");
  const nlohmann::json both = {EcJwk(one.get(), "one"), EcJwk(two.get(), "two")};
  std::atomic<int> asked{0};
  ScriptedHttp server({}, [&](const HttpAsked&) {
    HttpStep step;
    const int now = ++asked;
    if (now > 2) {
      step.status = 500;
      return step;
    }
    nlohmann::json keys = both;
    if (now == 2) keys.erase(0);
    step.body = nlohmann::json{{"keys", keys}}.dump();
    return step;
  });
  CdsClientConfig client;
  client.issuer = "https://ehr.example";
  client.jku = server.url() + "/jwks";
  Loop loop;
  HttpCalls calls(loop);
  KeySets::Ages ages;
  ages.renew = milliseconds(100);
  ages.trust = milliseconds(300);
  KeySets sets(loop, calls, {client}, ages);
  ASSERT_TRUE(sets.Start().ok());
  // How many keys are trusted, whenever that changes.
  std::vector<std::size_t> trusted = {0};
  std::string last;
  const TimePoint until = Now() + std::chrono::seconds(10);
  const std::function<void()> look = [&] {
    const auto& keys = sets.issuers()[0].keys;
    if (keys.size() != trusted.back()) trusted.push_back(keys.size());
    if (keys.size() == 1) last = keys[0].kid;
    if ((trusted.size() > 1 && keys.empty()) || Now() >= until) return loop.Stop();
    loop.After(milliseconds(5), look);
  };
  loop.Post(look);
  loop.Run();
  EXPECT_EQ(trusted, (std::vector<std::size_t>{0, 2, 1, 0}))
      << "one was taken off, and then nobody vouched for the other";
  EXPECT_EQ(last, "two");
}

}  // namespace
}  // namespace consilium
