#include <gmock/gmock.h>

#include "tests/unit/worker/simulated_fixture.h"
#include "worker/ingredients.h"

namespace consilium {
namespace {

// Models with other names and seeds, and what they say.
class SimulatedGroupTest : public SimulatedTest {
 protected:
  SimulatedModel Member(const std::string& name, double skill, const std::string& group,
                        double share = 1.0) {
    config.model = name;
    config.simulated.seed = static_cast<unsigned char>(name.back());
    config.simulated.skill = {{"default", skill}};
    config.simulated.group = group;
    config.simulated.group_share = share;
    return Load();
  }
  static std::vector<std::string> Said(const SimulatedModel& model, int i) {
    return LowerSet(*model.Plan(Ask("x" + std::to_string(i))).outcome.answer);
  }
  // Of 2000 cases; the deviation of a share is at most 0.0112.
  static double SameShare(const SimulatedModel& a, const SimulatedModel& b) {
    int same = 0;
    for (int i = 0; i < 2000; ++i) same += Said(a, i) == Said(b, i) ? 1 : 0;
    return same / 2000.0;
  }
};

TEST_F(SimulatedGroupTest, MembersKnowAndErrTogether) {
  const SimulatedModel a = Member("sim-a", 0.5, "west");
  const SimulatedModel b = Member("sim-b", 0.5, "west");
  EXPECT_EQ(SameShare(a, b), 1.0);
  for (int i = 0; i < 200; ++i) {
    const BackendCall review =
        Review("x" + std::to_string(i), {{"aspirin"}, {"ibuprofen"}, {"sildenafil"}});
    EXPECT_EQ(GradesOf(a.Plan(review)), GradesOf(b.Plan(review))) << "as reviewers too";
  }
  // Alone, with p of the five answers: 0.425^2 + 0.075^2 + 0.3^2 + 0.1^2 + 0.1^2 = 0.296.
  EXPECT_NEAR(SameShare(a, Member("sim-b", 0.5, "")), 0.296, 0.045);
  EXPECT_NEAR(SameShare(a, Member("sim-b", 0.5, "east")), 0.296, 0.045);
}

TEST_F(SimulatedGroupTest, ShareIsOfTheCasesAndTheSameOnesForAll) {
  const SimulatedModel a = Member("sim-a", 0.5, "west", 0.6);
  const SimulatedModel b = Member("sim-b", 0.5, "west", 0.6);
  EXPECT_NEAR(SameShare(a, b), 0.6 + 0.4 * 0.296, 0.045);
  const SimulatedModel alone = Member("sim-a", 0.5, "");
  EXPECT_EQ(SameShare(Member("sim-a", 0.5, "west", 0.0), alone), 1.0) << "no share: on its own";
  EXPECT_NEAR(SameShare(a, alone), 0.4 + 0.6 * 0.296, 0.045);
}

TEST_F(SimulatedGroupTest, MemberWithMoreSkillKnowsWhatTheOthersKnow) {
  const SimulatedModel weak = Member("sim-a", 0.4, "west");
  const SimulatedModel strong = Member("sim-b", 0.7, "west");
  int strong_knows = 0;
  for (int i = 0; i < 2000; ++i) {
    const std::vector<std::string> said = Said(weak, i);
    const bool weak_knows = said == std::vector<std::string>{"aspirin"} ||
                            said == std::vector<std::string>{"clopidogrel"};
    const std::vector<std::string> other = Said(strong, i);
    const bool knows = other == std::vector<std::string>{"aspirin"} ||
                       other == std::vector<std::string>{"clopidogrel"};
    strong_knows += knows ? 1 : 0;
    // Both know, with the same answer, or both err in the same way, or only the strong one knows.
    EXPECT_TRUE(said == other || (knows && !weak_knows)) << "case x" << i;
  }
  EXPECT_NEAR(strong_knows / 2000.0, 0.7, 0.045) << "a group does not change the skill";
}

}  // namespace
}  // namespace consilium
