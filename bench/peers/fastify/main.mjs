// The stack that teams glue together, doing what POST /api/generation/create does: a token is
// verified, a limit is counted in Redis, the body is validated, a row is inserted in PostgreSQL and
// a job is added to BullMQ before the 202.
//   node main.mjs [--processes N] [--fsync none|everysec|always] [--folder DIR]
// Starts servers of its own, prints one line {url, token, backend} when it serves, and ends when
// its input does.
import cluster from 'node:cluster';
import { randomUUID } from 'node:crypto';
import { createRequire } from 'node:module';
import { parseArgs } from 'node:util';
import jwt from '@fastify/jwt';
import limit from '@fastify/rate-limit';
import { Queue } from 'bullmq';
import Fastify from 'fastify';
import Redis from 'ioredis';
import pg from 'pg';

const createBody = {
  type: 'object',
  required: ['prompt'],
  additionalProperties: false,
  properties: {
    prompt: { type: 'string', minLength: 1, maxLength: 2000 },
    style: { type: 'string', maxLength: 100 },
    duration: { type: 'integer', minimum: 5, maximum: 600, default: 60 },
    quality: { enum: ['standard', 'premium', 'ultra'], default: 'standard' },
    seed: { type: 'integer' },
  },
};
const quotaMax = 1_000_000_000;
const table = `CREATE TABLE generation (id uuid PRIMARY KEY, owner text NOT NULL,
  status text NOT NULL, prompt text NOT NULL, request jsonb NOT NULL,
  created_at timestamptz NOT NULL DEFAULT now())`;
const insert = { name: 'insert_generation', text: 'INSERT INTO generation (id, owner, status, '
  + 'prompt, request) VALUES ($1, $2, $3, $4, $5)' };

// What GET /health tells, as ours does: looked at once a second, not by each request. The schema is
// for Fastify's own serializer, the fastest way it has.
const states = ['waiting', 'prioritized', 'delayed', 'active', 'completed', 'failed', 'paused'];
const fields = (names, type) => ({
  type: 'object', properties: Object.fromEntries(names.map((name) => [name, { type }])) });
const healthReply = { type: 'object', properties: {
  success: { type: 'boolean' },
  data: { type: 'object', properties: {
    status: { type: 'string' }, version: { type: 'string' }, uptime: { type: 'integer' },
    services: fields(['database', 'queue'], 'string'), queue: fields(states, 'integer'),
  } },
} };

async function lookAround(pool, queue) {
  const seen = { database: 'down', queue: 'down', counts: {} };
  const look = async () => {
    const [rows, counts] = await Promise.allSettled(
      [pool.query('SELECT 1'), queue.getJobCounts(...states)]);
    seen.database = rows.status === 'fulfilled' ? 'up' : 'down';
    seen.queue = counts.status === 'fulfilled' ? 'up' : 'down';
    seen.counts = counts.value ?? seen.counts;
  };
  await look();
  setInterval(look, 1000);
  return seen;
}

async function serve({ port, redisPort, postgresUrl, secret }) {
  const app = Fastify({ logger: false });
  const redis = new Redis(redisPort, '127.0.0.1', { maxRetriesPerRequest: 1 });
  const pool = new pg.Pool({ connectionString: postgresUrl, max: 20 });
  const queue = new Queue('generation', { connection: { host: '127.0.0.1', port: redisPort } });
  await app.register(jwt, { secret });
  await app.register(limit, {
    redis, global: false, max: 1_000_000_000, timeWindow: '1 minute', hook: 'preHandler',
    keyGenerator: (request) => request.user.sub,
  });
  const identity = async (request) => { await request.jwtVerify(); };
  // Of a day and of a month; as such stacks have it, not given back when what follows fails.
  const withinQuota = async (owner) => {
    const now = new Date().toISOString();
    const [[, day], [, month]] = await redis.multi().incr(`quota:${owner}:${now.slice(0, 10)}`)
      .incr(`quota:${owner}:${now.slice(0, 7)}`).exec();
    return day <= quotaMax && month <= quotaMax;
  };
  const seen = await lookAround(pool, queue);
  app.get('/health', { schema: { response: { 200: healthReply } } }, async () => {
    const up = seen.database === 'up' && seen.queue === 'up';
    return { success: true, data: {
      status: up ? 'ok' : 'degraded', version: '1.0.0', uptime: Math.floor(process.uptime()),
      services: { database: seen.database, queue: seen.queue }, queue: seen.counts } };
  });
  app.post('/api/generation/create', {
    schema: { body: createBody }, onRequest: identity, config: { rateLimit: {} },
  }, async (request, reply) => {
    const id = randomUUID();
    const owner = request.user.sub;
    if (!await withinQuota(owner)) return reply.code(429).send({ success: false });
    await pool.query({ ...insert, values: [id, owner, 'pending', request.body.prompt,
      JSON.stringify(request.body)] });
    await queue.add('generation', { generationId: id, owner, ...request.body },
      { jobId: id, attempts: 3, backoff: { type: 'exponential', delay: 2000 } });
    reply.code(202);
    return { success: true, data: { generationId: id, status: 'pending', estimatedTime: 60 } };
  });
  await app.listen({ host: '127.0.0.1', port });
}

async function main() {
  const { values } = parseArgs({ options: {
    processes: { type: 'string', default: '1' },
    fsync: { type: 'string', default: 'everysec' },
    folder: { type: 'string' },
  } });
  const { freePort, startRedis } = await import('../redis_server.mjs');
  const { startPostgres } = await import('../postgres_server.mjs');
  const redis = await startRedis(values.fsync, values.folder);
  const postgres = await startPostgres(values.folder);
  const stop = async () => {
    for (const worker of Object.values(cluster.workers)) worker.process.kill('SIGKILL');
    await Promise.all([redis.stop(), postgres.stop()]);
    process.exit(0);
  };
  const client = new pg.Client({ connectionString: postgres.url });
  await client.connect();
  await client.query(table);
  await client.end();
  const settings = { port: await freePort(), redisPort: redis.port, postgresUrl: postgres.url,
    secret: randomUUID() };
  const processes = Number(values.processes);
  let serving = 0;
  await new Promise((resolve) => {
    cluster.on('listening', () => { if (++serving === processes) resolve(); });
    for (let n = 0; n < processes; ++n) cluster.fork({ SETTINGS: JSON.stringify(settings) });
  });
  const signer = Fastify();
  await signer.register(jwt, { secret: settings.secret });
  await signer.ready();
  const version = (name) => createRequire(import.meta.url)(`${name}/package.json`).version;
  console.log(JSON.stringify({
    url: `http://127.0.0.1:${settings.port}`,
    token: signer.jwt.sign({ sub: randomUUID() }, { expiresIn: '1h' }),
    backend: `Fastify ${version('fastify')} in ${processes} process${processes > 1 ? 'es' : ''}, `
      + `BullMQ ${version('bullmq')}, Redis ${redis.version}, Node ${process.versions.node}`,
  }));
  process.stdin.resume();
  process.stdin.on('end', stop);
}

if (cluster.isPrimary) await main();
else await serve(JSON.parse(process.env.SETTINGS));
