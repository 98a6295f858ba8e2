#include "cli/output.h"

#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <nlohmann/json.hpp>

namespace consilium {

int ExitCodeOf(ErrorCode code) {
  switch (code) {
    case ErrorCode::kInvalid:
    case ErrorCode::kTooLarge:
      return kExitUsage;
    case ErrorCode::kUnavailable:
    case ErrorCode::kTimeout:
      return kExitUnreachable;
    case ErrorCode::kConflict:
    case ErrorCode::kQueueFull:
    case ErrorCode::kDraining:
    case ErrorCode::kNotFound:
    case ErrorCode::kForbidden:
      return kExitRefused;
    case ErrorCode::kUnsupported:
    case ErrorCode::kInternal:
      return kExitFailed;
  }
  return kExitFailed;
}

std::string_view AdviceFor(ErrorCode code) {
  switch (code) {
    case ErrorCode::kUnavailable:
    case ErrorCode::kTimeout:
      return "is a cluster running? start one with `consilium up`, or name its broker with "
             "--broker";
    case ErrorCode::kQueueFull:
      return "submit again later; what was accepted before is not done twice";
    case ErrorCode::kDraining:
      return "name another broker of the cluster with --broker, or end the drain with `consilium "
             "drain --undo`";
    case ErrorCode::kUnsupported:
      return "client and broker are of different versions; see `consilium version` and `status`";
    case ErrorCode::kConflict:
    case ErrorCode::kInvalid:
    case ErrorCode::kTooLarge:
    case ErrorCode::kNotFound:
    case ErrorCode::kForbidden:
    case ErrorCode::kInternal:
      return "";
  }
  return "";
}

std::string ErrorLine(const Error& error, std::string_view advice) {
  std::string line = "consilium: error[" + std::string(ErrorName(error.code)) + "]: " + error.text;
  if (!advice.empty()) line += "\n  " + std::string(advice);
  return line + "\n";
}

void Note(std::string_view text) { PrintErr("consilium: " + std::string(text) + "\n"); }

std::string JsonString(std::string_view text) {
  return nlohmann::json(text).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

std::string ErrorJson(const Error& error, std::string_view case_id) {
  std::string text = "{";
  if (!case_id.empty()) text += "\"case_id\":" + JsonString(case_id) + ",";
  text += "\"error\":{\"code\":" + JsonString(ErrorName(error.code)) +
          ",\"text\":" + JsonString(error.text) + "}}";
  return text;
}

int ReportError(const Error& error, bool json, std::string_view advice) {
  if (json) {
    PrintOut(ErrorJson(error) + "\n");
  } else {
    PrintErr(ErrorLine(error, advice));
  }
  return ExitCodeOf(error.code);
}

int ReportError(const Error& error, bool json) {
  return ReportError(error, json, AdviceFor(error.code));
}

bool IsTerminal(int fd) { return ::isatty(fd) == 1; }

Look LookOf(int fd) {
  Look look;
  if (!IsTerminal(fd)) return look;
  const char* no_color = std::getenv("NO_COLOR");
  const char* term = std::getenv("TERM");
  const bool dumb = term == nullptr || std::string_view(term) == "dumb";
  look.colour = !dumb && (no_color == nullptr || *no_color == '\0');
  winsize size{};
  if (::ioctl(fd, TIOCGWINSZ, &size) == 0 && size.ws_col > 0) {
    look.width = std::clamp<std::size_t>(size.ws_col, 40, 80);
  }
  return look;
}

void PrintOut(std::string_view text) {
  std::fwrite(text.data(), 1, text.size(), stdout);
  std::fflush(stdout);
}

void PrintErr(std::string_view text) { std::fwrite(text.data(), 1, text.size(), stderr); }

}  // namespace consilium
