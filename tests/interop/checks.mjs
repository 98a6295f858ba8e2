// What every script of this folder needs: checks with names, and packages.
import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";

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

// Polls until `find` gives something; what it gave. The rejections of `find` are waited over.
export async function eventually(what, find, within_ms = 30000) {
  const deadline = Date.now() + within_ms;
  let last;
  while (Date.now() < deadline) {
    try {
      const found = await find();
      if (found) return found;
      last = undefined;
    } catch (error) {
      last = error;
    }
    await new Promise((done) => setTimeout(done, 50));
  }
  throw new Error(`${what}: not within ${within_ms} ms`, { cause: last });
}

// Packages of `folder`, as CommonJS; and those that are modules only.
export const loaderOf = (folder) => createRequire(`${folder}/package.json`);
export const importFrom = (folder, file) => import(pathToFileURL(`${folder}/node_modules/${file}`));
