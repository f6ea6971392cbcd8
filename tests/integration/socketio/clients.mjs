// Stock clients against our server: node clients.mjs PORT [rule]. Prints the rules that hold.
import assert from "node:assert/strict";
import { io, Manager } from "socket.io-client";

const url = `http://127.0.0.1:${process.argv[2]}`;
const patience = 60_000;

const within = (promise, what) =>
  Promise.race([promise, new Promise((_, no) =>
    setTimeout(() => no(new Error(`${what}: not in time`)), patience).unref())]);
const once = (emitter, name) =>
  within(new Promise((yes) => emitter.once(name, (...args) => yes(args))), name);

// All that the server answers.
const ask = (socket, ...words) => new Promise((yes, no) =>
  socket.timeout(5000).emit(...words, (late, ...answer) => (late ? no(late) : yes(answer))));

async function connected(options = {}, space = "/") {
  const socket = io(url + space, { forceNew: true, reconnectionDelay: 20,
    reconnectionDelayMax: 60, ...options });
  socket.problems = [];
  socket.on("connect_error", (e) => socket.problems.push(e.message));
  await once(socket, "connect");
  return socket;
}

const transports = {
  "polling only": { transports: ["polling"] },
  "WebSocket only": { transports: ["websocket"] },
  "polling that is upgraded": { transports: ["polling", "websocket"] },
};

const payload = [1, "ñ 😀", { a: [null, true, -1.5] }, Buffer.from([0, 1, 255])];

async function talks(socket) {
  assert.deepEqual(await ask(socket, "echo", ...payload), payload);
  socket.emit("echo", ...payload);
  // With recovery the offset follows what was said.
  const [...heard] = await once(socket, "echo");
  assert.deepEqual(heard.slice(0, payload.length), payload);
  assert.equal(typeof heard[payload.length], "string");
  socket.on("question", (...args) => args.pop()("answer", ...args));
  assert.deepEqual(await ask(socket, "ask me", ...payload),
    ["answer", ...payload]);
}

const rules = {};

for (const [name, options] of Object.entries(transports))
  rules[`events, acks and bytes go both ways over ${name}`] = async () => {
    const socket = await connected(options);
    const { engine } = socket.io;
    if (engine.transport.name !== options.transports.at(-1)) await once(engine, "upgrade");
    assert.equal(engine.transport.name, options.transports.at(-1));
    await talks(socket);
    for (let n = 0; n < 3; ++n) await once(engine, "ping");
    await talks(socket);
    assert.equal(socket.connected, true);
    assert.deepEqual(socket.problems, []);
    socket.disconnect();
  };

rules["messages during the upgrade are neither lost nor doubled"] = async () => {
  const socket = await connected(transports["polling that is upgraded"]);
  const answers = [];
  for (let n = 0; n < 300; ++n) {
    answers.push(ask(socket, "echo", n));
    if (n % 10 === 0) await new Promise((go) => setTimeout(go, 1));
  }
  assert.deepEqual(await within(Promise.all(answers), "answers"),
    [...Array(300).keys()].map((n) => [n]));
  socket.disconnect();
};

rules["namespaces share a connection and one may be refused"] = async () => {
  const manager = new Manager(url, { transports: ["websocket"] });
  const refused = manager.socket("/locked");
  const [error] = await once(refused, "connect_error");
  assert.deepEqual([error.message, error.data], ["no token", { code: 401 }]);
  const unknown = manager.socket("/nowhere");
  assert.equal((await once(unknown, "connect_error"))[0].message, "Invalid namespace");
  refused.auth = { token: "1" };
  refused.connect();
  const main = manager.socket("/");
  await Promise.all([once(refused, "connect"), once(main, "connect")]);
  await talks(refused);
  await talks(main);
  refused.emit("leave");
  assert.equal((await once(refused, "disconnect"))[0], "io server disconnect");
  await talks(main);
  main.disconnect();
};

rules["half a character does not end the connection"] = async () => {
  const socket = await connected({ transports: ["websocket"] });
  assert.deepEqual(await ask(socket, "echo", "\ud83d"), ["\ufffd"]);
  socket.disconnect();
};

rules["many objects and deep ones pass"] = async () => {
  const socket = await connected({ transports: ["websocket"] });
  const wide = Object.fromEntries([...Array(5000).keys()].map((n) => [`k${n}`, n]));
  let deep = 1;
  for (let n = 0; n < 50; ++n) deep = [deep];
  assert.deepEqual(await ask(socket, "echo", wide, deep), [wide, deep]);
  socket.disconnect();
};

rules["all sockets answer what they are asked together"] = async () => {
  const all = await Promise.all([1, 2, 3].map(() => connected({ transports: ["websocket"] })));
  for (const each of all) each.on("question", (what, answer) => answer(what));
  const [count] = await ask(all[0], "ask all");
  assert.ok(count >= 3, `${count} answers`);
  for (const each of all) each.disconnect();
};

// What the client decoded together with an event, it delivers right after it. Were its engine closed
// in between, it would keep those events for the next connection without counting them, and hear
// them twice, whoever serves it: so the engine is closed once they are through.
function lose(socket, n) {
  const engine = socket.io.engine;
  if (n % 2 === 0 && engine.transport.ws) engine.transport.ws.terminate();
  else setImmediate(() => engine.close());
}

// Each count begins once the one before was heard, however slow the machine, and loses its
// connection in its middle.
rules["1,000 events and 50 lost connections: each once, in order, or it is said"] = async () => {
  const [drops, numbers, pauseMs] = [50, 20, 2];
  const socket = await connected({ transports: ["websocket"] });
  const counter = await connected({ transports: ["websocket"] });
  const heard = [];
  let [unrecovered, cuts, ends] = [0, 0, 0];
  socket.on("typing", () => {});
  socket.on("connect", () => { if (!socket.recovered) ++unrecovered; });
  socket.on("n", (n) => {
    heard.push(n);
    if (cuts === ends && n >= 5 + ends % 10) lose(socket, cuts++);
  });
  assert.deepEqual(await ask(socket, "join"), [true]);
  await within(new Promise((yes) => {
    const count = () => counter.emit("count", numbers, pauseMs);
    socket.on("end", () => {
      heard.push("end");
      ++ends < drops ? count() : yes();
    });
    count();
  }), "the end");
  assert.equal(cuts, drops);
  assert.equal(unrecovered, 0);
  assert.deepEqual(heard, Array(drops).fill([...Array(numbers).keys(), "end"]).flat());
  socket.disconnect();
  counter.disconnect();
};

rules["a socket that left on purpose is a new one"] = async () => {
  const socket = await connected({ transports: ["websocket"] });
  const id = socket.id;
  socket.disconnect().connect();
  await once(socket, "connect");
  assert.equal(socket.recovered, false);
  assert.notEqual(socket.id, id);
  socket.disconnect();
};

const wanted = process.argv[3];
for (const [name, rule] of Object.entries(rules)) {
  if (wanted && !name.includes(wanted)) continue;
  try {
    await within(rule(), name);
    console.log(`ok ${name}`);
  } catch (fault) {
    console.log(`not ok ${name}\n${fault.stack}`);
    process.exitCode = 1;
  }
}
process.exit();
