#include "gateway/case_pages.h"

#include <utility>

#include "gateway/case_page.h"
#include "gateway/problem.h"

namespace consilium {
namespace {

constexpr milliseconds kTimeout{20000};

HttpResponse Page(int status, std::string html) {
  HttpResponse response;
  response.status = status;
  response.content_type = "text/html; charset=utf-8";
  response.body = std::move(html);
  response.fields = {{"Content-Security-Policy", CasePagePolicy()},
                     {"Referrer-Policy", "no-referrer"},
                     {"X-Robots-Tag", "noindex"}};
  return response;
}

}  // namespace

bool IsCasePage(const HttpRequest& request) {
  return request.segments.size() == 2 && request.segments[0] == "cases";
}

HttpResponse PageRefusal(int status, const Error& error,
                         std::optional<std::int64_t> retry_after_ms) {
  const std::string title = status == 404   ? "There is no such case"
                            : status == 401 ? "Who asks is not known"
                            : status < 500  ? "This cannot be shown"
                                            : "This cannot be shown now";
  HttpResponse response = Page(status, ProblemPage(title, error.text));
  if (status == 401) {
    // A browser asks its user for the token, as the password of any name (gatekeeper.h).
    response.fields.emplace_back("WWW-Authenticate", "Basic realm=\"Consilium\"");
    return response;
  }
  for (auto& field : Problem(status, error, retry_after_ms).fields) {
    response.fields.push_back(std::move(field));
  }
  return response;
}

void AddCasePages(HttpServer& server, BusLink& bus) {
  server.Add({"GET", "/cases/{id}", HttpAccess::kRead, [&bus](const HttpExchangePtr& exchange) {
                bus.Ask<CaseView>(
                    FetchRequest{exchange->request().captured[0]}, kTimeout,
                    [exchange](Result<CaseView> view, std::optional<std::int64_t> retry) {
                      exchange->Answer(view.ok() ? Page(200, CasePage(*view))
                                                 : PageRefusal(StatusOf(view.error().code),
                                                               view.error(), retry));
                    });
              }});
}

}  // namespace consilium
