import assert from "node:assert/strict";
import { check, failureOf, ingredientOf, limitedUrl, load, schema, system, url, user } from "./check.mjs";

const { Ollama } = load("ollama");
const client = new Ollama({ host: url });
const asked = {
  model: "m1",
  messages: [
    { role: "system", content: system },
    { role: "user", content: user },
  ],
};
const tools = [{ type: "function", function: { name: "answer", description: "", parameters: schema } }];

await check("plain", async () => {
  const reply = await client.chat(asked);
  assert.ok(ingredientOf(reply.message.content));
  assert.equal(reply.done_reason, "stop");
  assert.ok(reply.eval_count > 0);
});

await check("streamed", async () => {
  let text = "";
  let last;
  for await (const part of await client.chat({ ...asked, stream: true })) {
    text += part.message.content;
    last = part;
  }
  assert.ok(ingredientOf(text));
  assert.equal(last.done, true);
});

await check("structured", async () => {
  const reply = await client.chat({ ...asked, format: schema });
  assert.deepEqual(Object.keys(JSON.parse(reply.message.content)).sort(), ["medications", "rationale"]);
  const json = await client.chat({ ...asked, format: "json" });
  assert.ok(ingredientOf(json.message.content));
});

await check("tool", async () => {
  const reply = await client.chat({ ...asked, tools });
  assert.equal(reply.message.tool_calls[0].function.name, "answer");
  assert.ok(ingredientOf(reply.message.tool_calls[0].function.arguments));
});

await check("models", async () => {
  assert.equal((await client.list()).models[0].name, "fault-1");
  assert.ok((await client.show({ model: "m1" })).details.family);
});

await check("429", async () => {
  const error = await failureOf(new Ollama({ host: limitedUrl }).chat(asked));
  assert.equal(error.status_code, 429);
  assert.match(error.message, /too many requests/);
});
