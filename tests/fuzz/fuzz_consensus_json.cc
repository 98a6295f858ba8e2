// Any text as review graphs: graphs within the bounds of the consensus, or what is wrong.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "cli/consensus_json.h"
#include "shared/check.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace consilium;  // NOLINT(google-build-using-namespace): a function of its own
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const Result<std::vector<ReviewGraph>> graphs = ParseGraphs(text, "fuzz.json");
  if (!graphs) {
    CHECK(graphs.error().text.rfind("fuzz.json: ", 0) == 0, "a problem names its file");
    return 0;
  }
  for (const ReviewGraph& graph : *graphs) {
    CHECK(graph.options.iterations >= ConsensusOptions::kIterationsMin &&
              graph.options.iterations <= ConsensusOptions::kIterationsMax,
          "iterations are bounded");
  }
  return 0;
}
