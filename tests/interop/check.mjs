// What the scripts of this folder share. Arguments: the URL of a server that answers, the URL of one
// that gives 429 with Retry-After: 3, and the folder into which the packages were installed.
import { createRequire } from "node:module";

export const [url, limitedUrl, folder] = process.argv.slice(2);
export const load = createRequire(`${folder}/package.json`);

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

// Runs one check; a failure is said with its name and makes the exit code 1.
export async function check(name, run) {
  try {
    await run();
    console.log(`ok ${name}`);
  } catch (error) {
    console.error(`FAILED ${name}: ${error.stack}`);
    process.exitCode = 1;
  }
}

// What a promise is rejected with.
export async function failureOf(promise) {
  try {
    await promise;
  } catch (error) {
    return error;
  }
  throw new Error("it did not fail");
}

export function ingredientOf(text) {
  const answer = typeof text === "string" ? JSON.parse(text) : text;
  if (answer.medications.length !== 1) throw new Error(`not one medication: ${text}`);
  return answer.medications[0].ingredient;
}
