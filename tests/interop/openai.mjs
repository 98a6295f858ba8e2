import assert from "node:assert/strict";
import { check, failureOf, ingredientOf, limitedUrl, load, schema, system, url, user } from "./check.mjs";

const { OpenAI } = load("openai");
const make = (base) => new OpenAI({ apiKey: "k", baseURL: `${base}/v1`, maxRetries: 0 });
const client = make(url);
const asked = {
  model: "m1",
  messages: [
    { role: "system", content: system },
    { role: "user", content: user },
  ],
};
const tool = { type: "function", function: { name: "answer", parameters: schema, strict: true } };

await check("plain", async () => {
  const reply = await client.chat.completions.create(asked);
  assert.ok(ingredientOf(reply.choices[0].message.content));
  assert.equal(reply.choices[0].finish_reason, "stop");
  assert.ok(reply.usage.completion_tokens > 0);
});

await check("streamed", async () => {
  const stream = client.chat.completions.stream({ ...asked, stream_options: { include_usage: true } });
  let text = "";
  stream.on("content", (delta) => (text += delta));
  const reply = await stream.finalChatCompletion();
  assert.equal(reply.choices[0].message.content, text);
  assert.ok(ingredientOf(text));
  assert.ok(reply.usage.prompt_tokens > 0);
});

await check("structured", async () => {
  const format = { type: "json_schema", json_schema: { name: "answer", strict: true, schema } };
  const reply = await client.chat.completions.create({ ...asked, response_format: format });
  const answer = JSON.parse(reply.choices[0].message.content);
  assert.deepEqual(Object.keys(answer).sort(), ["medications", "rationale"]);
  const json = await client.chat.completions.create({ ...asked, response_format: { type: "json_object" } });
  assert.ok(ingredientOf(json.choices[0].message.content));
});

await check("tool", async () => {
  const reply = await client.chat.completions.create({ ...asked, tools: [tool], tool_choice: "required" });
  assert.equal(reply.choices[0].finish_reason, "tool_calls");
  const call = reply.choices[0].message.tool_calls[0];
  assert.equal(call.function.name, "answer");
  assert.ok(ingredientOf(call.function.arguments));
});

await check("tool streamed", async () => {
  const stream = client.chat.completions.stream({ ...asked, tools: [tool], tool_choice: "required" });
  const reply = await stream.finalChatCompletion();
  assert.ok(ingredientOf(reply.choices[0].message.tool_calls[0].function.arguments));
});

await check("models", async () => {
  const models = await client.models.list();
  assert.equal(models.data[0].id, "fault-1");
});

await check("429", async () => {
  const error = await failureOf(make(limitedUrl).chat.completions.create(asked));
  assert.ok(error instanceof OpenAI.RateLimitError, `${error}`);
  assert.equal(error.code, "rate_limit_exceeded");
  assert.equal(error.headers.get("retry-after"), "3");
});
