// Medplum's Hl7Server takes results and accepts each. Argument: the folder of the packages.
// Says where it listens, then one line of JSON for each message, as that library reads it.
import { once } from "node:events";
import { loaderOf } from "./checks.mjs";

const load = loaderOf(process.argv[2]);
const { Hl7Server } = load("@medplum/hl7");

const server = new Hl7Server((connection) => {
  connection.addEventListener("message", ({ message }) => {
    // It makes an empty segment of what follows the last CR.
    const named = message.segments.filter((segment) => segment.name !== "");
    const segments = named.map((segment) =>
      // Of MSH the separator and the encoding characters are fields 1 and 2.
      Array.from({ length: segment.fields.length + (segment.name === "MSH" ? 1 : 0) }, (_, i) =>
        i === 0 ? segment.name : segment.getField(i).toString(),
      ),
    );
    console.log(JSON.stringify({ id: message.header.getField(10).toString(), segments }));
    connection.send(message.buildAck());
  });
  connection.addEventListener("error", ({ error }) => console.error(`error ${error}`));
});
server.start(0);
if (!server.server.listening) await once(server.server, "listening");
console.log(`listening on 127.0.0.1:${server.server.address().port}`);
