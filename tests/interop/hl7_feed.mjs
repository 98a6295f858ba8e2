// Messages for the clients of HL7 v2, and what was made of them. Arguments of a script that uses
// this: the folder of the packages, the port of MLLP, the URL of HTTP.
import assert from "node:assert/strict";
import { loaderOf } from "./checks.mjs";

export const [folder, port, url] = process.argv.slice(2);
export const load = loaderOf(folder);

export const note =
  "A 61-year-old with a mechanical mitral valve and atrial fibrillation asks for an oral anticoagulant.";

// Segments without the last CR: who sends it puts one there or not.
export const segmentsOf = (id, text = note) => [
  `MSH|^~\\&|HIS|WARD|CONSILIUM|HOSP|20261128101500||MDM^T02^MDM_T02|${id}|P|2.5.1`,
  "EVN|T02|20261128101500",
  `PID|1||${id}^^^HOSP^MR||Doe^Jane||19650102|F`,
  "PV1|1|I",
  `TXA|1|PN|TX|20261128101500||||||||doc-${id}|||||AU`,
  `OBX|1|TX|NOTE^Progress note||${text}||||||F`,
];
// What only MDM^T02 lacks to be a document: its patient.
export const withoutPatient = (id) => segmentsOf(id).filter((line) => !line.startsWith("PID"));

// The cases that were made of the notes of `ids`, by the text of each, and that the council sat over them.
export async function expectCases(texts) {
  const list = await (await fetch(`${url}/v1/cases?limit=256`)).json();
  const found = [];
  for (const { id } of list.items) {
    const view = await (await fetch(`${url}/v1/cases/${id}?wait=30s`)).json();
    const text = texts.find((one) => view.vignette.text.includes(one));
    if (text === undefined) continue;
    found.push(text);
    assert.equal(view.state, "complete", JSON.stringify(view.recommendations));
    assert.equal(view.recommendations.at(-1).medications.length, 1);
  }
  assert.deepEqual(found.sort(), [...texts].sort(), "one case for each note");
}
