#include "gateway/gatekeeper.h"

#include <gtest/gtest.h>

namespace consilium {
namespace {

TEST(GatekeeperTest, WithoutTokensOnlyNamesOfThisMachineAreAnswered) {
  const Gatekeeper keeper("", "https://gate.example:8443/x");
  const auto status = [&](const std::string& host) {
    HttpRequest request;
    request.fields = {{"host", host}};
    const auto refusal = keeper.Admit(request, HttpAccess::kAdmin);
    return refusal ? refusal->status : 0;
  };
  EXPECT_EQ(status("localhost:7380"), 0);
  EXPECT_EQ(status("LocalHost"), 0) << "names of hosts have no case";
  EXPECT_EQ(status("GATE.example"), 0);
  EXPECT_EQ(status("127.0.0.1"), 0);
  EXPECT_EQ(status("[::1]:7380"), 0);
  EXPECT_EQ(status("gate.example:8443"), 0) << "as others reach it";
  EXPECT_EQ(status("evil.example"), 421);
  EXPECT_EQ(status("127.0.0.1.evil.example"), 421);
  EXPECT_EQ(status("localhost.evil.example:7380"), 421);
}

}  // namespace
}  // namespace consilium
