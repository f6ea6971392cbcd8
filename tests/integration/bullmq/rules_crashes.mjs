// Workers that die: what they ran is found by the other side, once.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const stock = join(dirname(fileURLToPath(import.meta.url)), 'stock_worker.mjs');
const leaseMs = 3_000;
const running = new Set();
process.on('exit', () => running.forEach((child) => child.kill('SIGKILL')));

function stockUntilKilled({ modules, connection, queue }, slots, file, sleepMs) {
  const child = spawn('node', [stock, modules, connection.port, queue.name, slots, file, sleepMs],
    { stdio: ['ignore', 'ignore', 'inherit'] });
  running.add(child);
  return child;
}

const starts = (file) => readFileSync(file, 'utf8').split('\n').filter(Boolean);
const pause = (ms) => new Promise((go) => setTimeout(go, ms));

async function killed(child) {
  const gone = new Promise((go) => child.once('exit', go));
  child.kill('SIGKILL');
  await gone;
}

// One sweep an interval is all that stock workers make; here the interval is over at once.
async function sweepSoon(queue, redis, holds) {
  for (let n = 0; n < 300; ++n) {
    if (await holds()) return;
    await redis.del(queue.toKey('stalled-check'));
    await pause(50);
  }
  throw new Error('no sweep found it');
}

export const rules = {
  async 'what a killed worker of Node ran is run by us'(t) {
    const { queue, events, redis, scratch, within, until, oursUntilKilled } = t;
    const file = join(scratch, 'killed-node');
    writeFileSync(file, '');
    const job = await queue.add('probe', {});
    const victim = stockUntilKilled(t, 1, file, 60_000);
    await until(() => starts(file).length === 1, 'a run by Node');
    await killed(victim);
    const told = new Promise((go) => events.once('stalled', go));
    const ended = job.waitUntilFinished(events);
    const ours = oursUntilKilled('after-node', 'serve', queue.name, 1, leaseMs, file);
    await sweepSoon(queue, redis, async () => await job.getState() === 'completed');
    await within(ended, 'its end');
    assert.equal((await within(told, 'the event')).jobId, job.id);
    await killed(ours);
    assert.deepEqual(starts(file), [job.id, job.id]);
    assert.equal((await queue.getJob(job.id)).stalledCounter, 1);
  },

  async 'a job whose workers of Node die twice fails, and says why'(t) {
    const { queue, events, redis, scratch, until, oursUntilKilled } = t;
    const file = join(scratch, 'twice');
    writeFileSync(file, '');
    const job = await queue.add('probe', {});
    for (const times of [1, 2]) {
      const victim = stockUntilKilled(t, 1, file, 60_000);
      await until(() => starts(file).length === times, 'a run by Node');
      await killed(victim);
    }
    const ended = job.waitUntilFinished(events);
    ended.catch(() => {});
    const ours = oursUntilKilled('after-two', 'serve', queue.name, 1, leaseMs, file);
    await sweepSoon(queue, redis, () => job.isFailed());
    await killed(ours);
    await assert.rejects(ended, /job stalled more than allowable limit/);
    assert.equal(starts(file).length, 2, 'it was not run again');
    const stored = await queue.getJob(job.id);
    assert.equal(stored.failedReason, 'job stalled more than allowable limit');
  },

  async 'what a killed worker of ours ran is run by Node'(t) {
    const { queue, scratch, until, oursUntilKilled, redis, ours } = t;
    const file = join(scratch, 'killed-ours');
    writeFileSync(file, '');
    const job = await queue.add('probe', { sleepMs: 60_000 });
    const victim = oursUntilKilled('victim', 'serve', queue.name, 1, leaseMs, file);
    await until(() => starts(file).length === 1, 'a run by us');
    await killed(victim);
    const node = stockUntilKilled(t, 1, file, 6_000);
    await sweepSoon(queue, redis, () => starts(file).length === 2);
    assert.ok(await redis.zscore(queue.toKey('s:leases'), job.id), 'our lease is on record still');
    // Our sweep comes when the lease is over, and leaves the job to whoever has taken it.
    await pause(leaseMs);
    assert.deepEqual(await ours('work', queue.name, 1, 'complete', '1', 0, 1_500), []);
    assert.equal(await redis.zscore(queue.toKey('s:leases'), job.id), null);
    await until(async () => await job.getState() === 'completed', 'its end');
    await killed(node);
    assert.equal(starts(file).length, 2);
  },

  async 'with crashes on both sides none is lost and none runs twice but those in flight'(t) {
    const { queue, scratch, until, oursUntilKilled, ours, redis } = t;
    const [jobs, slots, kills] = [400, 5, 4];
    const file = join(scratch, 'both');
    writeFileSync(file, '');
    const names = [...Array(jobs).keys()].map((n) => `j-${n}`);
    await queue.addBulk(names.map((jobId) => ({ name: 'probe', data: { sleepMs: 20 },
      opts: { jobId } })));
    let one = 0;
    const start = {
      node: () => stockUntilKilled(t, slots, file, 20),
      ours: () => oursUntilKilled(`both-${++one}`, 'serve', queue.name, slots, leaseMs, file),
    };
    const side = { node: start.node(), ours: start.ours() };
    for (let n = 0; n < kills; ++n) {
      const before = starts(file).length;
      await until(() => starts(file).length > before + 20, 'runs go on');
      const who = n % 2 === 0 ? 'ours' : 'node';
      await killed(side[who]);
      side[who] = start[who]();
    }
    await until(async () => {
      await redis.del(queue.toKey('stalled-check'));
      const seen = await queue.getJobCounts('completed', 'failed');
      return seen.completed + seen.failed === jobs;
    }, 'all ends');
    await killed(side.node);
    await killed(side.ours);
    for (const job of await queue.getFailed()) assert.match(job.failedReason, /stalled/);
    assert.ok(starts(file).length <= jobs + kills * slots, `${starts(file).length} runs`);
    assert.equal(new Set(starts(file)).size, jobs, 'each was run');
    const seen = await ours('counts', queue.name);
    assert.equal(seen.waiting + seen.active + seen.delayed, 0);
  },
};
