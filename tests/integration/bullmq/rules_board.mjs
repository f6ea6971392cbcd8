// Bull Board over a queue of ours, in Debian's Chromium: what it shows, and what its buttons do.
import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import { join } from 'node:path';

const pageMs = 15_000;
let browser;

// The board of one queue, open in a page.
async function board({ modules, queue }, use) {
  const load = createRequire(join(modules, 'package.json'));
  const express = load('express');
  const { createBullBoard } = load('@bull-board/api');
  const { BullMQAdapter } = load('@bull-board/api/bullMQAdapter');
  const { ExpressAdapter } = load('@bull-board/express');
  const serverAdapter = new ExpressAdapter();
  serverAdapter.setBasePath('/board');
  createBullBoard({ queues: [new BullMQAdapter(queue)], serverAdapter });
  const app = express();
  app.use('/board', serverAdapter.getRouter());
  const server = app.listen(0, '127.0.0.1');
  await new Promise((go) => server.once('listening', go));
  browser ??= await load('playwright-core').chromium.launch(
    { executablePath: '/usr/bin/chromium', args: ['--no-sandbox', '--disable-gpu'] });
  const page = await browser.newPage();
  page.setDefaultTimeout(pageMs);
  const at = `http://127.0.0.1:${server.address().port}/board/queue/${queue.name}`;
  try {
    await use(page, at);
  } finally {
    await page.close();
    server.close();
  }
}

// Buttons of a job have no names but those that show while the pointer is on them.
async function press(page, name) {
  await page.locator('a[href*="/queue/"]').first().waitFor();
  for (const button of await page.locator('[data-base-ui-tooltip-trigger] button').all()) {
    await button.hover();
    await page.waitForTimeout(400);
    if ((await page.locator('body').innerText()).trimEnd().endsWith(name)) {
      await button.click();
      await page.getByRole('button', { name: 'Confirm' }).click();
      return;
    }
  }
  throw new Error(`no button ${name}`);
}

async function confirm(page, button) {
  await page.getByRole('button', { name: button }).click();
  await page.getByRole('button', { name: 'Confirm' }).click();
}

const job = (page, id) => page.locator(`a[href*="/${id}?"]`).first();

export const rules = {
  async 'it lists our jobs and opens one'(t) {
    await t.ours('add', t.queue.name, 'la-cueca', 'probe', '{"tune":"sau sau"}', 0, 0, 3);
    await t.ours('add', t.queue.name, 'el-trote', 'probe', '{}', 4, 0, 1);
    await board(t, async (page, at) => {
      await page.goto(`${at}?status=waiting`);
      await job(page, 'la-cueca').click();
      await page.waitForURL('**/la-cueca?**');
      await page.getByText('Data', { exact: true }).click();
      await page.getByText('sau sau').waitFor();
      await page.goto(`${at}?status=prioritized`);
      await job(page, 'el-trote').waitFor();
    });
  },

  async 'it shows what a run of ours returned and wrote'(t) {
    await t.ours('add', t.queue.name, 'done', 'probe', '{}', 0, 0, 1);
    await t.ours('work', t.queue.name, 1, 'complete', '{"notes":"do re mi"}');
    await board(t, async (page, at) => {
      await page.goto(`${at}/done?status=completed`);
      await page.getByText('do re mi').waitFor();
      await page.getByText('Logs', { exact: true }).click();
      await page.getByText('from the driver').waitFor();
    });
  },

  async 'it retries a job that failed here'(t) {
    const { queue, ours, until } = t;
    await ours('add', queue.name, 'broke', 'probe', '{}', 0, 0, 1);
    await ours('work', queue.name, 1, 'fail', 'a string snapped');
    await board(t, async (page, at) => {
      await page.goto(`${at}?status=failed`);
      await job(page, 'broke').waitFor();
      await page.getByText('a string snapped').first().waitFor();
      await press(page, 'Retry');
      await until(async () => (await ours('get', queue.name, 'broke')).state === 'waiting',
        'it waits');
    });
    const [ran] = await ours('work', queue.name, 1, 'complete', '1');
    assert.deepEqual([ran.id, ran.state], ['broke', 'completed']);
  },

  async 'it cleans what ended here'(t) {
    const { queue, ours, until, redis } = t;
    for (const id of ['a', 'b']) await ours('add', queue.name, id, 'probe', '{}', 0, 0, 1);
    await ours('work', queue.name, 2, 'complete', '1');
    for (const id of ['a', 'b']) {  // the board leaves what ended in the last seconds
      await redis.zadd(queue.toKey('completed'), Date.now() - 60_000, id);
      await redis.hset(queue.toKey(id), 'finishedOn', Date.now() - 60_000);
    }
    await ours('add', queue.name, 'stays', 'probe', '{}', 0, 0, 1);
    await board(t, async (page, at) => {
      await page.goto(`${at}?status=completed`);
      await job(page, 'a').waitFor();
      await confirm(page, 'Clean all');
      await until(async () => (await ours('counts', queue.name)).completed === 0, 'none left');
    });
    assert.equal(await redis.exists(queue.toKey('a'), queue.toKey('b')), 0);
    assert.equal((await ours('work', queue.name, 1, 'complete', '1'))[0].id, 'stays');
  },

  async 'it shows a worker of ours and a pause of ours'(t) {
    const { queue, ours, oursUntilKilled, scratch } = t;
    const worker = oursUntilKilled('board', 'serve', queue.name, 1, 5_000, `${scratch}/board`);
    await t.until(async () => (await queue.getWorkers()).length === 1, 'the worker is listed');
    await ours('pause', queue.name, 1);
    await board(t, async (page, at) => {
      await page.goto(at);
      await page.getByText(/paused/i).first().waitFor();
      await ours('pause', queue.name, 0);
      await page.reload();
      await page.getByText('No latest jobs').waitFor();
      assert.equal(await page.getByText('No workers').count(), 0);
      worker.kill('SIGKILL');
      await t.until(async () => (await queue.getWorkers()).length === 0, 'the worker has gone');
      await page.reload();
      await page.getByText('No workers').waitFor();
    });
  },
};
