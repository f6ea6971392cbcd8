// The behaviour of `son1k bench realtime --serve PORT` on Socket.IO: every socket joins room r,
// GET /emit?n=N&burst=B[&pad=BYTES] broadcasts, GET /stat tells what the process has used.
import { createServer } from "node:http";
import { Server } from "socket.io";

const http = createServer((request, reply) => {
  const url = new URL(request.url, "http://here");
  if (url.pathname === "/stat") {
    const used = process.cpuUsage();
    reply.end(JSON.stringify({ cpu: (used.user + used.system) / 1e6, rss: process.memoryUsage.rss() }));
  } else if (url.pathname === "/emit") {
    const number = (name, otherwise) => Number(url.searchParams.get(name) ?? otherwise);
    emitSome(0, number("n", 1), number("burst", 1), "x".repeat(number("pad", 0)));
    reply.end("ok");
  } else if (!url.pathname.startsWith("/socket.io/")) {
    reply.writeHead(404).end();
  }
});
const io = new Server(http, {
  perMessageDeflate: false,
  connectionStateRecovery: { maxDisconnectionDuration: 120_000 },
});

function emitSome(from, events, burst, padding) {
  setImmediate(() => {
    const until = Math.min(events, from + burst);
    for (let n = from; n < until; n++) {
      const event = { generationId: "g1", progress: n % 101, status: "processing", seq: n };
      if (padding) event.padding = padding;
      io.to("r").emit("generation:progress", event);
    }
    if (until < events) emitSome(until, events, burst, padding);
  });
}

io.on("connection", (socket) => {
  socket.join("r");
  socket.onAny((event, ...rest) => {
    const ack = rest.pop();
    if (typeof ack === "function") ack(...rest);
  });
});
http.listen(Number(process.argv[2] ?? 0), "127.0.0.1", () =>
  console.log(`listening on ${http.address().port}`));
