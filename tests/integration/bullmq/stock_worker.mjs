// A worker of BullMQ that runs until it is killed; <file> has a line for each start.
//   node stock_worker.mjs <folder with node_modules> <port> <queue> <slots> <file> <sleep ms>
import { appendFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';

const [modules, port, queue, slots, file, sleep] = process.argv.slice(2);
const { Worker } = createRequire(join(modules, 'package.json'))('bullmq');
const worker = new Worker(queue, async (job) => {
  appendFileSync(file, `${job.id}\n`);
  await new Promise((go) => setTimeout(go, Number(sleep)));
  return 1;
}, {
  connection: { host: '127.0.0.1', port: Number(port), maxRetriesPerRequest: null },
  concurrency: Number(slots),
  lockDuration: 3_000,
  stalledInterval: 300,
  maxStalledCount: 1,
});
worker.on('error', () => {});
