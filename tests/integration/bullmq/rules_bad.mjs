// What nobody should put there: the worker says so and goes on.
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';

// A worker of ours with the probe kind while `what` goes on.
async function served({ queue, scratch, oursUntilKilled }, what) {
  const file = join(scratch, `bad-${queue.name}`);
  writeFileSync(file, '');
  const worker = oursUntilKilled(`bad-${queue.name}`, 'serve', queue.name, 2, 5_000, file);
  await what();
  worker.kill('SIGKILL');
}

const failed = async (queue, id, until) => {
  await until(async () => await (await queue.getJob(id))?.isFailed(), `${id} fails`);
  return (await queue.getJob(id)).failedReason;
};

export const rules = {
  async 'data that is no JSON fails with the reason'(t) {
    const { queue, redis, until } = t;
    await queue.pause();
    await queue.add('probe', {}, { jobId: 'broken', attempts: 3 });
    await redis.hset(queue.toKey('broken'), 'data', '{"sleepMs":');
    await queue.add('probe', { result: 7 }, { jobId: 'good' });
    await queue.resume();
    await served(t, async () => {
      await until(async () => (await queue.getCompletedCount()) === 1, 'the good one');
      await until(async () => (await queue.getFailedCount()) === 1, 'the broken one');
    });
    const [reason, made] = await redis.hmget(queue.toKey('broken'), 'failedReason', 'atm');
    assert.match(reason, /JSON/);
    assert.equal(made, '1', 'it is not tried again');
  },

  async 'options that are no JSON count as none'(t) {
    const { queue, redis, until } = t;
    await queue.pause();
    await queue.add('probe', { result: 7 }, { jobId: 'broken' });
    for (const [id, opts] of [['a', '{'], ['b', '[]'], ['c', '"x"'], ['d', '{"attempts":"many"}'],
      ['e', '{"backoff":{"type":7},"removeOnFail":"x","de":1,"kl":-1}']]) {
      await queue.add('probe', { result: 7 }, { jobId: id });
      await redis.hset(queue.toKey(id), 'opts', opts);
    }
    await queue.resume();
    await served(t, () => until(async () => (await queue.getCompletedCount()) === 6, 'all'));
  },

  async 'a kind that nobody knows fails with its name'(t) {
    const { queue, until } = t;
    await queue.add('nobody-does-this', {}, { jobId: 'odd' });
    await served(t, async () => assert.match(await failed(queue, 'odd', until),
      /nobody-does-this/));
  },

  async 'five megabytes of data are refused and said'(t) {
    const { queue, until } = t;
    await queue.add('probe', { failWith: 'x'.repeat(5_000_000) }, { jobId: 'big', attempts: 3 });
    await queue.add('probe', {}, { jobId: 'good' });
    await served(t, async () => {
      assert.match(await failed(queue, 'big', until), /5000\d+ bytes, at most 1048576/);
      await until(async () => (await queue.getCompletedCount()) === 1, 'the good one');
    });
  },

  async 'a foreign key in the place of a job is passed over'(t) {
    const { queue, redis, until } = t;
    await queue.pause();
    await redis.set(queue.toKey('alien'), 'not a job');
    const list = (await queue.getJobCounts()).waiting;
    assert.equal(list, 0);
    await queue.add('probe', {}, { jobId: 'before' });
    const at = (await redis.exists(queue.toKey('paused'))) ? 'paused' : 'wait';
    await redis.lpush(queue.toKey(at), 'alien', 'never-was');
    await queue.add('probe', {}, { jobId: 'after' });
    await queue.resume();
    await served(t, () => until(async () => (await queue.getCompletedCount()) === 2, 'the others'));
    assert.equal(await redis.get(queue.toKey('alien')), 'not a job');
    assert.equal(await queue.getWaitingCount(), 0);
  },

  async 'a foreign key in the place of a list is said, and mended goes on'(t) {
    const { queue, redis, until, ours } = t;
    await redis.set(queue.toKey('wait'), 'mine');
    await assert.rejects(ours('work', queue.name, 1, 'complete', '1', 0, 100),
      /no queue wrote.*WRONGTYPE/s);
    await assert.rejects(ours('counts', queue.name), /no queue wrote/);
    await served(t, async () => {
      await new Promise((go) => setTimeout(go, 300));
      await redis.del(queue.toKey('wait'));
      await queue.add('probe', {});
      await until(async () => (await queue.getCompletedCount()) === 1, 'a run');
    });
  },
};
