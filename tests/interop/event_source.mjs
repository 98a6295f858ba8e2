// EventSource (npm) listens to what the council publishes. Arguments: the folder of the packages, the
// URL of the gateway. Prints a line for each thing that it saw, until it is ended.
import { loaderOf } from "./checks.mjs";

const [folder, url] = process.argv.slice(2);
const { EventSource } = loaderOf(folder)("eventsource");

const source = new EventSource(`${url}/v1/events`);
source.addEventListener("open", () => console.log("open"));
source.addEventListener("error", () => {
  console.log(source.readyState === EventSource.CLOSED ? "given up" : "lost");
});
for (const type of ["recommendation", "revision", "withdrawn", "gap", "message"]) {
  source.addEventListener(type, ({ data, lastEventId }) => {
    const event = JSON.parse(data);
    if (event.type !== type) console.log(`${type} is not ${event.type}`);
    console.log(`${type} ${event.case} ${event.status}${lastEventId === "" ? "" : " with id"}`);
  });
}
