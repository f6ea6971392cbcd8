// A program with BullMQ whose jobs `son1k worker --probe` runs.
import assert from 'node:assert/strict';

export const rules = {
  async 'jobs of Node are run by the program'({ queue, events, within, until }) {
    const job = await queue.add('probe', { sleepMs: 10, result: { ok: 1 } });
    assert.deepEqual(await within(job.waitUntilFinished(events), 'its end'), { ok: 1 });
    const fails = await queue.add('probe', { failTimes: 9, failWith: 'no' }, { attempts: 2 });
    await assert.rejects(within(fails.waitUntilFinished(events), 'its failure'), /no/);
    await queue.upsertJobScheduler('tick', { every: 100, limit: 3 }, { name: 'probe' });
    await until(async () => await queue.getCompletedCount() === 4, 'runs of the scheduler');
    assert.equal((await queue.getMetrics('completed')).meta.count, 4);
    assert.equal((await queue.getMetrics('failed')).meta.count, 1);
    assert.equal((await queue.getWorkers()).length, 1);
  },
};
