import assert from "node:assert/strict";
import { check } from "./checks.mjs";
import { expectCases, load, note, port, segmentsOf, withoutPatient } from "./hl7_feed.mjs";

const hl7 = load("simple-hl7");
const parser = new hl7.Parser({ segmentSeperator: "\r" });
const send = (client, segments) =>
  new Promise((done, fail) => {
    const message = parser.parse(segments.join("\r"));
    client.send(message, (error, ack) => (error ? fail(error) : done(ack)));
  });

await check("several on one connection", async () => {
  const client = hl7.Server.createTcpClient({ host: "127.0.0.1", port, keepalive: true });
  await new Promise((done, fail) => client.connect((error) => (error ? fail(error) : done())));
  for (const number of [1, 2, 3]) {
    const ack = await send(client, segmentsOf(`simple-${number}`, `${note} simple ${number}`));
    assert.equal(ack.header.getComponent(7, 1), "ACK");
    assert.equal(ack.getSegment("MSA").getField(1), "AA");
    assert.equal(ack.getSegment("MSA").getField(2), `simple-${number}`);
    assert.match(ack.log(), /^MSH\|/);
  }
  client.close();
  await expectCases([1, 2, 3].map((number) => `simple ${number}`));
});

await check("refused", async () => {
  const ack = await send(hl7.Server.createTcpClient("127.0.0.1", port), withoutPatient("simple-4"));
  assert.equal(ack.getSegment("MSA").getField(1), "AE");
  assert.equal(ack.getSegment("ERR").getComponent(3, 1), "101");
});
