// The stock client's browser bundle in Debian's Chromium against our server: node browser.mjs PORT.
// The page is of another origin, and its way to the server is a relay that tears connections apart
// with whatever is in them, and lets no other through until the client knows: a browser asks again
// by itself on another connection. Prints the rules that hold.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createServer as createHttp } from "node:http";
import { connect, createServer } from "node:net";
import { chromium } from "playwright-core";
import { io } from "socket.io-client";

const port = Number(process.argv[2]);
const bundle = new URL("node_modules/socket.io-client/dist/socket.io.min.js", import.meta.url);
const patience = 60_000;
const drops = 50;
const numbers = 20;  // around each drop
const pauseMs = 2;

const listening = (server) => new Promise((go) =>
  server.listen(0, "127.0.0.1", () => go(`http://127.0.0.1:${server.address().port}`)));

const within = (promise, what) =>
  Promise.race([promise, new Promise((_, no) =>
    setTimeout(() => no(new Error(`${what}: not in time`)), patience).unref())]);

const open = new Set();
let torn = false;
const relay = createServer((from) => {
  if (torn) return from.resetAndDestroy();
  const to = connect(port, "127.0.0.1");
  for (const [one, other] of [[from, to], [to, from]]) {
    open.add(one);
    one.pipe(other);
    one.on("error", () => {});
    one.on("close", () => { open.delete(one); other.destroy(); });
  }
});
const cut = () => {
  torn = true;
  for (const each of open) each.resetAndDestroy();
};
const mend = () => { torn = false; };

const site = createHttp((asked, reply) => {
  const script = asked.url === "/socket.io.min.js";
  reply.setHeader("Content-Type", script ? "text/javascript" : "text/html");
  const html = "<!doctype html><script src=/socket.io.min.js></script>";
  reply.end(script ? readFileSync(bundle) : html);
});

const [address, home] = [await listening(relay), await listening(site)];

// In the page. Gives what it heard, in order: numbers, their "end", and "new" where it was told
// that what came before is over. Each count begins once the one before was heard, however slow the
// machine, and is torn in its middle; nothing passes again before the client has noticed.
function follow({ address, transports, drops }) {
  return new Promise((yes) => {
    const heard = [];
    const lost = [];
    const used = new Set();
    let cuts = 0;
    let ends = 0;
    const socket = window.io(address, { transports, reconnectionDelay: 20,
      reconnectionDelayMax: 60, timeout: 5000 });
    socket.on("connect", () => {
      if (socket.recovered) return;
      heard.push("new");
      socket.emit("join", () => window.count());
    });
    socket.on("disconnect", (reason) => {
      lost.push(reason);
      window.mend();
    });
    socket.on("n", (n) => {
      heard.push(n);
      used.add(socket.io.engine.transport.name);
      if (cuts === ends && n >= 5 + ends % 10) {
        ++cuts;
        window.cut();
      }
    });
    socket.on("end", () => {
      heard.push("end");
      if (++ends < drops) window.count();
      else yes({ heard, lost, cuts, used: [...used] });
    });
  });
}

async function hold(browser, transports) {
  const context = await browser.newContext();
  const page = await context.newPage();
  const counter = io(`http://127.0.0.1:${port}`, { forceNew: true, transports: ["websocket"] });
  await page.exposeFunction("cut", cut);
  await page.exposeFunction("mend", mend);
  await page.exposeFunction("count", () => { counter.emit("count", numbers, pauseMs); });
  await page.goto(home);
  const { heard, lost, cuts, used } =
    await within(page.evaluate(follow, { address, transports, drops }), "the end");
  console.log(`${transports}: ${cuts} cuts, by ${used}; lost by ${[...new Set(lost)]}`);
  assert.equal(cuts, drops);
  assert.deepEqual(used.sort(), [...transports].sort());
  assert.ok(!lost.includes("io server disconnect"), `${lost}`);
  const once = [...Array(numbers).keys(), "end"];
  assert.deepEqual(heard, ["new", ...Array(drops).fill(once).flat()]);
  counter.disconnect();
  await context.close();
}

const rules = {
  "polling only": ["polling"],
  "WebSocket only": ["websocket"],
  "polling that is upgraded": ["polling", "websocket"],
};

const browser = await chromium.launch({
  executablePath: "/usr/bin/chromium",
  args: ["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"],
});
for (const [name, transports] of Object.entries(rules)) {
  try {
    await hold(browser, transports);
    console.log(`ok 1,000 events and 50 torn connections, ${name}: each once, in order`);
  } catch (fault) {
    console.log(`not ok ${name}\n${fault.stack}`);
    process.exitCode = 1;
  }
}
await browser.close();
process.exit();
