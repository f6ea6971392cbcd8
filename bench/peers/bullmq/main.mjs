// BullMQ measured the way `son1k bench queue` measures its own queue, with the same fields.
//   node main.mjs [--jobs N] [--concurrency C] [--payload BYTES] [--batch B] [--samples S]
//                 [--progress UPDATES] [--fsync none|everysec|always] [--folder DIR]
//                 [--redis-url redis://127.0.0.1:PORT]
// Starts a redis-server of its own and stops it, unless it is given one. Prints one JSON object. The worker runs in a
// thread of its own, so that adding and working share no event loop; jobs are kept as the queue
// they are compared with keeps them (one hour, the newest 10,000).
import { createRequire } from 'node:module';
import { performance } from 'node:perf_hooks';
import { parseArgs } from 'node:util';
import { isMainThread, parentPort, Worker as Thread, workerData } from 'node:worker_threads';
import { Queue, QueueEvents, Worker } from 'bullmq';
import Redis from 'ioredis';
import { rssMib, startRedis } from '../redis_server.mjs';

const addsInFlight = 4; // of many jobs each
const phaseSecondsMax = 600;
const keep = { removeOnComplete: { age: 3600, count: 10_000 } };

const at = (sorted, share) => sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))];

// In the worker's thread: runs `jobs` jobs of a queue and says when the last has ended.
async function work({ port, queue, concurrency, jobs, progress }) {
  let ended = 0;
  const worker = new Worker(queue, async (job) => {
    for (let step = 1; step <= progress; ++step) await job.updateProgress(100 * step / progress);
    return job.data.result ?? null;
  }, {
    connection: { host: '127.0.0.1', port, maxRetriesPerRequest: null },
    concurrency,
    autorun: false,
  });
  worker.on('error', (problem) => { throw problem; });
  worker.on('failed', (job, problem) => { throw problem; });
  worker.on('completed', () => { if (++ended === jobs) parentPort.postMessage('ended'); });
  parentPort.on('message', async (message) => {
    if (message === 'run') {
      worker.run();
      parentPort.postMessage('running');
    } else {
      await worker.close(true);
      parentPort.close();
    }
  });
  await worker.waitUntilReady();
  parentPort.postMessage('ready');
}

class WorkerThread {
  constructor(settings) {
    this.heard = new Set();
    this.waiting = new Map();
    this.failure = null;
    this.thread = new Thread(new URL(import.meta.url), { workerData: settings });
    this.ended = new Promise((resolve) => this.thread.once('exit', resolve));
    this.thread.on('message', (message) => {
      this.heard.add(message);
      this.waiting.get(message)?.resolve();
    });
    this.thread.once('error', (problem) => {
      this.failure = problem;
      for (const { reject } of this.waiting.values()) reject(problem);
    });
  }
  async hear(message) {
    if (this.failure) throw this.failure;
    if (this.heard.has(message)) return;
    let timer;
    await new Promise((resolve, reject) => {
      this.waiting.set(message, { resolve, reject });
      timer = setTimeout(reject, phaseSecondsMax * 1000,
        new Error(`no '${message}' from the worker within ${phaseSecondsMax} s`));
    }).finally(() => clearTimeout(timer));
  }
  async run() {
    await this.hear('ready');
    this.thread.postMessage('run');
    await this.hear('running');
  }
  async stop() {
    this.thread.postMessage('stop');
    await this.ended;
  }
}

class Bench {
  constructor(options, port) {
    this.options = options;
    this.port = port;
    this.connection = { host: '127.0.0.1', port, maxRetriesPerRequest: null };
    this.data = options.payload > 0 ? { result: 'x'.repeat(options.payload) } : {};
  }

  async withQueue(name, use) {
    const queue = new Queue(name, { connection: this.connection, defaultJobOptions: keep });
    try {
      await queue.waitUntilReady();
      return await use(queue);
    } finally {
      await queue.close();
    }
  }

  // Microseconds of processor time that Redis has used since the last call, a job.
  async serverUs() {
    const redis = new Redis({ port: this.port });
    const info = await redis.info('cpu');
    redis.disconnect();
    const seconds = ['used_cpu_sys', 'used_cpu_user']
      .reduce((sum, name) => sum + Number(new RegExp(`${name}:([\\d.]+)`).exec(info)[1]), 0);
    const used = (seconds - (this.serverSeen ?? 0)) * 1e6;
    this.serverSeen = seconds;
    return used / this.options.jobs;
  }

  worker(name, jobs) {
    const { concurrency, progress } = this.options;
    return new WorkerThread({ port: this.port, queue: name, concurrency, jobs, progress });
  }

  // Adds all jobs, `batch` a call, `inFlight` calls at once; jobs per second.
  add(name, batch, inFlight) {
    const { jobs } = this.options;
    return this.withQueue(name, async (queue) => {
      let left = jobs;
      const adder = async () => {
        while (left > 0) {
          const step = Math.min(batch, left);
          left -= step;
          if (batch === 1) await queue.add('probe', this.data);
          else await queue.addBulk(Array(step).fill({ name: 'probe', data: this.data }));
        }
      };
      const begun = performance.now();
      await Promise.all(Array.from({ length: inFlight }, adder));
      return jobs / (performance.now() - begun) * 1000;
    });
  }

  async process(name) {
    const { jobs } = this.options;
    const worker = this.worker(name, jobs);
    await worker.hear('ready');
    const begun = performance.now();
    await worker.run();
    await worker.hear('ended');
    const took = performance.now() - begun;
    await worker.stop();
    return jobs / took * 1000;
  }

  async lifecycle(name) {
    const { jobs, batch } = this.options;
    const worker = this.worker(name, jobs);
    await worker.run();
    const begun = performance.now();
    await this.add(name, batch, addsInFlight);
    await worker.hear('ended');
    const took = performance.now() - begun;
    await worker.stop();
    return jobs / took * 1000;
  }

  // Sorted milliseconds from the add to the completed event, one job at a time. The worker shares
  // this event loop: a thread hop would be added to what BullMQ needs.
  async latencies(name) {
    const { samples } = this.options;
    const events = new QueueEvents(name, { connection: this.connection });
    await events.waitUntilReady();
    let seen = () => {};
    events.on('completed', () => seen(performance.now()));
    const worker = new Worker(name, async (job) => job.data.result ?? null,
      { connection: this.connection, concurrency: this.options.concurrency });
    await worker.waitUntilReady();
    const took = await this.withQueue(name, async (queue) => {
      const all = [];
      for (let i = 0; i < samples + 20; ++i) {
        const completed = new Promise((resolve) => { seen = resolve; });
        const begun = performance.now();
        await queue.add('probe', this.data);
        all.push(await completed - begun);
      }
      return all.slice(20); // the first warm the compiler
    });
    await worker.close(true);
    await events.close();
    return took.sort((a, b) => a - b);
  }
}

async function main() {
  const numbers = { jobs: '50000', concurrency: '50', payload: '0', progress: '0', batch: '500',
    samples: '300' };
  const { values } = parseArgs({
    options: {
      ...Object.fromEntries(Object.entries(numbers).map(
        ([name, usual]) => [name, { type: 'string', default: usual }])),
      fsync: { type: 'string', default: 'none' },
      folder: { type: 'string' },
      'redis-url': { type: 'string' },
    },
  });
  for (const name of Object.keys(numbers)) {
    const given = Number(values[name]);
    if (!Number.isInteger(given) || given < (['payload', 'progress'].includes(name) ? 0 : 1)) {
      throw new Error(`--${name} must be a positive whole number`);
    }
    values[name] = given;
  }
  if (!['none', 'everysec', 'always'].includes(values.fsync)) {
    throw new Error('--fsync must be none, everysec or always');
  }
  const redis = values['redis-url']
    ? { port: Number(new URL(values['redis-url']).port), version: 'given', rssMib: () => 0,
      stop: () => {} }
    : await startRedis(values.fsync, values.folder);
  try {
    const bench = new Bench(values, redis.port);
    const latencies = await bench.latencies('bench-idle');
    await bench.serverUs();
    const add = await bench.add('bench-add', 1, values.concurrency);
    const usPerAdd = await bench.serverUs();
    const addMany = await bench.add('bench-process', values.batch, addsInFlight);
    const usPerAddMany = await bench.serverUs();
    const process_ = await bench.process('bench-process');
    const usPerProcess = await bench.serverUs();
    const lifecycle = await bench.lifecycle('bench-life');
    const { version } = createRequire(import.meta.url)('bullmq/package.json');
    console.log(JSON.stringify({
      backend: `BullMQ ${version}, Redis ${redis.version}, Node ${process.versions.node}`,
      jobs: values.jobs,
      concurrency: values.concurrency,
      add_per_s: add,
      add_many_per_s: addMany,
      process_per_s: process_,
      lifecycle_per_s: lifecycle,
      latency_ms_p50: at(latencies, 0.5),
      latency_ms_p99: at(latencies, 0.99),
      server_us_per_add: usPerAdd,
      server_us_per_add_many: usPerAddMany,
      server_us_per_process: usPerProcess,
      fsync: values.fsync === 'always',
      persistence: values.fsync,
      rss_mib: rssMib(process.pid) + redis.rssMib(),
    }));
  } finally {
    await redis.stop();
  }
}

if (isMainThread) {
  main().catch((problem) => {
    console.error(problem.message ?? problem);
    process.exitCode = 1;
  });
} else {
  work(workerData);
}
