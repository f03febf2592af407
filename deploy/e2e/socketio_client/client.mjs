// The stock client, told what to do by lines of JSON, telling what it hears in lines of JSON.
//
//   node client.mjs URL AUTH TRANSPORTS OPTIONS     AUTH: {"token": "..."}, TRANSPORTS: ["polling", "websocket"],
//   OPTIONS: more of the client's own, such as {"extraHeaders": {...}}
//
// {"emit": [name, data]} is answered by {"ack": ...}; {"drop": true} breaks the connection off, as a network does.
import { createInterface } from "node:readline";
import { io } from "socket.io-client";

const [url, auth, transports, options] = process.argv.slice(2);
const since = {};
const tell = (line) => process.stdout.write(`${JSON.stringify(line)}\n`);

const socket = io(url, {
  path: "/ws",
  transports: JSON.parse(transports),
  auth: (answer) => answer({ ...JSON.parse(auth), since }),
  reconnectionDelay: 50,
  ...JSON.parse(options),
});
socket.on("connect", () => tell({ connect: socket.io.engine.transport.name }));
socket.on("connect_error", (error) => tell({ connect_error: error.message, data: error.data }));
socket.on("disconnect", (reason) => tell({ disconnect: reason }));
socket.io.on("open", () => socket.io.engine.on("upgrade", (transport) => tell({ upgrade: transport.name })));
socket.onAny((event, data) => {
  if (data?.chat_id && data.offset !== undefined) since[data.chat_id] = { epoch: data.epoch, offset: data.offset };
  tell({ event, data });
});

createInterface({ input: process.stdin })
  .on("line", async (line) => {
    const { emit, drop } = JSON.parse(line);
    if (drop) socket.io.engine.close();
    if (emit) tell({ ack: await socket.timeout(3000).emitWithAck(...emit) });
  })
  .on("close", () => process.exit(0));
