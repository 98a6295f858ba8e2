// Answers chat completions over HTTP/2, and over HTTP/1.1 to who asks so. Who says marker:never gets no answer.
// Arguments: files of the certificate and of its key. Says where it listens, then a line for each event:
// session, stream, reset (a stream that ended before its reply), http1 (a request over HTTP/1.1).
import { readFileSync } from "node:fs";
import { constants, createSecureServer } from "node:http2";

const [cert, key] = process.argv.slice(2).map((file) => readFileSync(file));
const answer = { medications: [{ ingredient: "amoxicillin", dose: "500", unit: "mg" }] };
const reply = (model) => ({
  id: "h2",
  object: "chat.completion",
  model,
  choices: [{ index: 0, message: { role: "assistant", content: JSON.stringify(answer) }, finish_reason: "stop" }],
  usage: { prompt_tokens: 10, completion_tokens: 10, total_tokens: 20 },
});

const server = createSecureServer({ cert, key, allowHTTP1: true });
server.on("session", () => console.log("session"));
server.on("request", async (request, response) => {
  const h2 = request.httpVersion === "2.0";
  console.log(h2 ? "stream" : "http1");
  if (h2) {
    request.stream.on("close", () => {
      if (request.stream.rstCode !== constants.NGHTTP2_NO_ERROR) console.log("reset");
    });
  }
  let body = "";
  for await (const piece of request) body += piece;
  if (body.includes("marker:never")) return;
  // Late enough that calls which came together run together.
  setTimeout(() => {
    if (response.stream?.destroyed) return;
    response.writeHead(200, { "content-type": "application/json" });
    response.end(JSON.stringify(reply(JSON.parse(body).model)));
  }, 50);
});
server.listen(0, "127.0.0.1", () => console.log(`listening on https://127.0.0.1:${server.address().port}`));
