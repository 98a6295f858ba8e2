// A CDS client of its own asks our service. Arguments: the folder of the packages, the URL of the
// gateway, an origin that may ask, and a file of Synthea patients where it is at hand.
import assert from "node:assert/strict";
import { createReadStream } from "node:fs";
import { request } from "node:http";
import { createInterface } from "node:readline";
import { callOf, expectCards, expectServices, madeUpRecord, syntheaRecord } from "./cds_ehr.mjs";
import { check, eventually } from "./checks.mjs";

const [, url, origin, synthea] = process.argv.slice(2);
const post = (path, body) =>
  fetch(url + path, { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body) });

async function ask(service, record) {
  const began = performance.now();
  const response = await post(`/cds-services/${service.id}`, callOf(service, record));
  const text = await response.text();
  const ms = performance.now() - began;
  assert.equal(response.status, 200, text);
  const reply = JSON.parse(text);
  expectCards(reply);
  return { cards: reply.cards, ms };
}
// The card, when the council is done.
async function finished(service, record) {
  return eventually("the finished card", async () => {
    const [card] = (await ask(service, record)).cards;
    return (card.links ?? []).length > 0 && /has not decided yet/.test(card.detail) ? undefined : card;
  });
}
const caseOf = async (card) => {
  const id = card.links.map((link) => /\/cases\/([^/?#]+)/.exec(link.url)?.[1]).find((found) => found);
  return (await fetch(`${url}/v1/cases/${id}`)).json();
};
const feedback = (service, ...items) => post(`/cds-services/${service.id}/feedback`, { feedback: items });

let service;
await check("discovery", async () => {
  const found = await (await fetch(`${url}/cds-services`)).json();
  expectServices(found);
  service = found.services.find((one) => one.hook === "patient-view");
});

await check("an info card at once, the recommendation later", async () => {
  const times = [];
  for (const number of [1, 2, 3, 4, 5]) {
    const record = madeUpRecord(`view-${number}`, `Community acquired pneumonia, severity ${number}`);
    const first = await ask(service, record);
    assert.equal(first.cards.length, 1);
    assert.equal(first.cards[0].indicator, "info");
    assert.ok(!("suggestions" in first.cards[0]));
    times.push(first.ms);
  }
  times.sort((a, b) => a - b);
  assert.ok(times[2] < 500, `in ${times.map(Math.round)} ms`);
  const record = madeUpRecord("view-1", "Community acquired pneumonia, severity 1");
  const card = await finished(service, record);
  assert.equal(card.suggestions.length, 1);
  assert.ok(card.suggestions[0].isRecommended);
  const action = card.suggestions[0].actions[0];
  assert.equal(action.resource.subject.reference, "Patient/view-1");
  const view = await caseOf(card);
  assert.equal(view.vignette.patient.sex, "male");
  assert.deepEqual(view.vignette.patient.allergies, ["Sulfamethoxazole"]);
  assert.equal(view.vignette.patient.egfr, 71);
  assert.equal(view.vignette.patient.weight_kg, 82.5, "the latest one");
  assert.match(view.vignette.text, /Community acquired pneumonia, severity 1/);
  assert.ok(!view.vignette.text.includes("Nobody"), "no name");
  for (const link of card.links) assert.equal((await fetch(link.url)).status, 200, link.url);
});

await check("accepted", async () => {
  const record = madeUpRecord("accept", "Acute cystitis");
  const card = await finished(service, record);
  const [suggestion] = card.suggestions;
  const said = {
    card: card.uuid,
    outcome: "accepted",
    acceptedSuggestions: [{ id: suggestion.uuid }],
    outcomeTimestamp: new Date().toISOString(),
  };
  for (let times = 0; times < 2; ++times) assert.equal((await feedback(service, said)).status, 200);
  const { outcomes } = await caseOf(card);
  assert.equal(outcomes.length, 1, "what is said twice is said once");
  assert.equal(outcomes[0].verdict, "accepted");
  assert.match(outcomes[0].by, /^cds:/);
});

await check("overridden", async () => {
  const card = await finished(service, madeUpRecord("override", "Acute otitis media"));
  const reason = card.overrideReasons[0];
  const said = {
    card: card.uuid,
    outcome: "overridden",
    overrideReason: { reason, userComment: "The family prefers to wait." },
    outcomeTimestamp: new Date().toISOString(),
  };
  const unknown = { ...said, card: "00000000-0000-4000-8000-000000000000" };
  assert.equal((await feedback(service, said, unknown)).status, 200);
  const { outcomes } = await caseOf(card);
  assert.equal(outcomes.length, 1);
  assert.equal(outcomes[0].verdict, "overridden");
  assert.match(outcomes[0].reason, /The family prefers to wait\./);
});

await check("nothing to ask about", async () => {
  const record = madeUpRecord("nothing", "").filter((one) => one.resourceType !== "Condition");
  assert.deepEqual((await ask(service, record)).cards, []);
});

await check("what cannot be served", async () => {
  const record = madeUpRecord("lacking", "Gout");
  const call = callOf(service, record);
  delete call.prefetch.patient; // and there is no FHIR server to ask
  assert.equal((await post(`/cds-services/${service.id}`, call)).status, 412);
  const { context, ...without } = callOf(service, record);
  assert.ok(context);
  assert.equal((await post(`/cds-services/${service.id}`, without)).status, 400);
  assert.equal((await post("/cds-services/no-such-service", callOf(service, record))).status, 404);
});

// As a browser asks before it calls, and what it looks at.
const preflight = (from) =>
  new Promise((done, fail) => {
    const headers = {
      Origin: from,
      "Access-Control-Request-Method": "POST",
      "Access-Control-Request-Headers": "authorization,content-type",
    };
    const asked = request(`${url}/cds-services/${service.id}`, { method: "OPTIONS", headers }, (response) => {
      response.resume();
      done(response);
    });
    asked.on("error", fail).end();
  });

await check("preflight", async () => {
  const { statusCode, headers } = await preflight(origin);
  assert.ok(statusCode === 200 || statusCode === 204);
  assert.equal(headers["access-control-allow-origin"], origin);
  assert.match(headers["access-control-allow-methods"], /\bPOST\b/);
  const allowed = headers["access-control-allow-headers"].toLowerCase();
  assert.ok(allowed.includes("authorization") && allowed.includes("content-type"));
  const { headers: others } = await preflight("https://elsewhere.example");
  assert.equal(others["access-control-allow-origin"], undefined);
  const found = await fetch(`${url}/cds-services`, { headers: { Origin: origin } });
  assert.equal(found.headers.get("access-control-allow-origin"), origin);
});

if (synthea) {
  await check("patients of Synthea", async () => {
    const lines = createInterface({ input: createReadStream(synthea) });
    let asked = 0;
    const cases = new Set();
    const late = [];
    for await (const line of lines) {
      if (++asked > 12) break;
      const record = syntheaRecord(line);
      const first = await ask(service, record);
      if (first.cards.length === 0) continue; // no problem is active
      late.push(first.ms);
      const card = await finished(service, record);
      const view = await caseOf(card);
      assert.equal(view.vignette.patient.sex, record.find((one) => one.resourceType === "Patient").gender);
      assert.ok(["complete", "degraded", "insufficient"].includes(view.state), view.state);
      cases.add(view.id);
      for (const { family } of record.find((one) => one.resourceType === "Patient").name) {
        assert.ok(!view.vignette.text.includes(family), "no name");
      }
    }
    assert.ok(cases.size >= 8, `${cases.size} cases`);
    assert.equal(cases.size, late.length, "a case for each");
    late.sort((a, b) => a - b);
    assert.ok(late[Math.floor(late.length / 2)] < 500, `in ${late.map(Math.round)} ms`);
  });
}
