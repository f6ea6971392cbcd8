// What workers do beside running jobs: schedulers, payloads kept for later, minutes, pauses.
import assert from 'node:assert/strict';

const paused = async (queue, redis) => Number(await redis.llen(queue.toKey('paused')));

export const rules = {
  async 'a scheduler of Node goes on by our runs to its limit'({ queue, ours, events, until }) {
    const added = [];
    events.on('added', ({ jobId }) => added.push(jobId));
    await queue.upsertJobScheduler('tick', { every: 100, limit: 4 },
      { name: 'probe', data: { n: 1 }, opts: { attempts: 2, priority: 3 } });
    const ran = await ours('work', queue.name, 4, 'complete', '1');
    assert.equal(new Set(ran.map((r) => r.id)).size, 4);
    for (const run of ran) {
      assert.match(run.id, /^repeat:tick:\d+$/);
      assert.equal(run.data, '{"n":1}');
      assert.equal(run.attempts, 2);
    }
    const times = ran.map((r) => Number(r.id.split(':')[2]));
    for (let n = 1; n < 4; ++n) assert.equal((times[n] - times[n - 1]) % 100, 0, String(times));
    await until(() => ran.slice(1).every((run) => added.includes(run.id)), 'events of the runs');
    assert.equal(await queue.getDelayedCount(), 0, 'the limit was reached');
    const last = await queue.getJob(ran[3].id);
    assert.equal(last.repeatJobKey, 'tick');
    assert.equal(last.priority, 3);
    assert.equal((await queue.getJobScheduler('tick')).iterationCount, 4);
  },

  async 'a cron scheduler is run by us and Node in turn'({ queue, ours, Worker, connection, within }) {
    await queue.upsertJobScheduler('each', { pattern: '* * * * * *', tz: 'America/Santiago' },
      { name: 'probe', data: {} });
    const [first] = await ours('work', queue.name, 1, 'complete', '1');
    const [waits] = await queue.getDelayed();
    assert.equal(waits.repeatJobKey, 'each');
    assert.equal(waits.opts.repeat.count, 2);
    const [listed] = await queue.getJobSchedulers();
    assert.equal(waits.id, `repeat:each:${listed.next}`);
    assert.ok(listed.next > Number(first.id.split(':')[2]));
    assert.equal(listed.next % 1000, 0);
    const worker = new Worker(queue.name, async (job) => job.id, { connection });
    const second = await within(new Promise((go) => worker.once('active', go)), 'a run by Node');
    await worker.close();
    assert.equal(second.id, waits.id);
    const [third] = await ours('work', queue.name, 1, 'complete', '1');
    assert.notEqual(third.id, second.id);
    assert.equal(await queue.removeJobScheduler('each'), true);
    assert.equal(await queue.getDelayedCount(), 0);
  },

  async 'the next run of a scheduler goes with its scheduler only'({ queue, ours }) {
    await queue.upsertJobScheduler('day', { every: 86_400_000 }, { name: 'probe' });
    await ours('work', queue.name, 1, 'complete', '1');
    const [next] = await queue.getDelayed();
    await assert.rejects(ours('edit', queue.name, next.id, 'remove', 0), /job scheduler/);
    await assert.rejects(ours('cancel', queue.name, next.id), /job scheduler/);
    assert.equal(await ours('clean', queue.name, 'delayed'), 0);
    await assert.rejects(next.remove(), /job scheduler/i);
    assert.equal(await queue.getDelayedCount(), 1);
    const end = Date.now() - 1_000;
    await queue.upsertJobScheduler('day', { every: 50, endDate: end + 2_000 }, { name: 'probe' });
    await queue.promoteJobs();
    await new Promise((go) => setTimeout(go, 1_100));
    await ours('work', queue.name, 1, 'complete', '1');
    assert.equal(await queue.getDelayedCount(), 0, 'its end is over');
    await ours('pause', queue.name, 1);
    await ours('obliterate', queue.name);
    assert.deepEqual(await queue.getJobSchedulers(), []);
  },

  async 'the last payload that came while a job ran is run next'({ queue, ours, Worker, connection,
    within, redis }) {
    const add = (n, more) => queue.add('probe', { n },
      { deduplication: { id: 'one', keepLastIfActive: true }, ...more });
    await add(1);
    const later = ours('work', queue.name, 1, 'complete', '1', 400);
    while (await queue.getActiveCount() === 0) await new Promise((go) => setTimeout(go, 10));
    await add(2);
    await add(3, { priority: 7, attempts: 5 });
    await later;
    const [kept] = await queue.getPrioritized();
    assert.deepEqual(kept.data, { n: 3 });
    assert.equal(kept.deduplicationId, 'one');
    assert.equal(await queue.getDeduplicationJobId('one'), kept.id);
    assert.equal(await redis.exists(queue.toKey('dn:one')), 0);
    const [ran] = await ours('work', queue.name, 1, 'complete', '1');
    assert.equal(ran.id, kept.id);
    assert.equal(ran.attempts, 5);
    assert.equal(await queue.getDeduplicationJobId('one'), null);
    const worker = new Worker(queue.name, async () => 1, { connection });
    const done = new Promise((go) => worker.once('completed', go));
    assert.equal((await add(4)).data.n, 4);
    await within(done, 'a run by Node');
    await worker.close();
  },

  async 'an id stays taken for its time to live, also when we end its job'({ queue, ours }) {
    const opts = { deduplication: { id: 'for-a-while', ttl: 60_000 } };
    const first = await queue.add('probe', {}, opts);
    await ours('work', queue.name, 1, 'complete', '1');
    assert.equal((await queue.add('probe', {}, opts)).id, first.id);
    assert.equal(await queue.getWaitingCount(), 0);
  },

  async 'ends are counted by minute where the fleet asks for it'({ queue, ours, Worker, connection,
    within, redis }) {
    await queue.add('probe', {});
    await ours('work', queue.name, 1, 'complete', '1');
    assert.equal(await redis.exists(queue.toKey('metrics:completed')), 0, 'nobody asked');
    const worker = new Worker(queue.name, async () => 1,
      { connection, metrics: { maxDataPoints: 30 } });
    await queue.add('probe', {});
    await within(new Promise((go) => worker.once('completed', go)), 'a run by Node');
    await worker.close();
    for (const how of ['complete', 'complete', 'fail']) {
      await queue.add('probe', {});
      await ours('work', queue.name, 1, how, '1');
    }
    assert.equal((await queue.getMetrics('completed')).meta.count, 3);
    assert.equal((await queue.getMetrics('failed')).meta.count, 1);
    // As if these had been three minutes ago.
    const key = queue.toKey('metrics:completed');
    await redis.hset(key, 'prevTS', Date.now() - 180_000);
    await queue.add('probe', {});
    await ours('work', queue.name, 1, 'complete', '1');
    const { meta, data } = await queue.getMetrics('completed');
    assert.deepEqual(data.map(Number), [0, 0, 3]);
    assert.equal(meta.count, 4);
    assert.equal(Number(meta.prevCount), 3);
  },

  async 'a worker of ours that counts minutes keeps as many as it was told'({ queue, ours, redis }) {
    await ours('metrics', queue.name, 2);
    for (const minutes of [0, 1, 5]) {
      if (minutes > 0) {
        await redis.hset(queue.toKey('metrics:completed'), 'prevTS', Date.now() - minutes * 60_000);
      }
      await queue.add('probe', {});
      await ours('work', queue.name, 1, 'complete', '1');
    }
    assert.deepEqual((await queue.getMetrics('completed')).data.map(Number), [0, 1]);
  },

  async 'what is added during a pause waits, whoever pauses and resumes'({ queue, ours, redis, fleet,
    oursAs }) {
    const ids = async () => (await ours('work', queue.name, 4, 'complete', '1')).map((r) => r.id);
    for (const pause of ['theirs', 'ours']) {
      for (const resume of ['theirs', 'ours']) {
        await queue.add('probe', {}, { jobId: 'a' });
        if (pause === 'ours') await ours('pause', queue.name, 1); else await queue.pause();
        assert.equal(await queue.isPaused(), true);
        await ours('add', queue.name, 'b', 'probe', '{}', 0, 0, 1);
        await queue.add('probe', {}, { jobId: 'c' });
        await queue.add('probe', {}, { jobId: 'd', priority: 1 });
        const seen = await ours('counts', queue.name);
        assert.equal(seen.paused, true);
        assert.equal(seen.waiting, 3);
        assert.equal(await paused(queue, redis), fleet === '5' ? 3 : 0);
        const nothing = await ours('work', queue.name, 1, 'complete', '1', 0, 100);
        assert.deepEqual(nothing, []);
        if (resume === 'ours') await ours('pause', queue.name, 0); else await queue.resume();
        assert.equal(await paused(queue, redis), 0);
        assert.deepEqual(await ids(), ['a', 'b', 'c', 'd'], `${pause} ${resume}`);
        for (const id of ['a', 'b', 'c', 'd']) await (await queue.getJob(id)).remove();
      }
    }
    assert.equal((await oursAs(fleet, 'counts', queue.name)).paused, false);
  },

  async 'no pause or resume of ours puts one list over another'({ queue, ours, redis, fleet }) {
    if (fleet !== '5') return;
    const [wait, aside] = [queue.toKey('wait'), queue.toKey('paused')];
    const list = (key) => redis.lrange(key, 0, -1);
    for (const id of ['a', 'b', 'c', 'd']) await queue.add('probe', {}, { jobId: id });
    // What a resume that was broken off leaves: a and b still stand aside.
    await redis.lmove(wait, aside, 'RIGHT', 'LEFT');
    await redis.lmove(wait, aside, 'RIGHT', 'LEFT');
    await ours('pause', queue.name, 1);
    assert.deepEqual(await list(aside), ['d', 'c', 'b', 'a']);
    assert.deepEqual(await list(wait), []);
    await redis.lmove(aside, wait, 'LEFT', 'LEFT');
    await ours('pause', queue.name, 0);
    assert.deepEqual(await list(wait), ['d', 'c', 'b', 'a']);
    await redis.lmove(wait, aside, 'RIGHT', 'LEFT');
    const ran = await ours('work', queue.name, 4, 'complete', '1');
    assert.equal(ran.length, 4, 'upkeep brings back what stands aside of a queue that runs');
  },

  async 'our worker is in the list of workers'({ queue, oursUntilKilled, scratch, until }) {
    assert.deepEqual(await queue.getWorkers(), []);
    const worker = oursUntilKilled('listed', 'serve', queue.name, 1, 5_000, `${scratch}/listed`);
    const [seen] = await until(async () => {
      const all = await queue.getWorkers();
      return all.length > 0 && all;
    }, 'our worker');
    assert.equal(seen.name, queue.name);
    worker.kill('SIGKILL');
  },

  async 'a queue of another version is refused, and says why'({ queue, ours, oursAs, fleet, redis }) {
    const other = fleet === '5' ? '6' : '5';
    await queue.add('probe', {}, { jobId: 'mine' });
    await assert.rejects(oursAs(other, 'work', queue.name, 1, 'complete', '1'),
      new RegExp(`bullmq:${fleet}.*SON1K_BULLMQ_VERSION is ${other}`, 's'));
    assert.equal(await queue.getWaitingCount(), 1);
    await redis.hset(queue.toKey('meta'), 'version', 'bullmq:4.18.2');
    await assert.rejects(ours('work', queue.name, 1, 'complete', '1'), /bullmq:4/);
    await redis.hset(queue.toKey('meta'), 'version', 'something else');
    assert.equal((await ours('work', queue.name, 1, 'complete', '1')).length, 1);
  },
};
