#include "worker/llm/served_model.h"

#include <gtest/gtest.h>

namespace consilium {
namespace {

TEST(ServedModelTest, EditionsOfOneModelAreTheSame) {
  const std::pair<const char*, const char*> same[] = {
      {"gpt-4o", "gpt-4o"},
      {"gpt-4o", "gpt-4o-2024-08-06"},
      {"gpt-4", "gpt-4-0613"},
      {"claude-3-5-sonnet-latest", "claude-3-5-sonnet-20241022"},
      {"claude-sonnet", "anthropic/claude-sonnet"},
      {"anthropic/claude-3.5-sonnet", "claude-3-5-sonnet-20241022"},
      {"gemini-2.5-flash", "gemini-2.5-flash-001"},
      {"gemini-2.5-flash", "models/gemini-2.5-flash"},
      {"llama3.1:8b", "llama3.1:8b"},
      {"llama3.1", "llama3.1:latest"},
      {"meta-llama/Llama-3.1-8B-Instruct", "llama-3.1-8b-instruct"},
      {"qwen2.5-7b", "/models/Qwen2.5-7B-Q4_K_M.gguf"},
  };
  for (const auto& [asked, served] : same) EXPECT_TRUE(IsSameModel(asked, served)) << served;
}

TEST(ServedModelTest, OtherModelsAreNot) {
  const std::pair<const char*, const char*> other[] = {
      {"gpt-4o", "gpt-4o-mini"},
      {"gpt-4", "gpt-4.1"},
      {"gpt-4", "gpt-4o"},
      {"gemini-2.5-flash", "gemini-2.5-flash-lite"},
      {"claude-opus-4", "claude-opus-4-1"},
      {"claude-3-5-sonnet", "claude-3-5-haiku"},
      {"llama3.1:8b", "llama3.1:70b"},
      {"a", ""},
      {"", ""},
      {"o1", "o3"},
      {"o1", "o1-preview"},
      {"gpt-5", "gpt-5-chat-latest"},
      {"qwen2.5-7b", "qwen2.5-7b-instruct"},
      {"gpt-oss", "gpt-oss-20"},
      {"nova", "nova-m"},
  };
  for (const auto& [asked, served] : other) EXPECT_FALSE(IsSameModel(asked, served)) << served;
}

}  // namespace
}  // namespace consilium
