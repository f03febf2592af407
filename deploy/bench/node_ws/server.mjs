// What realtime-service's fan-out is measured against: `ws` as its manual shows a broadcast, one text to all clients.
import { createInterface } from "node:readline";
import { WebSocketServer } from "ws";

const server = new WebSocketServer({ port: Number(process.env.PORT), host: "127.0.0.1", backlog: 4096, perMessageDeflate: false });
const text = "x".repeat(Number(process.env.PAYLOAD_BYTES));

server.on("connection", (client) => client.on("message", () => client.send('{"action":"subscribed"}')));

function publish(left) {
  if (left === 0) return;
  for (const client of server.clients) client.send(text);
  setImmediate(publish, left - 1);
}

createInterface({ input: process.stdin }).on("line", (line) => publish(Number(line))).on("close", () => process.exit(0));
