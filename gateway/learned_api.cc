#include "gateway/learned_api.h"

#include <utility>

#include "gateway/problem.h"
#include "shared/codec.h"

namespace consilium {
namespace {

constexpr milliseconds kTimeout{20000};

template <class Reply, class Request>
void Relay(BusLink& bus, const HttpExchangePtr& exchange, const Request& request) {
  bus.Ask<Reply>(request, kTimeout,
                 [exchange](Result<Reply> reply, std::optional<std::int64_t> retry) {
                   exchange->Answer(reply.ok() ? JsonResponse(200, ToJson(*reply))
                                               : Problem(reply.error(), retry));
                 });
}

}  // namespace

void AddLearnedApi(HttpServer& server, BusLink& bus) {
  server.Add({"GET", "/v1/chemistry", HttpAccess::kRead,
              [&bus](const HttpExchangePtr& exchange) {
                ChemistryRequest request;
                request.kind = exchange->request().Query("kind").value_or("");
                Relay<ChemistryReport>(bus, exchange, request);
              }},
             {"kind"});
  server.Add({"GET", "/v1/ensembles", HttpAccess::kRead, [&bus](const HttpExchangePtr& exchange) {
                Relay<SeatingBoard>(bus, exchange, EnsemblesRequest{});
              }});
  server.Add({"GET", "/v1/trust", HttpAccess::kRead, [&bus](const HttpExchangePtr& exchange) {
                Relay<TrackRecords>(bus, exchange, TrackRecordsRequest{});
              }});
}

}  // namespace consilium
