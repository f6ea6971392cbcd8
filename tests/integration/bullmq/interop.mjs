// Our queue on Redis and stock BullMQ on one queue, both ways. Run by bullmq_test.py:
//   node interop.mjs <folder with node_modules> <queue_driver> <redis port> <scratch folder> <rules> [part]
// <rules> names a file of rules, [part] is in the names of those to try. Prints "ok <rule>" for each rule that holds, "NOT <rule>" and why
// for each that does not; then it ends with 1.
import { execFile, spawn } from 'node:child_process';
import { createRequire } from 'node:module';
import { join } from 'node:path';

const [modules, driver, port, scratch, file, only] = process.argv.slice(2);
const load = createRequire(join(modules, 'package.json'));
const bullmq = load('bullmq');
const connection = { host: '127.0.0.1', port: Number(port), maxRetriesPerRequest: null };
const url = `redis://127.0.0.1:${port}`;
const fleet = load('bullmq/package.json').version.split('.')[0];
const secondsMax = 30;

const words = (as, name, told) => [url, join(scratch, `${name}.db`), as, ...told.map(String)];

function oursAs(as, ...told) {
  return new Promise((resolve, reject) => {
    execFile(driver, words(as, 'queue', told), { timeout: secondsMax * 1000 },
      (problem, out, err) => (problem ? reject(new Error(err || String(problem)))
                                      : resolve(JSON.parse(out))));
  });
}

const children = [];
process.on('exit', () => children.forEach((child) => child.kill('SIGKILL')));

// A process of ours that runs until it is killed; each needs a name of its own.
function oursUntilKilled(name, ...told) {
  const child = spawn(driver, words(fleet, name, told), { stdio: ['ignore', 'ignore', 'inherit'] });
  children.push(child);
  return child;
}

function within(promise, what) {
  let timer;
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error(`not within ${secondsMax} s: ${what}`)),
      secondsMax * 1000);
  });
  return Promise.race([promise, late]).finally(() => clearTimeout(timer));
}

async function until(holds, what) {
  const end = Date.now() + secondsMax * 1000;
  for (;;) {
    const value = await holds();
    if (value) return value;
    if (Date.now() > end) throw new Error(`not within ${secondsMax} s: ${what}`);
    await new Promise((go) => setTimeout(go, 20));
  }
}

const { rules } = await import(`./${file}`);
const redis = new (load('ioredis'))(connection);
let number = 0;
for (const [rule, holds] of Object.entries(rules)) {
  if (only && !rule.includes(only)) continue;
  const queue = new bullmq.Queue(`shared-${++number}`, { connection });
  const events = new bullmq.QueueEvents(queue.name, { connection });
  await events.waitUntilReady();
  await queue.waitUntilReady();
  try {
    await within(holds({ ...bullmq, queue, events, redis, connection, scratch, fleet, modules,
      within, until, oursAs, oursUntilKilled, ours: (...told) => oursAs(fleet, ...told) }), rule);
    console.log(`ok ${rule}`);
  } catch (problem) {
    console.log(`NOT ${rule}: ${problem.stack}`);
    process.exitCode = 1;
  }
  await events.close();
  await queue.close();
}
process.exit();
