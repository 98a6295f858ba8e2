#include "gateway/service_api.h"

#include <utility>

#include "gateway/problem.h"
#include "openapi_document.h"

namespace consilium {

void AddServiceApi(HttpServer& server, Metrics& metrics, std::function<std::string()> trouble,
                   std::function<void()> refresh) {
  const auto probed = [&server](const char* pattern,
                                std::function<void(const HttpExchangePtr&)> handler) {
    HttpRoute route{"GET", pattern, HttpAccess::kOpen, std::move(handler)};
    route.any_query = true;
    server.Add(std::move(route));
  };
  probed("/healthz", [](const HttpExchangePtr& exchange) {
    exchange->Answer(JsonResponse(200, "{\"alive\":true}"));
  });
  probed("/readyz", [trouble = std::move(trouble)](const HttpExchangePtr& exchange) {
    const std::string why = trouble();
    exchange->Answer(why.empty() ? JsonResponse(200, "{\"ready\":true}")
                                 : Problem(503, {ErrorCode::kUnavailable, why}));
  });
  server.Add({"GET", "/openapi.json", HttpAccess::kOpen, [](const HttpExchangePtr& exchange) {
                HttpResponse response;
                response.content_type = "application/json";
                response.body = kOpenApiDocument;
                exchange->Answer(std::move(response));
              }});
  server.Add({"GET", "/metrics", HttpAccess::kRead,
              [&metrics, refresh = std::move(refresh)](const HttpExchangePtr& exchange) {
                refresh();
                HttpResponse response;
                response.content_type = "text/plain; version=0.0.4; charset=utf-8";
                response.body = metrics.Text();
                exchange->Answer(std::move(response));
              }});
}

}  // namespace consilium
