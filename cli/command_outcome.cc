// `consilium outcome`: says what was right in a case that has ended.
#include <unistd.h>

#include <algorithm>
#include <string>
#include <utility>

#include "aggregator/council/coding.h"
#include "cli/ask.h"
#include "cli/find_medications.h"
#include "cli/render.h"
#include "shared/codec.h"
#include "shared/text.h"

namespace consilium {
namespace {

// How long it waits for an aggregator to look at what was recorded.
constexpr milliseconds kJudgedWithin{2000};
constexpr milliseconds kJudgedPoll{50};

// What the flags say, or why they say nothing.
Result<CaseOutcomeRequest> RequestOf(const OutcomeOptions& options) {
  CaseOutcomeRequest request;
  request.id = options.id;
  request.by = options.by;
  request.revision = options.revision;
  if (options.no_medication) {
    request.medications.emplace();
  } else if (!options.medications.empty()) {
    request.medications.emplace();
    for (const std::string& name : options.medications) {
      request.medications->emplace_back(Trimmed(name));  // "a, b" is how people write a list
    }
  }
  if (options.accept) {
    if (request.medications || options.override_reason) {
      return Invalid(
          "--accept with another verdict, expected it alone: what was recommended is "
          "right");
    }
    request.verdict = CaseOutcomeVerdict::kAccepted;
  } else if (options.override_reason) {
    request.verdict = CaseOutcomeVerdict::kOverridden;
    request.reason = *options.override_reason;
  } else if (!request.medications) {
    return Invalid(
        "no outcome, expected --medications a,b, --no-medication, --accept or "
        "--override REASON");
  } else if (request.revision) {
    return Invalid("--revision " + std::to_string(*request.revision) +
                   " without --accept or --override, expected it with one of them: what is stated "
                   "speaks of no recommendation");
  }
  return request;
}

// Waits for what was recorded to be looked at; what is known then, if it came in time.
std::optional<KnownRight> AwaitJudged(Asker& asker, const CaseOutcomeReply& recorded) {
  const TimePoint until = Now() + kJudgedWithin;
  while (Now() < until) {
    const auto view =
        Call<CaseView>(asker.client(), asker.stop(), FetchRequest{recorded.id}, kJudgedWithin);
    if (!view || !view->ok()) return std::nullopt;
    const std::optional<KnownRight>& known = (*view)->known;
    if (known && known->outcomes >= recorded.count) return known;
    if (WaitForClient(asker.client(), asker.stop(), Now() + kJudgedPoll)) return std::nullopt;
  }
  return std::nullopt;
}

// A name that no table has is kept and learned as it was typed. It may be right, so it is not
// refused; more often it is a slip, and one wrong gold spoils what is learned.
void WarnOfUnknown(const CaseOutcomeRequest& request, const OutcomeOptions& options) {
  if (!request.medications || request.medications->empty()) return;
  const auto table = FindMedications(options.ask.cluster.config);
  if (!table.ok()) return;  // the machine of a client need not have one
  for (const std::string& name : *request.medications) {
    const NormalisedName known = CodeName(name, *table);
    if (known.kind == NormalisedName::Kind::kIngredients) continue;
    Note("warning: " + Quoted(name) +
         (known.kind == NormalisedName::Kind::kClass
              ? " is a class, no medication"
              : " is in no table of medications, and is learned as it was typed") +
         "; if that is a slip, say it again: of --by " + Quoted(request.by) +
         " the latest outcome counts");
  }
}

void Print(const OutcomeOptions& options, CaseOutcomeReply reply,
           const std::optional<KnownRight>& known) {
  if (known) reply.contradictory = known->status == KnownStatus::kContradictory;
  if (options.ask.json) return PrintOut(ToJson(reply) + "\n");
  std::string text = reply.id + (reply.duplicate ? ": was recorded before" : ": recorded");
  text += reply.count == 1 ? ", its only outcome\n"
                           : ", " + std::to_string(reply.count) + " outcomes in all\n";
  text += known ? RenderKnown(*known, LookOf(STDOUT_FILENO))
                : "  not looked at yet: no aggregator did within 2 s; it will when one runs\n";
  PrintOut(text);
}

}  // namespace

int RunOutcome(const OutcomeOptions& options) {
  auto request = RequestOf(options);
  if (!request.ok()) {
    return ReportError(request.error(), options.ask.json, "see `consilium outcome --help`");
  }
  auto brokers = FindBrokers(options.ask.cluster);
  if (!brokers.ok()) return ReportError(brokers.error(), options.ask.json);
  Asker asker(std::move(brokers).value());
  if (request->verdict != CaseOutcomeVerdict::kStated && !request->revision) {
    // Named, so that asked again it speaks of the same one, whatever was published meanwhile.
    const int code = AskBroker<CaseView>(
        asker, options.ask, FetchRequest{options.id}, [&request](const CaseView& view) {
          if (!view.recommendations.empty()) {
            request->revision = view.recommendations.back().revision;
          }
          return kExitOk;
        });
    if (code != kExitOk) return code;
  }
  return AskBroker<CaseOutcomeReply>(asker, options.ask, *request,
                                     [&](const CaseOutcomeReply& reply) {
                                       WarnOfUnknown(*request, options);
                                       Print(options, reply, AwaitJudged(asker, reply));
                                       return kExitOk;
                                     });
}

}  // namespace consilium
