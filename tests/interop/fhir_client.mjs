// fhir-kit-client asks the gateway as a FHIR server. Arguments: the folder of the packages, the URL of
// the gateway, a folder into which the Bundles of the results are written for validate_fhir.mjs.
import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { check, eventually, failureOf, importFrom } from "./checks.mjs";

const [folder, url, results] = process.argv.slice(2);
const { CapabilityTool, Client } = await importFrom(folder, "fhir-kit-client/dist/index.js");
const client = new Client({ baseUrl: `${url}/fhir` });
const responseOf = (resource) => Client.httpFor(resource).response;

// A patient with something to ask about; `mark` tells one case from another.
function entriesOf(mark) {
  const patient = `urn:uuid:00000000-0000-4000-8000-${mark.padStart(12, "0")}`;
  const code = (system, one, text) => ({ coding: [{ system, code: one, display: text }], text });
  const clinical = "http://terminology.hl7.org/CodeSystem/condition-clinical";
  const resources = [
    {
      resourceType: "Patient",
      identifier: [{ system: "urn:oid:1.2.3.4", value: `p-${mark}` }],
      name: [{ family: "Example", given: ["Ada"] }],
      gender: "female",
      birthDate: "1961-03-14",
    },
    {
      resourceType: "Condition",
      subject: { reference: patient },
      clinicalStatus: code(clinical, "active", "Active"),
      code: code("http://hl7.org/fhir/sid/icd-10", "J18.9", `Community acquired pneumonia ${mark}`),
    },
    {
      resourceType: "AllergyIntolerance",
      patient: { reference: patient },
      code: code("http://www.nlm.nih.gov/research/umls/rxnorm", "70618", "Penicillin"),
      reaction: [{ manifestation: [{ text: "rash" }] }],
    },
    {
      resourceType: "MedicationStatement",
      status: "active",
      subject: { reference: patient },
      medicationCodeableConcept: code("http://www.nlm.nih.gov/research/umls/rxnorm", "6809", "metformin"),
    },
    {
      resourceType: "Observation",
      status: "final",
      subject: { reference: patient },
      code: code("http://loinc.org", "33914-3", "eGFR"),
      effectiveDateTime: "2026-11-01",
      valueQuantity: { value: 58.0, unit: "mL/min/1.73m2" },
    },
  ];
  return resources.map((resource, i) => ({ fullUrl: i === 0 ? patient : undefined, resource }));
}
const collectionOf = (mark) => ({ resourceType: "Bundle", type: "collection", entry: entriesOf(mark) });

const idAt = (response) => {
  const place = response.headers.get("content-location");
  assert.ok(place?.startsWith(`${url}/fhir/GuidanceResponse/`), `Content-Location: ${place}`);
  return place.split("/").at(-1);
};
// The GuidanceResponse, when the council is done.
async function guidanceOf(id) {
  const states = [];
  const guidance = await eventually("the council", async () => {
    const found = await client.read({ resourceType: "GuidanceResponse", id });
    const response = responseOf(found);
    states.push(response.status);
    if (response.status === 200) return found;
    assert.equal(response.status, 202);
    assert.equal(found.status, "in-progress");
    assert.ok(response.headers.get("x-progress"));
    assert.ok(Number(response.headers.get("retry-after")) > 0);
    return undefined;
  });
  return { guidance, states };
}
async function keepResult(name, id) {
  const bundle = await client.read({ resourceType: "Bundle", id });
  writeFileSync(`${results}/${name}.json`, JSON.stringify(bundle));
  return bundle;
}
const typesOf = (bundle) => bundle.entry.map((one) => one.resource.resourceType);

await check("capability statement", async () => {
  const statement = await client.capabilityStatement();
  assert.equal(statement.fhirVersion, "4.0.1");
  const can = new CapabilityTool(statement);
  assert.ok(can.serverCan("transaction"));
  assert.ok(can.resourceCan("Bundle", "create"));
  assert.ok(can.resourceCan("GuidanceResponse", "read"));
  assert.ok(!can.resourceCan("MedicationRequest", "create"));
  assert.ok(statement.rest[0].operation.some((one) => one.name === "process-message"));
  writeFileSync(`${results}/capability.json`, JSON.stringify(statement));
});

await check("create and poll", async () => {
  const outcome = await client.create({ resourceType: "Bundle", body: collectionOf("1") });
  const response = responseOf(outcome);
  assert.equal(response.status, 202);
  assert.equal(outcome.resourceType, "OperationOutcome");
  const id = idAt(response);
  await keepResult("in_progress", id);
  const { guidance, states } = await guidanceOf(id);
  assert.equal(states[0], 202, "it was asked while the council sat");
  assert.equal(guidance.status, "success");
  assert.deepEqual(guidance.subject.identifier, { system: "urn:oid:1.2.3.4", value: "p-1" });
  const bundle = await keepResult("complete", id);
  assert.ok(typesOf(bundle).includes("RequestGroup"));
  const requests = bundle.entry.map((one) => one.resource).filter((one) => one.resourceType === "MedicationRequest");
  assert.ok(requests.length > 0);
  for (const request of requests) {
    assert.equal(request.status, "draft");
    assert.equal(request.intent, "proposal");
    assert.ok(request.meta.security.some((one) => one.code === "AIAST"));
  }
});

await check("the same again", async () => {
  const first = idAt(responseOf(await client.create({ resourceType: "Bundle", body: collectionOf("1") })));
  const again = idAt(responseOf(await client.create({ resourceType: "Bundle", body: collectionOf("1") })));
  assert.equal(first, again);
});

await check("note in a document", async () => {
  const body = collectionOf("8");
  const text = "Cough and fever for three days; crackles at the right base.";
  body.entry.push({
    resource: {
      resourceType: "DocumentReference",
      status: "current",
      subject: { reference: body.entry[0].fullUrl },
      content: [{ attachment: { contentType: "text/plain", data: Buffer.from(text).toString("base64") } }],
    },
  });
  const id = idAt(responseOf(await client.create({ resourceType: "Bundle", body })));
  const { guidance } = await guidanceOf(id);
  assert.equal(guidance.status, "success");
  await keepResult("note", id);
  const view = await (await fetch(`${url}/v1/cases/${id}`)).json();
  assert.ok(view.vignette.text.startsWith(text), view.vignette.text);
  assert.deepEqual(view.vignette.patient.allergies, ["Penicillin (reaction: rash)"]);
  assert.equal(view.vignette.patient.egfr, 58);
});

await check("transaction", async () => {
  const entry = entriesOf("2").map((one) => ({
    ...one,
    request: { method: "POST", url: one.resource.resourceType },
  }));
  const reply = await client.transaction({ body: { resourceType: "Bundle", type: "transaction", entry } });
  assert.equal(reply.type, "transaction-response");
  assert.equal(reply.entry.length, entry.length);
  for (const one of reply.entry) assert.match(one.response.status, /^20\d/);
  const { guidance } = await guidanceOf(idAt(responseOf(reply)));
  assert.equal(guidance.status, "success");
});

await check("batch", async () => {
  const entry = entriesOf("3").map((one) => ({
    ...one,
    request: { method: "POST", url: one.resource.resourceType },
  }));
  const reply = await client.batch({ body: { resourceType: "Bundle", type: "batch", entry } });
  assert.equal(reply.type, "batch-response");
  assert.equal(reply.entry.length, entry.length);
});

await check("process-message", async () => {
  const header = {
    resourceType: "MessageHeader",
    id: "11111111-2222-4333-8444-555555555555",
    eventCoding: { system: "urn:example:events", code: "case" },
    source: { name: "HIS", endpoint: "https://his.example/fhir" },
  };
  const message = {
    resourceType: "Bundle",
    type: "message",
    entry: [{ fullUrl: `urn:uuid:${header.id}`, resource: header }, ...entriesOf("4")],
  };
  const reply = await client.operation({ name: "$process-message", method: "POST", input: message });
  assert.equal(reply.type, "message");
  const answer = reply.entry[0].resource;
  assert.equal(answer.resourceType, "MessageHeader");
  assert.equal(answer.response.identifier, header.id);
  assert.equal(answer.response.code, "ok");
  assert.deepEqual(answer.eventCoding, header.eventCoding);
  const { guidance } = await guidanceOf(idAt(responseOf(reply)));
  assert.equal(guidance.status, "success");
  writeFileSync(`${results}/message_response.json`, JSON.stringify(reply));
});

await check("withdrawn", async () => {
  const id = idAt(responseOf(await client.create({ resourceType: "Bundle", body: collectionOf("5") })));
  await guidanceOf(id);
  await client.delete({ resourceType: "GuidanceResponse", id });
  const { guidance } = await guidanceOf(id);
  assert.equal(guidance.status, "entered-in-error");
  const bundle = await keepResult("withdrawn", id);
  assert.ok(!typesOf(bundle).includes("MedicationRequest"), "nothing of it holds");
});

await check("refusals", async () => {
  let last;
  const refused = async (status, promise) => {
    const error = await failureOf(promise);
    assert.equal(error.response.status, status, `${JSON.stringify(error.response.data)}`);
    assert.equal(error.response.data.resourceType, "OperationOutcome");
    assert.equal(error.response.data.issue[0].severity, "error");
    last = error.response.data;
    return last.issue[0];
  };
  const without = collectionOf("6");
  delete without.entry[4].resource.status;
  const issue = await refused(400, client.create({ resourceType: "Bundle", body: without }));
  assert.match(issue.expression[0], /^Bundle\.entry\[4\]\.resource/);
  await refused(404, client.read({ resourceType: "GuidanceResponse", id: "no-such-case" }));
  await refused(404, client.read({ resourceType: "Bundle", id: "no-such-case" }));
  await refused(404, client.delete({ resourceType: "GuidanceResponse", id: "no-such-case" }));
  await refused(404, client.read({ resourceType: "Patient", id: "1" }));
  await refused(404, client.create({ resourceType: "MedicationRequest", body: { resourceType: "MedicationRequest" } }));
  await refused(405, client.update({ resourceType: "GuidanceResponse", id: "x", body: { resourceType: "GuidanceResponse" } }));
  await refused(404, client.search({ resourceType: "Patient", searchParams: { name: "Example" } }));
  writeFileSync(`${results}/refusal.json`, JSON.stringify(last));
});
