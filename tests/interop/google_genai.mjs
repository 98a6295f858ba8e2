import assert from "node:assert/strict";
import { check, failureOf, ingredientOf, limitedUrl, load, schema, system, url, user } from "./check.mjs";

const { ApiError, FunctionCallingConfigMode, GoogleGenAI } = load("@google/genai");
const make = (base) => new GoogleGenAI({ apiKey: "k", httpOptions: { baseUrl: base, retryOptions: { attempts: 1 } } });
const client = make(url);
const asked = { model: "m1", contents: user, config: { systemInstruction: system } };
const withConfig = (more) => ({ ...asked, config: { ...asked.config, ...more } });
const tools = {
  tools: [{ functionDeclarations: [{ name: "answer", parametersJsonSchema: schema }] }],
  toolConfig: { functionCallingConfig: { mode: FunctionCallingConfigMode.ANY } },
};

await check("plain", async () => {
  const reply = await client.models.generateContent(asked);
  assert.ok(ingredientOf(reply.text));
  assert.equal(reply.candidates[0].finishReason, "STOP");
  assert.ok(reply.usageMetadata.candidatesTokenCount > 0);
});

await check("streamed", async () => {
  let text = "";
  let chunks = 0;
  let last;
  for await (const chunk of await client.models.generateContentStream(asked)) {
    text += chunk.text;
    ++chunks;
    last = chunk;
  }
  assert.ok(chunks > 1);
  assert.ok(ingredientOf(text));
  assert.equal(last.candidates[0].finishReason, "STOP");
});

await check("structured", async () => {
  const wish = { responseMimeType: "application/json", responseJsonSchema: schema };
  const reply = await client.models.generateContent(withConfig(wish));
  assert.deepEqual(Object.keys(JSON.parse(reply.text)).sort(), ["medications", "rationale"]);
});

await check("tool", async () => {
  const reply = await client.models.generateContent(withConfig(tools));
  assert.equal(reply.functionCalls[0].name, "answer");
  assert.ok(ingredientOf(reply.functionCalls[0].args));
});

await check("tool streamed", async () => {
  const calls = [];
  for await (const chunk of await client.models.generateContentStream(withConfig(tools))) {
    calls.push(...(chunk.functionCalls ?? []));
  }
  assert.ok(ingredientOf(calls[0].args));
});

await check("models", async () => {
  const models = await client.models.list();
  assert.equal(models.page[0].name, "models/fault-1");
  assert.equal((await client.models.get({ model: "m1" })).name, "models/m1");
});

await check("429", async () => {
  const error = await failureOf(make(limitedUrl).models.generateContent(asked));
  assert.ok(error instanceof ApiError, `${error}`);
  assert.equal(error.status, 429);
  assert.match(error.message, /"retryDelay":"3s"/);
});
