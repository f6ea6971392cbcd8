// Jobs: added, run, retried, cancelled and put into flows by either side.
import assert from 'node:assert/strict';

export const rules = {
  async 'a job added by Node is run by us'({ queue, events, ours, within }) {
    const job = await queue.add('probe', { sleepMs: 1 }, { attempts: 4 });
    const ended = job.waitUntilFinished(events);
    const [ran] = await ours('work', queue.name, 1, 'complete', '{"ok":1}');
    assert.equal(ran.id, job.id);
    assert.equal(ran.kind, 'probe');
    assert.equal(ran.attempts, 4);
    assert.deepEqual(await within(ended, 'completed event'), { ok: 1 });
    const stored = await queue.getJob(job.id);
    assert.equal(await stored.getState(), 'completed');
    assert.equal(stored.progress, 50);
    assert.equal(stored.attemptsMade, 1);
    const { logs } = await queue.getJobLogs(job.id);
    assert.deepEqual(logs, ['from the driver']);
  },

  async 'a job added by us is run by Node'({ queue, ours, within, connection, Worker }) {
    await ours('add', queue.name, 'mine', 'probe', '{"n":7}', 0, 0, 3);
    const job = await queue.getJob('mine');
    assert.equal(await job.getState(), 'waiting');
    assert.equal(job.opts.attempts, 3);
    const worker = new Worker(queue.name, async (j) => ({ got: j.data.n }), { connection });
    await within(new Promise((resolve) => worker.once('completed', resolve)), 'a run by Node');
    await worker.close();
    const seen = await ours('get', queue.name, 'mine');
    assert.equal(seen.state, 'completed');
    assert.equal(seen.result, '{"got":7}');
  },

  async 'a Node worker that waits is woken by our add'({ queue, ours, within, connection, Worker }) {
    const worker = new Worker(queue.name, async () => 1, { connection });
    await worker.waitUntilReady();
    const ran = new Promise((resolve) => worker.once('completed', resolve));
    await ours('add', queue.name, 'wakes', 'probe', '{}', 0, 0, 1);
    await within(ran, 'the waiting worker');
    await worker.close();
  },

  async 'priorities and delays hold for both'({ queue, ours }) {
    await ours('add', queue.name, 'low', 'probe', '{}', 9, 0, 1);
    await queue.add('probe', {}, { jobId: 'high', priority: 2 });
    await queue.add('probe', {}, { jobId: 'none' });
    await ours('add', queue.name, 'later', 'probe', '{}', 0, 60_000, 1);
    const counts = await queue.getJobCounts();
    assert.equal(counts.prioritized, 2);
    assert.equal(counts.delayed, 1);
    assert.equal(counts.waiting, 1);
    const ran = await ours('work', queue.name, 3, 'complete', '1');
    assert.deepEqual(ran.map((r) => r.id), ['none', 'high', 'low']);
    await (await queue.getJob('later')).promote();
    const [last] = await ours('work', queue.name, 1, 'complete', '1');
    assert.equal(last.id, 'later');
  },

  async 'a failed run is retried by the other side'({ queue, ours, within, connection, Worker }) {
    await queue.add('probe', {}, { jobId: 'fails', attempts: 2 });
    const [ran] = await ours('work', queue.name, 1, 'fail', 'it broke');
    assert.equal(ran.state, 'waiting');
    const worker = new Worker(queue.name, async () => { throw new Error('again'); },
      { connection });
    worker.on('error', () => {});
    await within(new Promise((resolve) => worker.once('failed', resolve)), 'the second failure');
    await worker.close();
    const job = await queue.getJob('fails');
    assert.equal(await job.getState(), 'failed');
    assert.equal(job.attemptsMade, 2);
    assert.equal(job.failedReason, 'again');
    const seen = await ours('get', queue.name, 'fails');
    assert.equal(seen.state, 'failed');
    assert.equal(seen.error, 'again');
    await ours('edit', queue.name, 'fails', 'retry', 0);
    assert.equal(await job.getState(), 'waiting');
    await ours('work', queue.name, 1, 'complete', '1');
  },

  async 'pause and resume hold for both'({ queue, ours }) {
    await queue.pause();
    await ours('add', queue.name, 'held', 'probe', '{}', 0, 0, 1);
    assert.equal((await ours('counts', queue.name)).paused, true);
    await ours('pause', queue.name, 0);
    assert.equal(await queue.isPaused(), false);
    const [ran] = await ours('work', queue.name, 1, 'complete', '1');
    assert.equal(ran.id, 'held');
    await ours('pause', queue.name, 1);
    assert.equal(await queue.isPaused(), true);
    await queue.resume();
  },

  async 'a cancelled job is gone for Node'({ queue, ours }) {
    await queue.add('probe', {}, { jobId: 'unwanted' });
    await ours('cancel', queue.name, 'unwanted');
    assert.equal(await queue.getJob('unwanted'), undefined);
  },

  async 'a flow of Node is run by us'({ queue, ours, connection, FlowProducer }) {
    const flows = new FlowProducer({ connection });
    await flows.add({ name: 'probe', queueName: queue.name, opts: { jobId: 'top' },
      children: [{ name: 'probe', queueName: queue.name, data: {}, opts: { jobId: 'leaf' } }] });
    const ran = await ours('work', queue.name, 2, 'complete', '5');
    assert.deepEqual(ran.map((r) => r.id), ['leaf', 'top']);
    const parent = await queue.getJob('top');
    assert.deepEqual(Object.values(await parent.getChildrenValues()), [5]);
    await flows.close();
  },

  async 'a flow of ours is run by Node'({ queue, ours, within, connection, Worker }) {
    await ours('flow', queue.name, 'mine-top', 'mine-leaf');
    const order = [];
    const worker = new Worker(queue.name, async (job) => { order.push(job.id); return 3; },
      { connection });
    await within(new Promise((resolve) => {
      worker.on('completed', () => { if (order.length === 2) resolve(); });
    }), 'both runs');
    await worker.close();
    assert.deepEqual(order, ['mine-leaf', 'mine-top']);
    const parent = await queue.getJob('mine-top');
    assert.deepEqual(Object.values(await parent.getChildrenValues()), [3]);
  },
};
