// Holds gateways to their OpenAPI document. Arguments: the folder into which the packages were
// installed, the document, a file of cases, the URL of a gateway of a cluster, of one that asks for
// the tokens "reads" and "writes", and of one without a cluster.
// Every operation is called; status, media type, header fields and body of each answer must be what
// the document says. The validators must also find what is spoiled here on purpose.
import { readFileSync } from "node:fs";
import http from "node:http";
import { createRequire } from "node:module";
import { isDeepStrictEqual } from "node:util";
import { pathToFileURL } from "node:url";

const [packages, file, cases, open, closed, lone] = process.argv.slice(2);
const load = createRequire(`${packages}/package.json`);
const text = readFileSync(file, "utf8");
const document = JSON.parse(text);

let failed = 0;
let answers = 0;
const done = new Set(); // operations that were answered well
function fail(words) {
  console.error(`FAILED ${words}`);
  failed += 1;
}

// --- the document
const { Validator } = await import(
  pathToFileURL(`${packages}/node_modules/@seriousme/openapi-schema-validator/index.js`)
);
async function isValid(specification) {
  return new Validator().validate(structuredClone(specification));
}
const validity = await isValid(document);
if (!validity.valid) fail(`the document: ${JSON.stringify(validity.errors)}`);
const spoiled = structuredClone(document);
delete spoiled.paths["/v1/cases"].get.parameters[0].name;
if ((await isValid(spoiled)).valid) fail("the validator does not see a parameter without a name");

// --- schemas: strict, so that a misspelt keyword is an error
const Ajv = load("ajv-2020/dist/2020").default;
const ajv = new Ajv({ strict: true, allErrors: true, allowUnionTypes: true });
const local = (schema) => JSON.parse(JSON.stringify(schema).replaceAll("#/components/schemas/", "api#/$defs/"));
ajv.addSchema({ $id: "api", $defs: local(document.components.schemas) });
for (const name of Object.keys(document.components.schemas)) ajv.compile({ $ref: `api#/$defs/${name}` });
const compiled = new Map();
function errorsOf(schema, value) {
  const key = JSON.stringify(schema);
  if (!compiled.has(key)) compiled.set(key, ajv.compile(local(schema)));
  const validate = compiled.get(key);
  return validate(value) ? [] : validate.errors.map((one) => `${one.instancePath} ${one.message} ${JSON.stringify(one.params)}`);
}
const resolve = (node) => (node?.$ref ? node.$ref.slice(2).split("/").reduce((at, part) => at[part], document) : node);

// --- calls
function send(base, method, path, headers, body, onData) {
  return new Promise((good, bad) => {
    const request = http.request(new URL(path, base), { method, headers }, (response) => {
      let out = "";
      response.setEncoding("utf8");
      response.on("data", (piece) => {
        out += piece;
        if (onData?.(out)) {
          request.destroy();
          good({ status: response.statusCode, headers: response.headers, body: out });
        }
      });
      response.on("end", () => good({ status: response.statusCode, headers: response.headers, body: out }));
      response.on("error", (error) => bad(error));
    });
    request.on("error", (error) => bad(error));
    request.setTimeout(60000, () => request.destroy(new Error(`${method} ${path}: no answer`)));
    request.end(body);
  });
}

const mediaOf = (value) => (value ?? "").split(";")[0].trim();
// What stands in a stream, as JSON values.
const itemsOf = {
  "application/x-ndjson": (body) => body.split("\n").filter((line) => line !== "").map((line) => JSON.parse(line)),
  "text/event-stream": (body) =>
    body.split("\n\n").slice(0, -1).flatMap((block) => {
      const lines = block.split("\n");
      const data = lines.find((line) => line.startsWith("data: "));
      if (data === undefined) return [];
      const item = JSON.parse(data.slice(6));
      if (!lines.includes(`event: ${item.type}`)) fail(`an event of type ${item.type} under another name`);
      return [item];
    }),
};

function checkAnswer(what, operation, answer) {
  answers += 1;
  const listed = operation.responses[answer.status] ?? operation.responses.default;
  const response = resolve(listed);
  for (const [name, entry] of Object.entries(response.headers ?? {})) {
    const header = resolve(entry);
    const value = answer.headers[name.toLowerCase()];
    if (value === undefined) {
      if (header.required) fail(`${what}: ${answer.status} without ${name}`);
      continue;
    }
    for (const error of errorsOf(header.schema, header.schema.type === "integer" ? Number(value) : value)) {
      fail(`${what}: ${name} = ${value}: ${error}`);
    }
  }
  const media = mediaOf(answer.headers["content-type"]);
  const content = response.content?.[media];
  if (content === undefined) return fail(`${what}: ${answer.status} as ${media}: ${answer.body.slice(0, 300)}`);
  const isJson = media.endsWith("json") && media !== "application/x-ndjson";
  const value = isJson ? JSON.parse(answer.body) : answer.body;
  for (const error of errorsOf(content.schema, value)) fail(`${what}: ${error}`);
  if (media === "application/problem+json" && value.status !== answer.status) fail(`${what}: another status in the body`);
  if (content["x-item-schema"] === undefined) return value;
  const items = itemsOf[media](answer.body);
  for (const item of items) {
    for (const error of errorsOf(content["x-item-schema"], item)) fail(`${what}: ${error} in ${JSON.stringify(item).slice(0, 300)}`);
  }
  return items;
}

// Calls `path` of the document; the status must be `expected`. The value of the answer.
async function call(method, path, expected, options = {}) {
  const { id, query, headers = {}, json, body, type, base = open, until } = options;
  const operation = document.paths[path][method];
  const target = path.replace(/\{[a-z]+\}/, encodeURIComponent(id)) + (query ? `?${new URLSearchParams(query)}` : "");
  const what = `${method.toUpperCase()} ${target} (${expected})`;
  const sent = json === undefined ? body : JSON.stringify(json);
  const media = type ?? (json === undefined ? undefined : "application/json");
  const described = media && operation.requestBody?.content[media];
  if (described && json !== undefined) {
    const errors = errorsOf(described.schema, json);
    if (expected < 400 && errors.length > 0) fail(`${what}: the request is not what is described: ${errors}`);
    if (options.wrong && errors.length === 0) fail(`${what}: the schema of the request allows it`);
  }
  const answer = await send(base, method.toUpperCase(), target, { ...headers, ...(media && { "Content-Type": media }) }, sent, until);
  if (answer.status !== expected) fail(`${what}: ${answer.status} ${answer.body.slice(0, 300)}`);
  if (expected !== 405 && operation.responses[answer.status] === undefined && path !== "/cases/{id}") {
    fail(`${what}: ${answer.status} is not listed`);
  }
  const value = checkAnswer(what, operation, answer);
  if (answer.status < 300) done.add(`${method} ${path}`);
  return { value, headers: answer.headers };
}
function expect(condition, words) {
  if (!condition) fail(words);
}

const demo = readFileSync(cases, "utf8").trim().split("\n").map((line) => JSON.parse(line));
const caseOf = (number, more = {}) => {
  const { text: vignette, question, patient } = demo[number];
  return { text: vignette, question, patient, ...more };
};

// --- service
await call("get", "/healthz", 200);
await call("get", "/readyz", 200);
await call("get", "/metrics", 200);
const { value: served } = await call("get", "/openapi.json", 200);
expect(isDeepStrictEqual(served, document), "what is served is not the document");
await call("get", "/v1/trust", 421, { headers: { Host: "evil.example" } });

// --- results of three notes that came over HL7: the receiver refuses them, so they are set aside
let aside = [];
async function setAside(count) {
  for (let tries = 0; tries < 150; ++tries) {
    aside = (await call("get", "/v1/outbox", 200)).value.aside;
    if (aside.length >= count) return;
    await new Promise((resolved) => setTimeout(resolved, 200));
  }
  throw new Error(`${aside.length} results were set aside, not ${count}`);
}
await setAside(3);

// --- cases; those who listen hear of them
const heard = call("get", "/v1/events", 200, { until: (out) => (out.match(/^data: /gm) ?? []).length >= 6 });
await new Promise((resolved) => setTimeout(resolved, 300));
const full = caseOf(0, {
  id: "api-1", options: { A: "warfarin", b: "nothing" }, deadline_s: 30, strategy: "named", models: ["m1", "m2", "m3"],
  gold_medications: ["warfarin"], kind: null, ensemble_size: null,
});
await call("post", "/v1/cases", 202, { json: full });
await call("post", "/v1/cases", 200, { json: full });
await call("post", "/v1/cases", 409, { json: caseOf(1, { id: "api-1" }) });
const made = await call("post", "/v1/cases", 202, { json: caseOf(1), headers: { "Idempotency-Key": "key-1" } });
const again = await call("post", "/v1/cases", 200, { json: caseOf(1), headers: { "Idempotency-Key": "key-1" } });
expect(made.value.id === again.value.id, "an Idempotency-Key made two cases");
await call("post", "/v1/cases", 400, { json: caseOf(1), headers: { "Idempotency-Key": "a b" } });
for (const wrong of [
  {}, [], { text: 1 }, { text: "a", alergies: [] }, { text: "a", patient: { alergies: [] } }, { text: "a", patient: { age: 131 } },
  { text: "a", options: { AB: "x" } }, { text: "a", strategy: "best" }, { text: "a", id: "a b" }, { text: "a", deadline_s: "soon" },
]) {
  await call("post", "/v1/cases", 400, { json: wrong, wrong: true });
}
await call("post", "/v1/cases", 400, { body: "{", type: "application/json" });
await call("post", "/v1/cases", 415, { body: "text", type: "text/plain" });
await call("post", "/v1/cases", 413, { json: { text: "x".repeat(70000) } });
const lines = [caseOf(2, { id: "line-1" }), caseOf(3, { id: "line-2" }), caseOf(2, { id: "line-1" }), { txt: 1 }];
const { value: told } = await call("post", "/v1/cases", 200, {
  body: `${lines.map((line) => JSON.stringify(line)).join("\n")}\n\nnot json`, type: "application/x-ndjson",
});
expect(told.map((line) => line.line).sort().join() === "1,2,3,4,6", `lines: ${JSON.stringify(told)}`);
expect(told.filter((line) => line.status >= 400).length === 2, `refused lines: ${JSON.stringify(told)}`);

const { value: view } = await call("get", "/v1/cases/{id}", 200, { id: "api-1", query: { wait: "30s" } });
expect(view.recommendations.length > 0 && view.tasks.length > 0, "the case has not ended");
await call("get", "/v1/cases/{id}", 404, { id: "none" });
await call("get", "/v1/cases/{id}", 400, { id: "api-1", query: { wait: "forever" } });
const { value: recommendation } = await call("get", "/v1/cases/{id}/recommendation", 200, { id: "api-1" });
await call("get", "/v1/cases/{id}/recommendation", 404, { id: "none" });
await call("get", "/v1/cases/{id}/recommendation", 400, { id: "api-1", query: { wait: "1h" } });
for (const id of [made.value.id, "line-1", "line-2"]) {
  await call("get", "/v1/cases/{id}/recommendation", 200, { id, query: { wait: "30s" } });
}
const page = await call("get", "/v1/cases", 200, { query: { limit: 2 } });
expect(page.value.items.length === 2 && page.headers.link !== undefined, "the first page has no next one");
await call("get", "/v1/cases", 200, { query: { limit: 2, after: page.value.next } });
await call("get", "/v1/cases", 200, { query: { state: "failed", source: "http", kind: "x" } });
await call("get", "/v1/cases", 400, { query: { state: "happy" } });
await call("get", "/v1/cases", 400, { query: { limit: 257 } });

// --- what was right
const stated = { by: "dr-a", verdict: "stated", medications: ["warfarin"], reason: "" };
await call("post", "/v1/cases/{id}/outcome", 200, { id: "api-1", json: stated });
await call("post", "/v1/cases/{id}/outcome", 200, { id: "api-1", json: stated });
await call("post", "/v1/cases/{id}/outcome", 400, { id: "api-1", json: { by: "a", verdict: "perhaps" }, wrong: true });
await call("post", "/v1/cases/{id}/outcome", 404, { id: "none", json: stated });
await call("post", "/v1/cases/{id}/outcome", 415, { id: "api-1", body: "x", type: "text/plain" });
await call("get", "/v1/cases/{id}", 200, { id: "api-1" });

// --- pages
const shown = await call("get", "/cases/{id}", 200, { id: "api-1" });
expect(shown.value.includes("SIMULATED"), "the page does not say that it is simulated");
await call("get", "/cases/{id}", 404, { id: "none" });

// --- withdrawing
await call("delete", "/v1/cases/{id}", 409, { id: "api-1" });
await call("delete", "/v1/cases/{id}", 404, { id: "none" });
await call("delete", "/v1/cases/{id}", 400, { id: "api-1", query: { withdraw: "true", reason: "x".repeat(201) } });
await call("delete", "/v1/cases/{id}", 200, { id: "api-1", query: { withdraw: "true", reason: "retracted" } });
await call("delete", "/v1/cases/{id}", 200, { id: "line-1", query: { withdraw: "1" } });
const { value: withdrawn } = await call("get", "/v1/cases/{id}", 200, { id: "api-1" });
expect(withdrawn.state === "cancelled", "it is not withdrawn");
const gone = await call("get", "/cases/{id}", 200, { id: "api-1" });
expect(gone.value.includes("WITHDRAWN"), "the page does not say that it is withdrawn");
const { value: events } = await heard;
expect(events.filter((event) => event.type === "recommendation").length === 4, `events: ${events.map((event) => event.type)}`);
expect(events.filter((event) => event.type === "withdrawn").length === 2, `events: ${events.map((event) => event.type)}`);
await call("get", "/v1/events", 400, { headers: { "Last-Event-ID": "none such" } });

// --- results
const [again1, deleted, replaced] = aside;
await call("get", "/v1/outbox", 200, { query: { after: again1.entry } });
await call("get", "/v1/outbox", 400, { query: { after: "x" } });
await call("post", "/v1/outbox/{entry}/requeue", 200, { id: again1.entry });
await call("post", "/v1/outbox/{entry}/requeue", 200, { id: again1.entry });
await call("post", "/v1/outbox/{entry}/requeue", 404, { id: "1-1" });
await call("post", "/v1/outbox/{entry}/requeue", 400, { id: "x" });
await call("delete", "/v1/outbox/{entry}", 200, { id: deleted.entry });
await call("delete", "/v1/outbox/{entry}", 404, { id: deleted.entry });
await call("delete", "/v1/outbox/{entry}", 400, { id: "x" });
await call("delete", "/v1/cases/{id}", 200, { id: replaced.case, query: { withdraw: "true" } });
await setAside(3); // the one that was put back is refused again, and so is the revision
await call("post", "/v1/outbox/{entry}/requeue", 409, { id: replaced.entry });

// --- what was learned
await call("get", "/v1/chemistry", 200);
await call("get", "/v1/ensembles", 200);
await call("get", "/v1/trust", 200);

// --- refusals of the server itself
const put = await send(open, "PUT", "/v1/cases", {}, "");
checkAnswer("PUT /v1/cases", document.paths["/v1/cases"].get, put);
expect(put.status === 405 && put.headers.allow === "POST, GET", `PUT: ${put.status}, Allow: ${put.headers.allow}`);

// --- tokens
const bearer = (token) => ({ Authorization: `Bearer ${token}` });
const basic = (token) => ({ Authorization: `Basic ${Buffer.from(`any:${token}`).toString("base64")}` });
await call("get", "/healthz", 200, { base: closed });
await call("get", "/openapi.json", 200, { base: closed });
for (const [path, item] of Object.entries(document.paths)) {
  for (const [method, operation] of Object.entries(item)) {
    if (operation["x-role"] === "open") continue;
    const options = { base: closed, id: "x", ...(operation.requestBody && { json: { text: "a" } }) };
    await call(method, path, 401, options);
    await call(method, path, 401, { ...options, headers: bearer("unknown") });
    if (operation["x-role"] === "admin") await call(method, path, 403, { ...options, headers: bearer("writes") });
    if (operation["x-role"] !== "read") {
      await call(method, path, 403, { ...options, headers: bearer("reads") });
      await call(method, path, 401, { ...options, headers: basic("writes") });
    }
  }
}
await call("post", "/v1/cases", 202, { base: closed, headers: bearer("writes"), json: caseOf(0, { id: "t-1" }) });
await call("get", "/v1/cases/{id}", 200, { base: closed, headers: bearer("reads"), id: "t-1", query: { wait: "30s" } });
await call("get", "/cases/{id}", 200, { base: closed, headers: basic("reads"), id: "t-1" });

// --- nobody behind it
await call("get", "/healthz", 200, { base: lone });
await call("get", "/readyz", 503, { base: lone });

// --- what the schemas must not let pass
const schema = { $ref: "#/components/schemas/Recommendation" };
expect(errorsOf(schema, recommendation).length === 0, "the recommendation");
const { revision, ...without } = recommendation;
for (const [what, value] of Object.entries({
  "without a member": without,
  "with a further member": { ...recommendation, extra: 1 },
  "with null where there is always something": { ...recommendation, reason: null },
  "with another state": { ...recommendation, status: "done" },
  "with a further member deep inside": { ...recommendation, models: [{ ...recommendation.models[0], extra: 1 }] },
})) {
  expect(errorsOf(schema, value).length > 0, `the schema lets a recommendation pass ${what}`);
}

for (const [path, item] of Object.entries(document.paths)) {
  for (const method of Object.keys(item)) {
    expect(done.has(`${method} ${path}`), `${method} ${path} was never answered well`);
  }
}
if (failed > 0) process.exitCode = 1;
else console.log(`all operations, ${answers} answers`);
