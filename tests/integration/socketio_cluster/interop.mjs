// A server of Socket.IO in Node with real clients, and a node of ours, on one Redis. Run by
// cluster_test.py:
//   node interop.mjs <folder with node_modules> <program> <redis port> <format> <rules> [part]
// <program> is cluster_driver for rules.mjs and cluster_server for rules_hub.mjs. [part] is in the names of the rules to try. Prints "ok <rule>" for each rule that holds, "NOT
// <rule>" and why for each that does not; then it ends with 1.
import { spawn } from 'node:child_process';
import { createServer } from 'node:http';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

const [modules, driver, port, format, file, only] = process.argv.slice(2);
const load = createRequire(join(modules, 'package.json'));
const { Server } = load('socket.io');
const { io: connect } = load('socket.io-client');
const Redis = load('ioredis');
const secondsMax = 20;
const redisOf = () => new Redis({ host: '127.0.0.1', port: Number(port) });
const redis = redisOf();

function adapter() {
  if (format === 'classic') return load('@socket.io/redis-adapter').createAdapter(redisOf(), redisOf());
  const name = format === 'streams' ? '@socket.io/redis-streams-adapter' : 'redis-streams-adapter-0.2';
  return load(name).createAdapter(redisOf());
}

export function within(promise, what) {
  let timer;
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error(`not within ${secondsMax} s: ${what}`)), secondsMax * 1000);
  });
  return Promise.race([promise, late]).finally(() => clearTimeout(timer));
}

export async function until(holds, what) {
  const end = Date.now() + secondsMax * 1000;
  for (;;) {
    const value = await holds();
    if (value) return value;
    if (Date.now() > end) throw new Error(`not within ${secondsMax} s: ${what}`);
    await new Promise((go) => setTimeout(go, 20));
  }
}

const children = [];
process.on('exit', () => children.forEach((child) => child.kill('SIGKILL')));

// A node of ours: ours.ask({do: …}) gives what it answers.
async function startOurs() {
  const child = spawn(driver, [`redis://127.0.0.1:${port}`, format], { stdio: ['pipe', 'pipe', 'inherit'] });
  children.push(child);
  const waiting = [];
  createInterface({ input: child.stdout }).on('line', (line) => waiting.shift()(JSON.parse(line)));
  child.on('exit', (code) => waiting.forEach((go) => go({ error: `ended with ${code}` })));
  const next = () => new Promise((go) => waiting.push(go));
  const { port: http } = await within(next(), 'our node');
  const ask = async (told) => {
    const answer = next();
    child.stdin.write(`${JSON.stringify(told)}\n`);
    const { ok, error } = await within(answer, told.do);
    if (error) throw new Error(error);
    return ok;
  };
  let noted = 0;
  return {
    ask,
    url: http && `http://127.0.0.1:${http}`,
    // What happened since it was last asked, once it is that many things.
    async notes(count) {
      const all = await ask({ do: 'notes', count: noted + count });
      const news = all.slice(noted);
      noted = all.length;
      return news;
    },
    end: () => new Promise((go) => { child.on('exit', go); child.stdin.end(); }),
  };
}

async function startNode() {
  const http = createServer();
  const io = new Server(http, {
    adapter: adapter(),
    connectionStateRecovery: format === 'classic' ? undefined : { maxDisconnectionDuration: 60000 },
  });
  await new Promise((go) => http.listen(0, '127.0.0.1', go));
  io.on('connection', (socket) => {
    socket.data.user = socket.handshake.auth.user;
    for (const room of socket.handshake.auth.rooms ?? []) if (!socket.recovered) socket.join(room);
  });
  return { io, url: `http://127.0.0.1:${http.address().port}`, close: () => io.close() };
}

const node = await startNode();
const ours = await startOurs();
const clients = [];
// A client of the Node server, connected and in its rooms; `heard` gathers what it hears.
async function client(user, rooms = [], url = node.url) {
  const socket = connect(url, { auth: { user, rooms }, transports: ['websocket'], forceNew: true, reconnectionDelay: 50 });
  clients.push(socket);
  const heard = [];
  socket.onAny((...args) => heard.push(args));
  await within(new Promise((go) => socket.once('connect', go)), 'a client');
  return { socket, heard, hears: (count) => until(() => heard.length >= count && heard, `${count} events`) };
}

if (!ours.url)
  await until(async () => await ours.ask({ do: 'servers' }) === 1, 'our node knows of the other');
// The other way round: the old adapter knows of us once it heard of us.
await until(async () => await node.io.of('/').adapter.serverCount() === 2, 'the other knows of ours');

const { rules } = await import(`./${file}`);
for (const [rule, { holds, formats }] of Object.entries(rules)) {
  if ((only && !rule.includes(only)) || (formats && !formats.some((f) => format.startsWith(f)))) continue;
  try {
    await within(holds({ io: node.io, node, ours, client, redis, load, until, format }), rule);
    console.log(`ok ${rule}`);
  } catch (problem) {
    console.log(`NOT ${rule}: ${problem.stack}`);
    process.exitCode = 1;
  }
  clients.splice(0).forEach((socket) => socket.disconnect());
  if (!ours.url) await ours.notes(0);
}
process.exit();
