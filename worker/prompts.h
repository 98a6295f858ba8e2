// What a model is asked: the templates of configs/prompts filled with one case.
//
// A template is a text file: a line "--- version NAME ---", the system message, a line
// "--- user ---", the user message. The version is for people, its hash tells exactly. {{name}}
// stands for a value; generate.txt may use delimiter, case, patient, question, options; review.txt
// also answers and labels. `case`, and `answers` in a review, must occur. Everything that comes
// from outside stands between two lines with a delimiter that is random for each prompt and is
// removed, with all invisible characters, from what stands between them: text of a case cannot
// pretend to be instructions of ours. Threads: functions without state; prompts hold patients' text
// and are never logged.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "shared/config.h"
#include "shared/domain.h"
#include "shared/result.h"

namespace consilium {

struct PromptTemplate {
  std::string version;  // 1..32 of [A-Za-z0-9._-]
  std::string system;
  std::string user;
  std::string hash;  // SHA-256 hex of the file
};

struct PromptSet {
  PromptTemplate generate;
  PromptTemplate review;
};

struct Prompt {
  std::string system;
  std::string user;
};

// `file` is used in messages.
Result<PromptTemplate> ParsePromptTemplate(std::string_view text, Stage stage,
                                           const std::string& file);

// generate.txt and review.txt of `folder`.
Result<PromptSet> LoadPrompts(const std::string& folder);

// Where the prompts are when the configuration names no folder: beside the configuration file or
// one above it, else where the programs were built or installed. kNotFound lists the places looked
// at.
Result<std::string> FindPrompts(const std::string& config_file);
// Writes that into the configuration of a real model that names no folder.
Status SettlePrompts(BackendConfig& backend, const std::string& config_file);

// `review` is present exactly in a review.
Prompt RenderPrompt(const PromptTemplate& form, const Vignette& vignette,
                    const std::optional<ReviewPacket>& review, std::string_view delimiter);

}  // namespace consilium
