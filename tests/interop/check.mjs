// What the scripts of this folder share. Arguments: the URL of a server that answers, the URL of one
// that gives 429 with Retry-After: 3, and the folder into which the packages were installed.
import { loaderOf } from "./checks.mjs";

export { check, failureOf } from "./checks.mjs";

export const [url, limitedUrl, folder] = process.argv.slice(2);
export const load = loaderOf(folder);

export const system = 'Answer with one JSON object and nothing else: {"medications": []}';
export const user = "Text:\nA cough. marker:sdk-1\n\nKnown about the patient:\n- age: 50 years\n";
export const schema = {
  type: "object",
  properties: {
    medications: {
      type: "array",
      items: {
        type: "object",
        properties: { ingredient: { type: "string" }, dose: { type: "string" } },
        required: ["ingredient", "dose"],
        additionalProperties: false,
      },
    },
    rationale: { type: "string" },
  },
  required: ["medications", "rationale"],
  additionalProperties: false,
};

export function ingredientOf(text) {
  const answer = typeof text === "string" ? JSON.parse(text) : text;
  if (answer.medications.length !== 1) throw new Error(`not one medication: ${text}`);
  return answer.medications[0].ingredient;
}
