// What an EHR does to ask a CDS service: it fills in the prefetch templates from the record of one
// patient, and holds what comes back against CDS Hooks 2.0.
import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";

// A record that was made up: the resources of one patient, by relative references.
export function madeUpRecord(id, problem) {
  const subject = { reference: `Patient/${id}` };
  const status = (system, code) => ({ coding: [{ system: `http://terminology.hl7.org/CodeSystem/${system}`, code }] });
  const observation = (code, value, unit, date) => ({
    resourceType: "Observation",
    id: `${id}-${code}`,
    status: "final",
    code: { coding: [{ system: "http://loinc.org", code }] },
    subject,
    effectiveDateTime: date,
    valueQuantity: { value, unit },
  });
  return [
    {
      resourceType: "Patient",
      id,
      gender: "male",
      birthDate: "1958-06-01",
      name: [{ family: "Nobody", given: ["Abel"] }],
      identifier: [{ system: "urn:oid:1.2.3.9", value: `mrn-${id}` }],
    },
    {
      resourceType: "Condition",
      id: `${id}-c1`,
      subject,
      clinicalStatus: status("condition-clinical", "active"),
      verificationStatus: status("condition-ver-status", "confirmed"),
      code: { text: problem },
    },
    {
      resourceType: "AllergyIntolerance",
      id: `${id}-a1`,
      patient: subject,
      clinicalStatus: status("allergyintolerance-clinical", "active"),
      code: { text: "Sulfamethoxazole" },
    },
    {
      resourceType: "MedicationStatement",
      id: `${id}-m1`,
      status: "active",
      subject,
      medicationCodeableConcept: { text: "atorvastatin 20 mg" },
    },
    observation("33914-3", 71, "mL/min/1.73m2", "2026-11-02"),
    observation("29463-7", 82.5, "kg", "2026-11-03"),
    observation("29463-7", 90, "kg", "2021-01-01"),
    { ...observation("8302-2", 181, "cm", "2026-11-03") },
  ];
}

// A patient of Synthea as an EHR would hold it: under its own references.
export function syntheaRecord(line) {
  const { bundle } = JSON.parse(line);
  const places = new Map(
    bundle.entry.map(({ fullUrl, resource }) => [fullUrl, `${resource.resourceType}/${resource.id}`]),
  );
  return bundle.entry.map(({ resource }) =>
    JSON.parse(JSON.stringify(resource, (key, value) => (key === "reference" ? (places.get(value) ?? value) : value))),
  );
}

// The answer of a FHIR server that has only this record: a resource, a searchset, or null.
function answerOf(record, query) {
  const [path, search] = query.split("?");
  const [type, id] = path.split("/");
  if (search === undefined) return record.find((one) => one.resourceType === type && one.id === id) ?? null;
  const wanted = new URLSearchParams(search);
  const codes = wanted.get("code")?.split(",");
  const subject = `Patient/${wanted.get("patient")}`;
  let found = record.filter(
    (one) =>
      one.resourceType === type &&
      (one.subject ?? one.patient)?.reference === subject &&
      (!wanted.has("status") || one.status === wanted.get("status")) &&
      (codes === undefined || one.code.coding.some((coding) => codes.includes(coding.code))),
  );
  if (wanted.get("_sort") === "-date") {
    const when = (one) => one.effectiveDateTime ?? "";
    found = found.sort((a, b) => when(b).localeCompare(when(a)));
  }
  if (wanted.has("_count")) found = found.slice(0, Number(wanted.get("_count")));
  return { resourceType: "Bundle", type: "searchset", total: found.length, entry: found.map((resource) => ({ resource })) };
}

// The body of a call of patient-view.
export function callOf(service, record, more = {}) {
  const patientId = record.find((one) => one.resourceType === "Patient").id;
  const prefetch = {};
  for (const [key, template] of Object.entries(service.prefetch)) {
    const query = template.replaceAll("{{context.patientId}}", patientId);
    if (query.includes("{{")) continue; // of an encounter, and there is none
    prefetch[key] = answerOf(record, query);
  }
  return {
    hook: service.hook,
    hookInstance: randomUUID(),
    context: { userId: "Practitioner/1", patientId, ...more },
    prefetch,
  };
}

const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;

export function expectServices(found) {
  assert.ok(found.services.length > 0);
  for (const one of found.services) {
    for (const key of ["hook", "id", "description"]) assert.equal(typeof one[key], "string");
    for (const [key, template] of Object.entries(one.prefetch)) {
      assert.match(key, /^[A-Za-z][A-Za-z0-9_]*$/);
      for (const [token] of template.matchAll(/\{\{.*?\}\}/g)) {
        assert.match(token, /^\{\{context\.(patientId|encounterId)\}\}$/);
      }
    }
  }
}

export function expectCards(reply) {
  assert.ok(Array.isArray(reply.cards));
  for (const card of reply.cards) {
    assert.match(card.uuid, uuid);
    assert.ok(card.summary.length > 0 && card.summary.length < 140, card.summary);
    assert.ok(["info", "warning", "critical"].includes(card.indicator));
    assert.ok(card.source.label);
    assert.ok(!("systemActions" in card));
    for (const link of card.links ?? []) {
      assert.ok(link.label);
      assert.equal(link.type, "absolute");
      new URL(link.url);
    }
    if (card.suggestions) assert.ok(["at-most-one", "any"].includes(card.selectionBehavior));
    for (const suggestion of card.suggestions ?? []) {
      assert.ok(suggestion.label);
      assert.match(suggestion.uuid, uuid);
      for (const action of suggestion.actions) {
        assert.equal(action.type, "create");
        assert.ok(action.description);
        assert.equal(action.resource.resourceType, "MedicationRequest");
        assert.equal(action.resource.status, "draft");
        assert.equal(action.resource.intent, "proposal");
      }
    }
  }
  assert.ok(!("systemActions" in reply));
}
