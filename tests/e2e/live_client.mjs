// A stock socket.io-client that does what its standard input says, a JSON line a step, and writes
// what it hears as JSON lines:
//   {"open": {"name", "url", "options"?}}       connects; {"name","event":"connect","recovered"}
//   {"emit": {"name", "event", "data"}}          {"name","ack": …}
//   {"drop": {"name"}}                           breaks the transport; it comes back by itself
//   {"close": {"name"}}
import { createInterface } from 'node:readline';
import { createRequire } from 'node:module';

const { io } = createRequire(process.env.SON1K_CLIENT_MODULES + '/')('socket.io-client');
const sockets = new Map();
const say = (line) => process.stdout.write(JSON.stringify(line) + '\n');

function open({ name, url, options }) {
  const socket = io(url, { reconnectionDelay: 20, reconnectionDelayMax: 50, forceNew: true,
    ...options });
  sockets.set(name, socket);
  socket.on('connect', () => say({ name, event: 'connect', recovered: socket.recovered }));
  socket.on('connect_error', (e) => say({ name, event: 'connect_error', message: e.message,
    data: e.data ?? null }));
  socket.on('disconnect', (reason) => say({ name, event: 'disconnect', reason }));
  socket.onAny((event, data, at) => say({ name, event, data, id: at?.eventId ?? '' }));
}

const steps = {
  open,
  emit: ({ name, event, data }) =>
    sockets.get(name).timeout(20_000).emit(event, data, (late, ack) =>
      say({ name, ack: late ? { late: true } : ack })),
  drop: ({ name }) => sockets.get(name).io.engine.close(),
  close: ({ name }) => sockets.get(name).close(),
};

for await (const line of createInterface({ input: process.stdin })) {
  const step = JSON.parse(line);
  for (const [what, how] of Object.entries(step)) steps[what](how);
}
process.exit(0);
