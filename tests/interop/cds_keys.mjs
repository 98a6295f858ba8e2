// Keys of an EHR. Arguments: the folder of the packages, a folder for jwks.json (public), and
// ec.pem, rsa.pem and other.pem (private; the last one's public half is nowhere).
import { generateKeyPairSync } from "node:crypto";
import { writeFileSync } from "node:fs";

const [, out] = process.argv.slice(2);
const made = {
  ec: generateKeyPairSync("ec", { namedCurve: "P-384" }),
  rsa: generateKeyPairSync("rsa", { modulusLength: 2048 }),
  other: generateKeyPairSync("ec", { namedCurve: "P-384" }),
};
for (const [name, pair] of Object.entries(made)) {
  writeFileSync(`${out}/${name}.pem`, pair.privateKey.export({ type: "pkcs8", format: "pem" }));
}
const keys = [
  { ...made.ec.publicKey.export({ format: "jwk" }), kid: "ec", alg: "ES384", use: "sig" },
  { ...made.rsa.publicKey.export({ format: "jwk" }), kid: "rsa", alg: "RS384", use: "sig" },
];
writeFileSync(`${out}/jwks.json`, JSON.stringify({ keys }));
