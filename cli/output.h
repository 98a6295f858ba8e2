// How every command ends and what it says when it cannot go on.
#pragma once

#include <string>
#include <string_view>

#include "cli/screen.h"
#include "shared/result.h"

namespace consilium {

// Exit codes that a script can rely on.
inline constexpr int kExitOk = 0;
inline constexpr int kExitFailed = 1;       // finished, but a case failed; or an error inside
inline constexpr int kExitUsage = 2;        // bad command line, configuration or input
inline constexpr int kExitUnreachable = 3;  // no broker, or no answer in time
// The broker said no: conflict, queue_full, draining, not_found, forbidden.
inline constexpr int kExitRefused = 4;
inline constexpr int kExitInterrupted = 130;

int ExitCodeOf(ErrorCode code);

// What a person can do about an error that does not say so itself; "" when there is nothing to add.
std::string_view AdviceFor(ErrorCode code);

// `consilium: error[code]: text`, then the advice; pure.
std::string ErrorLine(const Error& error, std::string_view advice);
// {"error":{"code":...,"text":...}}, with "case_id" in front when there is one; no newline.
std::string ErrorJson(const Error& error, std::string_view case_id = "");

// Says it on standard error, or with `json` as one object on standard output. Returns the exit
// code.
int ReportError(const Error& error, bool json);
int ReportError(const Error& error, bool json, std::string_view advice);

// Colours only on a terminal, without NO_COLOR in the environment and not on a "dumb" one.
Look LookOf(int fd);
bool IsTerminal(int fd);

void PrintOut(std::string_view text);  // standard output, flushed
void PrintErr(std::string_view text);  // standard error
// A line about what is going on, on standard error, with the command's name in front.
void Note(std::string_view text);

// `"` ... `"` with JSON escapes; invalid UTF-8 becomes U+FFFD.
std::string JsonString(std::string_view text);

}  // namespace consilium
