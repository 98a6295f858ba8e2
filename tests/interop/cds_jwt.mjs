// A CDS client that shows who it is. Arguments: the folder of the packages, the URL of the gateway, the
// folder that cds_keys.mjs filled, the issuer.
import assert from "node:assert/strict";
import { createHmac, createPrivateKey, createPublicKey, randomUUID, sign } from "node:crypto";
import { readFileSync } from "node:fs";
import { callOf, expectCards, madeUpRecord } from "./cds_ehr.mjs";
import { check, eventually } from "./checks.mjs";

const [, url, keys, iss] = process.argv.slice(2);
const keyOf = (name) => createPrivateKey(readFileSync(`${keys}/${name}.pem`));
const part = (value) => Buffer.from(JSON.stringify(value)).toString("base64url");

function tokenFor(audience, { header = {}, payload = {}, key = keyOf("ec"), signature } = {}) {
  const now = Math.floor(Date.now() / 1000);
  const head = part({ alg: "ES384", typ: "JWT", kid: "ec", ...header });
  const body = part({ iss, aud: audience, exp: now + 120, iat: now, jti: randomUUID(), ...payload });
  const signed = signature ?? ((data) => sign("sha384", data, { key, dsaEncoding: "ieee-p1363" }));
  return `${head}.${body}.${Buffer.from(signed(Buffer.from(`${head}.${body}`))).toString("base64url")}`;
}

const { services } = await (await fetch(`${url}/cds-services`)).json();
const service = services.find((one) => one.hook === "patient-view");
const place = `${url}/cds-services/${service.id}`;
const record = madeUpRecord("jwt", "Community acquired pneumonia");
const post = (to, body, token) =>
  fetch(to, {
    method: "POST",
    headers: { "Content-Type": "application/json", ...(token ? { Authorization: `Bearer ${token}` } : {}) },
    body: JSON.stringify(body),
  });
const call = (token) => post(place, callOf(service, record), token);
async function refused(token) {
  const response = await call(token);
  assert.equal(response.status, 401);
  assert.equal(await response.text(), "", "it says nothing of why");
}

await check("accepted once", async () => {
  const token = tokenFor(place);
  const response = await call(token);
  assert.equal(response.status, 200);
  const reply = await response.json();
  expectCards(reply);
  assert.equal(reply.cards.length, 1);
  await refused(token);
  await refused(token);
});

await check("RS384", async () => {
  const key = keyOf("rsa");
  const token = tokenFor(place, {
    header: { alg: "RS384", kid: "rsa" },
    signature: (data) => sign("sha384", data, key),
  });
  assert.equal((await call(token)).status, 200);
});

await check("other audience", async () => {
  await refused(tokenFor(`${url}/cds-services`));
  await refused(tokenFor(`${place}/feedback`));
  await refused(tokenFor(place.replace("127.0.0.1", "localhost")));
});

await check("forged", async () => {
  await refused();
  await refused(tokenFor(place, { header: { alg: "none" }, signature: () => "" }));
  const secret = createPublicKey(keyOf("ec")).export({ type: "spki", format: "pem" });
  const hmac = (data) => createHmac("sha384", secret).update(data).digest();
  await refused(tokenFor(place, { header: { alg: "HS384" }, signature: hmac }));
  await refused(tokenFor(place, { key: keyOf("other") }));
  await refused(tokenFor(place, { header: { kid: "other" }, key: keyOf("other") }));
  await refused(tokenFor(place, { payload: { iss: "https://nobody.example" } }));
  await refused(tokenFor(place, { header: { jku: `${url}/jwks.json` } }));
  const now = Math.floor(Date.now() / 1000);
  await refused(tokenFor(place, { payload: { iat: now - 1000, exp: now - 900 } }));
  await refused(tokenFor(place, { payload: { jti: undefined } }));
  await refused(`${tokenFor(place).slice(0, -4)}AAAA`);
});

await check("feedback", async () => {
  const card = await eventually("the finished card", async () => {
    const [found] = (await (await call(tokenFor(place))).json()).cards;
    return found.suggestions ? found : undefined;
  });
  const body = {
    feedback: [
      {
        card: card.uuid,
        outcome: "accepted",
        acceptedSuggestions: [{ id: card.suggestions[0].uuid }],
        outcomeTimestamp: new Date().toISOString(),
      },
    ],
  };
  assert.equal((await post(`${place}/feedback`, body)).status, 401);
  assert.equal((await post(`${place}/feedback`, body, tokenFor(`${place}/feedback`))).status, 200);
  // The specification leaves open which of both is meant.
  assert.equal((await post(`${place}/feedback`, body, tokenFor(place))).status, 200);
});

await check("discovery is open", async () => {
  assert.equal((await fetch(`${url}/cds-services`)).status, 200);
});
