import assert from "node:assert/strict";
import { once } from "node:events";
import { check, eventually } from "./checks.mjs";
import { expectCases, load, note, port, segmentsOf, withoutPatient } from "./hl7_feed.mjs";

const { Batch, Client, Message } = load("node-hl7-client");
const client = new Client({ host: "127.0.0.1" });
const acks = [];
const frames = [];
const errors = [];
const connection = client.createConnection({ port: Number(port) }, (response) => {
  acks.push(response.getMessage());
});
connection.on("data.raw", (text) => frames.push(text));
connection.on("data.error", (error) => errors.push(error));
await once(connection, "connect");

const valueOf = (ack, path) => ack.get(path).toString();
async function send(message, count) {
  acks.length = frames.length = errors.length = 0;
  await connection.sendMessage(message);
  await eventually(`${count} acknowledgements`, () => acks.length >= count, 10000);
  assert.deepEqual(errors, []);
  return acks;
}
const messageOf = (segments) => new Message({ text: segments.join("\r") });

await check("built by its own builder", async () => {
  const message = new Message({
    messageHeader: { msh_9_1: "MDM", msh_9_2: "T02", msh_10: "n-0", msh_11_1: "P" },
  });
  message.set("MSH.3", "HIS");
  message.set("MSH.4", "WARD");
  for (const line of segmentsOf("n-0", `${note} node client 0`).slice(1)) {
    const [name, ...fields] = line.split("|");
    const segment = message.addSegment(name);
    fields.forEach((field, i) => {
      if (field !== "") segment.set(`${i + 1}`, field);
    });
  }
  const [ack] = await send(message, 1);
  assert.equal(valueOf(ack, "MSA.1"), "AA");
  assert.equal(valueOf(ack, "MSA.2"), "n-0");
});

await check("one after the other", async () => {
  for (const number of [1, 2]) {
    const [ack] = await send(messageOf(segmentsOf(`n-${number}`, `${note} node client ${number}`)), 1);
    assert.equal(valueOf(ack, "MSA.1"), "AA");
    assert.equal(valueOf(ack, "MSA.2"), `n-${number}`);
  }
});

await check("batch in one frame", async () => {
  const batch = new Batch();
  batch.start();
  batch.set("BHS.3", "HIS");
  for (const number of [3, 4]) batch.add(messageOf(segmentsOf(`n-${number}`, `${note} node client ${number}`)));
  batch.end();
  const got = await send(batch, 2);
  assert.deepEqual(got.map((ack) => valueOf(ack, "MSA.1")), ["AA", "AA"]);
  assert.deepEqual(got.map((ack) => valueOf(ack, "MSA.2")), ["n-3", "n-4"]);
  assert.equal(frames.length, 1, "one answer to one frame");
});

await check("a message of a batch is refused alone", async () => {
  const batch = new Batch();
  batch.start();
  batch.add(messageOf(withoutPatient("n-5")));
  batch.add(messageOf(segmentsOf("n-6", `${note} node client 6`)));
  batch.end();
  const got = await send(batch, 2);
  assert.deepEqual(got.map((ack) => valueOf(ack, "MSA.1")), ["AE", "AA"]);
});

await check("a case for each", async () => {
  await expectCases([0, 1, 2, 3, 4, 6].map((number) => `node client ${number}`));
});
await connection.close();
