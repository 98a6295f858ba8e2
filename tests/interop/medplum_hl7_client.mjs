import assert from "node:assert/strict";
import { check } from "./checks.mjs";
import { expectCases, load, note, port, segmentsOf, withoutPatient } from "./hl7_feed.mjs";

const { Hl7Client, ReturnAckCategory } = load("@medplum/hl7");
const { Hl7Message } = load("@medplum/core");
const client = new Hl7Client({ host: "127.0.0.1", port: Number(port) });
const messageOf = (segments) => Hl7Message.parse(segments.join("\r"));

await check("acknowledged", async () => {
  const sent = messageOf(segmentsOf("medplum-1", `${note} medplum 1`));
  const ack = await client.sendAndWait(sent, { timeoutMs: 10000 });
  assert.equal(ack.getSegment("MSA").getField(1).toString(), "AA");
  assert.equal(ack.getSegment("MSA").getField(2).toString(), "medplum-1");
  assert.equal(ack.header.getField(9).toString(), "ACK^T02^ACK");
  assert.equal(ack.header.getField(5).toString(), "HIS");
  await expectCases(["medplum 1"]);
});

await check("twenty clients at once", async () => {
  const numbers = Array.from({ length: 20 }, (_, i) => i);
  await Promise.all(
    numbers.map(async (i) => {
      const one = new Hl7Client({ host: "127.0.0.1", port: Number(port) });
      const sent = messageOf(segmentsOf(`medplum-many-${i}`, `${note} medplum many ${i}.`));
      const ack = await one.sendAndWait(sent, { timeoutMs: 20000 });
      assert.equal(ack.getSegment("MSA").getField(1).toString(), "AA");
      assert.equal(ack.getSegment("MSA").getField(2).toString(), `medplum-many-${i}`);
      await one.close();
    }),
  );
  await expectCases(numbers.map((i) => `medplum many ${i}.`));
});

await check("commit level", async () => {
  const segments = segmentsOf("medplum-2", `${note} medplum 2`);
  segments[0] += "|||AL|NE"; // MSH-15, MSH-16: an accept acknowledgement and no other
  const ack = await client.sendAndWait(messageOf(segments), { returnAck: ReturnAckCategory.FIRST });
  assert.equal(ack.getSegment("MSA").getField(1).toString(), "CA");
});

await check("refused", async () => {
  const ack = await client.sendAndWait(messageOf(withoutPatient("medplum-3")), { timeoutMs: 10000 });
  assert.equal(ack.getSegment("MSA").getField(1).toString(), "AE");
  assert.equal(ack.getSegment("ERR").getField(3).getComponent(1), "101");
  assert.equal(ack.getSegment("ERR").getField(2).getComponent(1), "PID");
});
await client.close();
process.exit(); // its timeouts go on
