// What operators do from either side, and what readers of events are told.
import assert from 'node:assert/strict';

const ids = (jobs) => jobs.map((job) => job.id);

export const rules = {
  async 'jobs of addBulk are run in their order'({ queue, ours }) {
    const added = await queue.addBulk([...Array(50).keys()].map((n) =>
      ({ name: 'probe', data: { n } })));
    assert.deepEqual(ids(await ours('work', queue.name, 50, 'complete', '1')), ids(added));
  },

  async 'a last failure of ours is told with its reason'({ queue, events, ours, within }) {
    const job = await queue.add('probe', {}, { attempts: 2 });
    const spent = new Promise((go) => events.once('retries-exhausted', go));
    const ended = job.waitUntilFinished(events);
    ended.catch(() => {});
    await ours('work', queue.name, 2, 'fail', 'upstream is away');
    await assert.rejects(within(ended, 'the failure'), /upstream is away/);
    const told = await within(spent, 'the event');
    assert.equal(told.jobId, job.id);
    assert.equal(told.attemptsMade, '2');
    const stored = await queue.getJob(job.id);
    assert.equal(stored.failedReason, 'upstream is away');
    assert.equal(stored.attemptsMade, 2);
    assert.match(stored.stacktrace[0], /upstream is away/);
  },

  async 'events of a run of ours come in order'({ queue, events, ours, until }) {
    const told = [];
    for (const name of ['waiting', 'active', 'progress', 'completed', 'drained']) {
      events.on(name, () => told.push(name));
    }
    await queue.add('probe', {});
    await ours('work', queue.name, 1, 'complete', '{"a":[1,"dos"]}');
    await until(() => told.includes('drained'), 'the last event');
    assert.deepEqual(told.filter((name) => name !== 'waiting'),
      ['active', 'progress', 'completed', 'drained']);
  },

  async 'a delayed job of Node runs when it is due'({ queue, ours }) {
    const at = Date.now();
    await queue.add('probe', {}, { delay: 300 });
    assert.deepEqual(await ours('work', queue.name, 1, 'complete', '1', 0, 50), []);
    assert.equal((await ours('work', queue.name, 1, 'complete', '1')).length, 1);
    assert.ok(Date.now() - at >= 300);
  },

  async 'a failed job of ours is retried by Node'({ queue, ours }) {
    await ours('add', queue.name, 'again', 'probe', '{}', 0, 0, 1);
    await ours('work', queue.name, 1, 'fail', 'once');
    const job = await queue.getJob('again');
    assert.equal(await job.getState(), 'failed');
    await job.retry('failed');
    const seen = await ours('get', queue.name, 'again');
    assert.equal(seen.state, 'waiting');
    assert.equal(seen.error, '');
    assert.equal((await ours('work', queue.name, 1, 'complete', '2'))[0].id, 'again');
    assert.equal(await job.getState(), 'completed');
    await queue.add('probe', {}, { jobId: 'fails-too' });
    await ours('work', queue.name, 1, 'fail', 'once');
    await queue.retryJobs({ state: 'failed' });
    assert.equal((await ours('work', queue.name, 1, 'complete', '2'))[0].id, 'fails-too');
  },

  async 'both promote what is delayed'({ queue, ours }) {
    await queue.add('probe', {}, { jobId: 'theirs', delay: 60_000 });
    await ours('add', queue.name, 'ours', 'probe', '{}', 0, 60_000, 1);
    await ours('edit', queue.name, 'theirs', 'promote', 0);
    await (await queue.getJob('ours')).promote();
    assert.equal(await queue.getDelayedCount(), 0);
    assert.deepEqual(ids(await ours('work', queue.name, 2, 'complete', '1')), ['theirs', 'ours']);
    await assert.rejects(ours('edit', queue.name, 'ours', 'promote', 0), /completed/);
  },

  async 'both change priorities'({ queue, ours }) {
    await queue.add('probe', {}, { jobId: 'a', priority: 5 });
    await queue.add('probe', {}, { jobId: 'b', priority: 5 });
    await ours('add', queue.name, 'c', 'probe', '{}', 5, 0, 1);
    await ours('add', queue.name, 'd', 'probe', '{}', 0, 0, 1);
    await ours('edit', queue.name, 'b', 'priority', 2);
    await (await queue.getJob('c')).changePriority({ priority: 1 });
    await (await queue.getJob('d')).changePriority({ priority: 9 });
    assert.equal((await queue.getJob('b')).priority, 2);
    const ran = await ours('work', queue.name, 4, 'complete', '1');
    assert.deepEqual(ids(ran), ['c', 'b', 'a', 'd']);
  },

  async 'both clean what has ended'({ queue, ours }) {
    for (const id of ['a', 'b', 'c', 'd']) await queue.add('probe', {}, { jobId: id });
    await ours('work', queue.name, 2, 'complete', '1');
    await ours('work', queue.name, 2, 'fail', 'x');
    assert.equal(await ours('clean', queue.name, 'completed'), 2);
    assert.equal(await queue.getCompletedCount(), 0);
    assert.deepEqual((await queue.clean(0, 10, 'failed')).sort(), ['c', 'd']);
    assert.deepEqual([(await ours('counts', queue.name)).failed, await queue.getJob('c')],
      [0, undefined]);
  },

  async 'Node drains what we added, we clean what Node added'({ queue, ours }) {
    for (const [n, priority] of [[1, 0], [2, 4]]) {
      await ours('add', queue.name, `ours-${n}`, 'probe', '{}', priority, 0, 1);
    }
    await ours('add', queue.name, 'ours-3', 'probe', '{}', 0, 60_000, 1);
    await queue.drain(true);
    const { waiting, prioritized, delayed } = await ours('counts', queue.name);
    assert.deepEqual([waiting, prioritized, delayed], [0, 0, 0]);
    await queue.add('probe', {});
    await queue.add('probe', {}, { priority: 4 });
    await queue.add('probe', {}, { delay: 60_000 });
    for (const state of ['waiting', 'prioritized', 'delayed']) {
      assert.equal(await ours('clean', queue.name, state), 1, state);
    }
    assert.equal(await queue.count(), 0);
  },

  async 'a removed job is gone for the other side'({ queue, ours }) {
    await ours('add', queue.name, 'ours', 'probe', '{}', 3, 0, 1);
    await queue.add('probe', {}, { jobId: 'theirs' });
    await (await queue.getJob('ours')).remove();
    await ours('edit', queue.name, 'theirs', 'remove', 0);
    await assert.rejects(ours('get', queue.name, 'ours'), /no such job/);
    assert.equal(await queue.getJob('theirs'), undefined);
    assert.deepEqual(await ours('work', queue.name, 1, 'complete', '1', 0, 50), []);
  },

  async 'both obliterate a queue of the other'({ queue, ours, redis }) {
    const keys = () => redis.keys(queue.toKey('*'));
    for (const side of ['ours', 'theirs']) {
      await ours('add', queue.name, '-', 'probe', '{}', 0, 0, 1);
      await ours('add', queue.name, '-', 'probe', '{}', 7, 0, 1);
      await ours('flow', queue.name, 'top', 'leaf');
      await queue.add('probe', {}, { delay: 60_000 });
      await ours('work', queue.name, 1, 'complete', '1');
      await ours('work', queue.name, 1, 'fail', 'x');
      await queue.pause();
      if (side === 'ours') await ours('obliterate', queue.name);
      else await queue.obliterate({ force: true });
      // Stock clients pass over what we add.
      const kept = side === 'ours' ? /:(events|meta)$/ : /:(events|meta|id|s:.*|kids?)$/;
      assert.deepEqual((await keys()).filter((key) => !kept.test(key)), [], side);
      await queue.resume();
      assert.equal((await ours('counts', queue.name)).waiting, 0);
    }
  },

  async 'one deduplication id is one job for both'({ queue, ours }) {
    const dup = { deduplication: { id: 'the-one' } };
    await ours('add', queue.name, 'first', 'probe', '{}', 0, 0, 1, 'the-one');
    assert.equal((await queue.add('probe', {}, dup)).id, 'first');
    await ours('work', queue.name, 1, 'complete', '1');
    const second = await queue.add('probe', {}, dup);
    assert.notEqual(second.id, 'first');
    assert.equal(await ours('add', queue.name, 'third', 'probe', '{}', 0, 0, 1, 'the-one'),
      second.id);
    await second.remove();
    assert.equal(await ours('add', queue.name, 'third', 'probe', '{}', 0, 0, 1, 'the-one'),
      'third');
  },

  async 'a limit of the whole queue holds for both'({ queue, ours, Worker, connection, within }) {
    await queue.setGlobalConcurrency(1);
    await queue.add('probe', {}, { jobId: 'a' });
    await queue.add('probe', {}, { jobId: 'b' });
    let release;
    const gate = new Promise((go) => { release = go; });
    const worker = new Worker(queue.name, async (job) => { if (job.id === 'a') await gate; },
      { connection });
    await within(new Promise((go) => worker.once('active', go)), 'a run by Node');
    assert.deepEqual(await ours('work', queue.name, 1, 'complete', '1', 0, 100), []);
    release();
    await within(new Promise((go) => worker.on('completed', (job) => job.id === 'b' && go())),
      'the second run');
    await worker.close();
  },

  async 'a child of ours that fails fails its parent in Node'({ queue, ours, FlowProducer,
    connection }) {
    const flows = new FlowProducer({ connection });
    await flows.add({ name: 'probe', queueName: queue.name, opts: { jobId: 'top' },
      children: [{ name: 'probe', queueName: queue.name, data: {},
        opts: { jobId: 'leaf', failParentOnFailure: true } }] });
    await ours('work', queue.name, 1, 'fail', 'no luck');
    await ours('work', queue.name, 1, 'complete', '1');
    const top = await queue.getJob('top');
    assert.equal(await top.getState(), 'failed');
    assert.match(top.failedReason ?? (await queue.getJob('top')).failedReason, /leaf/);
    await flows.close();
  },

  async 'pages of jobs are the same for both'({ queue, ours }) {
    for (let n = 0; n < 3; ++n) await queue.add('probe', { n }, { jobId: `w${n}` });
    await ours('add', queue.name, 'p', 'probe', '{}', 2, 0, 1);
    await ours('add', queue.name, 'd', 'probe', '{}', 0, 60_000, 1);
    const counts = await queue.getJobCounts();
    const seen = await ours('counts', queue.name);
    for (const state of ['waiting', 'prioritized', 'delayed', 'active', 'completed', 'failed']) {
      assert.equal(counts[state], seen[state], state);
    }
    assert.deepEqual(ids(await queue.getWaiting()).sort(), ['w0', 'w1', 'w2']);
    assert.deepEqual(ids(await queue.getDelayed()), ['d']);
    await (await queue.getJob('w0')).updateData({ n: 'other' });
    assert.equal((await ours('work', queue.name, 1, 'complete', '1'))[0].data, '{"n":"other"}');
  },
};
