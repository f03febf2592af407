// What the Socket.IO dialect is measured against: npm socket.io as its manual shows it, one event to a room.
import { createInterface } from "node:readline";
import { createServer } from "node:http";
import { Server } from "socket.io";

const http = createServer();
const io = new Server(http, { path: "/ws", pingInterval: 3_600_000, transports: ["websocket"] });
const message = JSON.parse(process.env.MESSAGE);

io.on("connection", (socket) => {
  socket.join("chat");
  socket.emit("roomJoined", {});
});
http.listen({ port: Number(process.env.PORT), host: "127.0.0.1", backlog: 4096 });

function publish(left) {
  if (left === 0) return;
  io.to("chat").emit("serverMessage", message);
  setImmediate(publish, left - 1);
}

createInterface({ input: process.stdin }).on("line", (line) => publish(Number(line))).on("close", () => process.exit(0));
