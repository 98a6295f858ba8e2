import assert from "node:assert/strict";
import { check, failureOf } from "./checks.mjs";
import { expectCases, load, note, port, segmentsOf, withoutPatient } from "./hl7_feed.mjs";

const { MLLPServer } = load("mllp-node");
// It always listens as well, where the system chooses: 0 would be its default.
const node = new MLLPServer("127.0.0.1", "0", () => {});
const send = (to, segments) =>
  new Promise((done, fail) => {
    node.send("127.0.0.1", to, segments.map((line) => `${line}\r`).join(""), (error, ack) =>
      error ? fail(error) : done(ack),
    );
  });

await check("acknowledged", async () => {
  assert.equal(await send(port, segmentsOf("node-1", `${note} mllp-node 1`)), "MSA|AA|node-1");
  await expectCases(["mllp-node 1"]);
});

await check("refused", async () => {
  assert.match(await send(port, withoutPatient("node-2")), /^MSA\|AE\|node-2/);
});

await check("nobody listens", async () => {
  assert.equal((await failureOf(send(1, segmentsOf("node-3")))).code, "ECONNREFUSED");
});
process.exit(); // its server never ends
