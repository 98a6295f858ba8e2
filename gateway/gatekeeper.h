// Who may ask over HTTP.
//
// With a file of tokens: who has one, for what its role allows; a browser that only reads may send
// it as the password of Basic credentials. Without one the door is on this machine, and whoever can
// reach it may do everything, but not a page of the web that a browser here shows: neither under a
// name of its own (DNS rebinding), nor with requests that change something from its own origin.
// Threads: the loop's.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "gateway/net/http_server.h"
#include "shared/log.h"
#include "shared/tokens.h"
#include "shared/watched_file.h"

namespace consilium {

class Gatekeeper {
 public:
  // `tokens_file`: "" = none. `public_url`: whose host is ours, too.
  // `origins`: of pages that may change something all the same; "*" = all.
  Gatekeeper(const std::string& tokens_file, const std::string& public_url,
             std::vector<std::string> origins = {});
  // Reads the file for the first time; what is wrong with it stops the start.
  Status Start();
  // Reads it again when it changed; one with a mistake changes nothing and is logged.
  void Refresh();

  std::optional<HttpServer::Refusal> Admit(HttpRequest& request, HttpAccess access) const;

 private:
  Result<TokenList> Read();
  bool IsOurOrigin(const HttpRequest& request) const;

  WatchedFile file_;
  std::string public_host_;
  std::vector<std::string> origins_;
  TokenList tokens_;
  PowersOfTwo unreadable_;
};

}  // namespace consilium
