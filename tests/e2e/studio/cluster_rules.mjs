// What holds of the studio page where two servers share the work and a worker elsewhere does it.
import assert from 'node:assert/strict';
import { audio, bar, finished, make, prompt, stateOf, until } from './browser.mjs';

// A page whose progress is told from inside, over all its lives: { page, lives, told, asked }.
// lives: the values that the bar has had, a list a life. told: how often a socket said that a piece
// got on. asked: what was asked of servers.
async function watched(scene) {
  const page = await scene.page();
  const seen = { page, lives: [], told: 0, asked: [] };
  await page.exposeFunction('sawLife', () => { seen.lives.push([]); });
  await page.exposeFunction('sawProgress', (percent) => { seen.lives.at(-1).push(percent); });
  await page.addInitScript(() => {
    void window.sawLife();
    const look = () => {
      const found = document.querySelector('[role=progressbar]');
      if (found) void window.sawProgress(Number(found.ariaValueNow));
    };
    new MutationObserver(look).observe(document,
      { subtree: true, childList: true, attributes: true, attributeFilter: ['aria-valuenow'] });
  });
  page.on('websocket', (ws) => ws.on('framereceived', ({ payload }) => {
    if (String(payload).includes('generation:progress')) seen.told += 1;
  }));
  page.on('request', (request) => seen.asked.push(new URL(request.url()).pathname));
  return seen;
}

const at = async ({ page }) => Number(await bar(page).getAttribute('aria-valuenow'));

// It gets on from where it is, by what the server says on the socket.
async function goesOn(seen) {
  await bar(seen.page).waitFor();
  const [from, told] = [await at(seen), seen.told];
  await until(async () => seen.told > told && (await at(seen)) > from, `it goes on from ${from}`);
  assert.equal(await stateOf(seen.page), 'In the making');
}

async function plays({ page }, metadata) {
  await finished(page);
  await until(async () => (await audio(page, 'readyState')) > 0, 'the sound is there');
  assert.ok(Math.abs((await audio(page, 'duration')) - metadata.duration) < 0.2);
  await page.getByRole('button', { name: 'Play' }).click();
  await until(async () => (await audio(page, 'currentTime')) > 0.3, 'it plays');
}

export const rules = {
  async a_piece_made_at_one_is_followed_at_both(scene, first, second) {
    const [a, b] = [await watched(scene), await watched(scene)];
    await b.page.goto(second.url);
    await b.page.locator('.link-live').waitFor();
    await a.page.goto(first.url);
    await a.page.locator('.link-live').waitFor();
    await prompt(a.page).fill('slow ambient pads');
    await a.page.getByLabel('Length').selectOption('600');
    await make(a.page).click();

    await b.page.locator('.piece', { hasText: 'in the making' }).click();
    const id = new URL(b.page.url()).pathname.split('/').pop();
    await Promise.all([goesOn(a), goesOn(b)]);
    assert.equal(new URL(a.page.url()).pathname, `/pieces/${id}`);

    await a.page.reload();
    await goesOn(a);
    await a.page.goto(`${second.url}/pieces/${id}`);
    await goesOn(a);
    await b.page.reload();
    await goesOn(b);
    assert.equal((await first.piece(id)).status, 'processing');

    const { metadata } = await first.ended(id);
    for (const each of [a, b]) {
      await plays(each, metadata);
      const percents = each.lives.flat();
      console.log(JSON.stringify(each.lives));
      assert.deepEqual(percents, [...percents].sort((x, y) => x - y), 'never backwards');
      assert.ok(each.lives.every((life) => new Set(life).size > 1), JSON.stringify(each.lives));
      assert.ok(!each.asked.includes('/api/events'), 'all news came over sockets');
    }
    assert.deepEqual([a.lives.length, b.lives.length], [3, 2]);
    scene.clean();
  },
};
