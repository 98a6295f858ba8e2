import assert from "node:assert/strict";
import { check, failureOf, ingredientOf, limitedUrl, load, schema, system, url, user } from "./check.mjs";

const { Anthropic } = load("@anthropic-ai/sdk");
const make = (base) => new Anthropic({ apiKey: "k", baseURL: base, maxRetries: 0 });
const client = make(url);
const asked = { model: "m1", max_tokens: 1000, system, messages: [{ role: "user", content: user }] };
const tools = { tools: [{ name: "answer", input_schema: schema }], tool_choice: { type: "tool", name: "answer" } };

await check("plain", async () => {
  const reply = await client.messages.create(asked);
  assert.equal(reply.stop_reason, "end_turn");
  assert.ok(ingredientOf(reply.content[0].text));
  assert.ok(reply.usage.output_tokens > 1);
});

await check("streamed", async () => {
  const stream = client.messages.stream(asked);
  let text = "";
  stream.on("text", (delta) => (text += delta));
  const reply = await stream.finalMessage();
  assert.equal(reply.content[0].text, text);
  assert.ok(ingredientOf(text));
  assert.equal(reply.stop_reason, "end_turn");
  assert.ok(reply.usage.output_tokens > 1);
});

await check("structured", async () => {
  const reply = await client.messages.create({ ...asked, output_config: { format: { type: "json_schema", schema } } });
  const answer = JSON.parse(reply.content[0].text);
  assert.deepEqual(Object.keys(answer).sort(), ["medications", "rationale"]);
});

await check("tool", async () => {
  const reply = await client.messages.create({ ...asked, ...tools });
  assert.equal(reply.stop_reason, "tool_use");
  assert.equal(reply.content[0].type, "tool_use");
  assert.ok(ingredientOf(reply.content[0].input));
});

await check("tool streamed", async () => {
  const reply = await client.messages.stream({ ...asked, ...tools }).finalMessage();
  assert.equal(reply.content[0].name, "answer");
  assert.ok(ingredientOf(reply.content[0].input));
});

await check("models", async () => {
  const models = await client.models.list();
  assert.equal(models.data[0].id, "fault-1");
  assert.equal((await client.models.retrieve("m1")).id, "m1");
});

await check("429", async () => {
  const error = await failureOf(make(limitedUrl).messages.create(asked));
  assert.ok(error instanceof Anthropic.RateLimitError, `${error}`);
  assert.equal(error.error.error.type, "rate_limit_error");
  assert.equal(error.headers.get("retry-after"), "3");
});
