// What holds of the studio page in a browser.
import assert from 'node:assert/strict';
import { readFileSync, rmSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { audio, bar, finished, make, prompt, reading, slider, stateOf, until } from './browser.mjs';
import { axe, noSidewaysScroll } from './looks.mjs';

// Every value that the progress bar has had, from inside the page, so that none is missed.
const record = (page) => page.evaluate(() => {
  window.seen = [];
  const look = () => {
    const bar = document.querySelector('[role=progressbar]');
    if (bar) window.seen.push([Number(bar.ariaValueNow), bar.ariaValueText]);
  };
  new MutationObserver(look).observe(document.body,
    { subtree: true, childList: true, attributes: true, attributeFilter: ['aria-valuenow'] });
});

// The colours of the waveform's pixels, as many as there are.
const painted = (page) => page.locator('.bars canvas').evaluate((canvas) => {
  const all = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height).data;
  let count = 0;
  for (let at = 3; at < all.length; at += 4) if (all[at] > 0) count += 1;
  return count / (all.length / 4);
});

async function download(page, format) {
  const [file] = await Promise.all([
    page.waitForEvent('download'),
    page.locator(`.downloads a`, { hasText: format }).click(),
  ]);
  return { name: file.suggestedFilename(), bytes: readFileSync(await file.path()) };
}

export const rules = {
  async a_prompt_becomes_a_piece_that_plays(scene) {
    const home = await scene.serve();
    const page = await scene.page();
    await page.goto(home.url);
    await record(page);
    await prompt(page).fill('Melancholic lo-fi piano, 80 bpm in D minor, 25 seconds, flamingo');
    assert.equal(await reading(page, 'Tempo').locator('dd').textContent(), '80 bpm, You said so');
    assert.equal(await reading(page, 'Key').locator('dd').textContent(), 'D minor, You said so');
    assert.match(await reading(page, 'Metre').innerText(), /Chosen by the composer/);
    await page.getByText('Changed nothing: flamingo').waitFor();
    await until(async () => !(await page.locator('.is-reading').count()), 'all is read');
    const title = await reading(page, 'Title').locator('dd').evaluate((e) => e.firstChild.data);
    await make(page).click();
    await finished(page);

    const seen = await page.evaluate(() => window.seen);
    const percents = seen.map(([n]) => n);
    assert.deepEqual(percents, [...percents].sort((a, b) => a - b), 'never backwards');
    assert.ok(new Set(percents).size > 4, `${percents}`);
    assert.ok(seen.some(([, text]) => text.includes('playing the instruments')), `${seen}`);

    const id = new URL(page.url()).pathname.split('/').pop();
    const piece = await home.piece(id);
    assert.equal(await page.locator('.piece-title').innerText(), title, 'as it was understood');
    assert.equal(piece.metadata.title, title);
    await until(async () => (await audio(page, 'readyState')) > 0, 'the sound is there');
    assert.ok(Math.abs((await audio(page, 'duration')) - piece.metadata.duration) < 0.2);
    await until(async () => (await painted(page)) > 0.05, 'the waveform is drawn');
    assert.equal(await page.locator('.parts button').count(), piece.metadata.sections.length);

    await page.getByRole('button', { name: 'Play' }).click();
    await until(async () => (await audio(page, 'currentTime')) > 0.3, 'it plays');
    await page.getByRole('button', { name: 'Pause' }).click();
    const box = await slider(page).boundingBox();
    await page.mouse.click(box.x + box.width / 2, box.y + box.height / 2);
    const length = await audio(page, 'duration');
    assert.ok(Math.abs((await audio(page, 'currentTime')) - length / 2) < 0.5);

    const song = await download(page, 'mp3');
    assert.ok(song.name.endsWith('.mp3'), song.name);
    assert.equal(song.bytes.subarray(0, 3).toString(), 'ID3');
    assert.ok(song.bytes.length > 100_000, `${song.bytes.length}`);
    assert.equal((await download(page, 'flac')).bytes.subarray(0, 4).toString(), 'fLaC');
    assert.equal((await download(page, 'midi')).bytes.subarray(0, 4).toString(), 'MThd');

    await page.goto(home.url);
    await page.locator('.piece', { hasText: title }).click();
    await finished(page);
    scene.clean();
  },

  async a_reload_in_the_middle_goes_on(scene) {
    const home = await scene.serve();
    const page = await scene.page();
    await page.goto(home.url);
    await prompt(page).fill('slow ambient pads');
    await page.getByLabel('Length').selectOption('600');
    await make(page).click();
    const at = async () => Number(await bar(page).getAttribute('aria-valuenow'));
    await until(async () => (await at()) >= 8, 'it is on its way');
    const before = await at();
    await page.reload();
    await bar(page).waitFor();
    await until(async () => (await at()) >= before, 'it goes on from there');
    await until(async () => (await at()) > before, 'it goes on');
    assert.equal(await stateOf(page), 'In the making');
    assert.match(await page.locator('.piece[aria-current]').innerText(), /in the making/);
    await page.locator('.stage').getByRole('button', { name: 'Cancel' }).click();
    await until(async () => (await stateOf(page)) === 'Cancelled', 'it is cancelled');
    const id = new URL(page.url()).pathname.split('/').pop();
    assert.equal((await home.piece(id)).status, 'cancelled');
    await page.getByRole('button', { name: 'Make it again' }).waitFor();
    scene.clean();
  },

  async a_waiting_piece_shows_its_place(scene) {
    const home = await scene.serve({ args: ['--workers', '0'] });
    const ids = [];
    for (const n of [1, 2, 3]) ids.push(await home.create(`piano ${n}`));
    const page = await scene.page();
    await page.goto(`${home.url}/pieces/${ids[2]}`);
    await page.getByText('Place 3 in the queue').waitFor();
    assert.equal(await stateOf(page), 'Waiting');
    await home.call('POST', `/api/generation/${ids[0]}/cancel`);
    await page.getByText('Place 2 in the queue').waitFor();
    await home.call('POST', `/api/generation/${ids[1]}/cancel`);
    await page.getByText('Next in the queue').waitFor();
    assert.equal(await bar(page).getAttribute('aria-valuenow'), '0');
    scene.clean();
  },

  async a_failed_piece_says_why_and_is_tried_again(scene) {
    const font = join(scene.folder, 'font.sf2');
    symlinkSync('/usr/share/sounds/sf2/FluidR3_GM.sf2', font);
    const home = await scene.serve({ args: ['--sound-font', font] });
    rmSync(font);
    const page = await scene.page();
    await page.goto(`${home.url}/pieces/${await home.create('a short waltz')}`);
    await until(async () => (await page.locator('.stage .state').count()) &&
      (await stateOf(page)) === 'It did not work', 'it fails after its attempts');
    assert.match(await page.locator('.stage .problem').innerText(), /font/i);
    symlinkSync('/usr/share/sounds/sf2/FluidR3_GM.sf2', font);
    await page.getByRole('button', { name: 'Try again' }).click();
    await finished(page);
    scene.clean();
  },

  async a_lost_server_is_said_and_found_again(scene) {
    const home = await scene.serve();
    const page = await scene.page();
    await page.goto(home.url);
    await prompt(page).fill('soft harp');
    await page.locator('.link-live').waitFor();
    await home.stop();
    await page.getByText('No connection.').waitFor();
    await make(page).click();
    await page.locator('.toast-bad', { hasText: 'Your text is kept' }).waitFor();
    await page.reload().catch(() => {});
    // The browser goes to its own page of errors by itself, and would break off the next journey.
    await page.waitForURL('chrome-error://**', { waitUntil: 'commit' });
    await home.start();
    await page.goto(home.url);
    assert.equal(await prompt(page).inputValue(), 'soft harp');
    await make(page).click();
    await bar(page).waitFor();
    await home.stop();
    await page.getByText('No connection.').waitFor();
    await home.start();
    await page.locator('.link-live').waitFor();
    await finished(page);
    assert.equal(await page.locator('.banner').innerText(), '');
    scene.clean(/ERR_CONNECTION|Failed to load resource|ERR_INCOMPLETE|WebSocket/);
  },

  async its_news_come_over_a_socket(scene) {
    const home = await scene.serve();
    const page = await scene.page();
    const frames = [];
    const asked = [];
    page.on('websocket', (ws) => ws.on('framereceived', (f) => frames.push(String(f.payload))));
    page.on('request', (r) => asked.push(new URL(r.url()).pathname));
    await page.goto(home.url);
    await until(() => frames.some((f) => f === '3probe'), 'it goes over to a WebSocket');
    await prompt(page).fill('slow harp, 20 seconds');
    await make(page).click();
    await finished(page);
    for (const name of ['generation:progress', 'generation:complete']) {
      assert.ok(frames.some((f) => f.includes(name)), name);
    }
    assert.ok(!asked.includes('/api/events'));
    scene.clean();
  },

  async without_sockets_the_event_stream_is_enough(scene) {
    const home = await scene.serve({ env: { REALTIME: 'false' } });
    const page = await scene.page();
    const asked = [];
    page.on('request', (r) => asked.push(new URL(r.url()).pathname));
    await page.goto(home.url);
    await page.locator('.link-live').waitFor();
    assert.ok(asked.includes('/api/events'));
    await record(page);
    await prompt(page).fill('slow harp, 20 seconds');
    await make(page).click();
    await finished(page);
    const percents = new Set((await page.evaluate(() => window.seen)).map(([n]) => n));
    assert.ok(percents.size > 4, `${[...percents]}`);
    scene.clean();
  },

  async it_speaks_spanish_and_keeps_the_choice(scene) {
    const home = await scene.serve({ args: ['--workers', '0'] });
    const page = await scene.page({ locale: 'es-CL' });
    await page.goto(home.url);
    await page.getByText('¿Qué le gustaría escuchar?').waitFor();
    assert.equal(await page.evaluate(() => document.documentElement.lang), 'es');
    await prompt(page).fill('vals en la menor');
    assert.match(await reading(page, 'Tonalidad').innerText(), /la menor/);
    await prompt(page).fill('vals a 900 bpm');
    await page.locator('#prompt-problem', { hasText: /^el tempo debe/ }).waitFor();
    assert.equal(await page.locator('.understood').count(), 0);
    await page.getByRole('button', { name: /English/ }).click();
    await page.locator('#prompt-problem', { hasText: 'must' }).waitFor();
    await page.reload();
    await page.getByText('What would you like to hear?').waitFor();
    scene.clean(/422/);
  },

  async it_is_dark_by_the_system_and_by_choice(scene) {
    const home = await scene.serve({ args: ['--workers', '0'] });
    const page = await scene.page({ colorScheme: 'dark' });
    const ground = () => page.evaluate(() =>
      getComputedStyle(document.documentElement).backgroundColor.match(/\d+/g).map(Number)[0]);
    await page.goto(home.url);
    await page.getByRole('button', { name: 'System', exact: true }).waitFor();
    assert.ok((await ground()) < 60);
    await page.getByRole('button', { name: 'Light' }).click();
    assert.ok((await ground()) > 200);
    await page.reload();
    await page.getByRole('button', { name: 'Light', pressed: true }).waitFor();
    assert.ok((await ground()) > 200);
    await page.getByRole('button', { name: 'System', exact: true }).click();
    assert.ok((await ground()) < 60);
    scene.clean();
  },

  async it_is_worked_by_the_keyboard_alone(scene) {
    const home = await scene.serve();
    const page = await scene.page();
    await page.goto(home.url);
    const tabTo = async (wanted) => {
      for (let presses = 0; presses < 60; presses++) {
        await page.keyboard.press('Tab');
        if (await page.evaluate((css) => document.activeElement.matches(css), wanted)) return;
      }
      throw new Error(`no way to ${wanted}`);
    };
    await tabTo('.skip');
    await page.keyboard.press('Enter');
    await tabTo('#prompt');
    await page.keyboard.type('happy ukulele, 15 seconds');
    await page.keyboard.press('Control+Enter');
    await finished(page);
    await page.locator('.skip').focus();
    await tabTo('.bars');
    await until(async () => (await audio(page, 'readyState')) > 0, 'the sound is there');
    await page.keyboard.press('ArrowRight');
    assert.equal(Math.round(await audio(page, 'currentTime')), 5);
    assert.match(await slider(page).getAttribute('aria-valuetext'), /^0:05 of 0:15, part/);
    await page.keyboard.press('End');
    assert.ok((await audio(page, 'currentTime')) > 14);
    await page.keyboard.press('Home');
    assert.equal(await audio(page, 'currentTime'), 0);
    await tabTo('.play');
    await page.keyboard.press('Enter');
    await until(async () => (await audio(page, 'currentTime')) > 0.2, 'it plays');
    scene.clean();
  },

  async the_pieces_are_searched(scene) {
    const home = await scene.serve({ args: ['--workers', '0'] });
    for (const what of ['Quiet harp', 'loud drums', 'harp and drums']) await home.create(what);
    const page = await scene.page();
    await page.goto(home.url);
    const rows = page.locator('.piece .name');
    await until(async () => (await rows.count()) === 3, 'all are listed');
    await page.getByRole('searchbox').fill('HARP');
    await until(async () => (await rows.count()) === 2, 'two have a harp');
    await page.getByLabel('Show').selectOption('failed');
    await page.getByText('No piece matches.').waitFor();
    scene.clean();
  },

  async axe_finds_nothing_serious(scene) {
    const home = await scene.serve();
    const done = await home.create('slow piano in C minor', { duration: 20 });
    await home.ended(done);
    const cancelled = await home.create('long', { duration: 600 });
    await home.call('POST', `/api/generation/${cancelled}/cancel`);
    for (const options of [{}, { colorScheme: 'dark', locale: 'es-CL' },
                           { viewport: { width: 360, height: 740 } }]) {
      const page = await scene.page(options);
      const where = JSON.stringify(options);
      await page.goto(home.url);
      await page.locator('.piece').first().waitFor();
      await axe(scene, page, `empty ${where}`);
      await prompt(page).fill('vals triste con flamingos');
      await page.locator('.readings').waitFor();
      await axe(scene, page, `understood ${where}`);
      await page.goto(`${home.url}/pieces/${done}`);
      await finished(page);
      await page.locator('.parts button').first().waitFor();
      await page.locator('.facts summary').click();
      await axe(scene, page, `finished ${where}`);
      await page.goto(`${home.url}/pieces/${cancelled}`);
      await page.locator('.stage .buttons').waitFor();
      await axe(scene, page, `cancelled ${where}`);
      await page.locator('.options select').nth(1).selectOption('600');
      await make(page).click();
      await bar(page).waitFor();
      await axe(scene, page, `in the making ${where}`);
      await page.locator('.stage').getByRole('button', { name: /^Cancel/ }).click();
      await page.context().close();
    }
    scene.clean();
  },

  async nothing_scrolls_sideways(scene) {
    const home = await scene.serve();
    const id = await home.create('slow piano', { duration: 20 });
    await home.ended(id);
    await home.create('w'.repeat(300), { duration: 5 });
    for (const width of [320, 360, 800, 1600]) {
      const page = await scene.page({ viewport: { width, height: 740 }, locale: 'es-CL' });
      await page.goto(home.url);
      await page.locator('.piece').first().waitFor();
      await noSidewaysScroll(page);
      await prompt(page).fill(`vals ${'a'.repeat(120)} con guitarra, sin batería`);
      await page.locator('.readings').waitFor();
      await noSidewaysScroll(page);
      await page.goto(`${home.url}/pieces/${id}`);
      await finished(page);
      await page.locator('.parts button').first().waitFor();
      await noSidewaysScroll(page);
      await page.context().close();
    }
    scene.clean();
  },

  async what_is_not_there_is_said(scene) {
    const home = await scene.serve({ args: ['--workers', '0'] });
    const page = await scene.page();
    await page.goto(`${home.url}/pieces/01890000-0000-7000-8000-000000000000`);
    await page.getByText('There is no such piece.').waitFor();
    scene.clean(/404/);
  },

  async the_api_is_shown_and_tried(scene) {
    const home = await scene.serve({ args: ['--workers', '0'] });
    for (const [width, colorScheme] of [[1280, 'light'], [340, 'dark']]) {
      const page = await scene.page({ viewport: { width, height: 800 }, colorScheme });
      await page.goto(`${home.url}/api/docs`);
      const calls = page.locator('details.operation');
      await calls.first().waitFor();
      const described = await (await fetch(`${home.url}/api/openapi.json`)).json();
      const count = Object.values(described.paths).flatMap((item) => Object.keys(item)).length;
      assert.equal(await calls.count(), count);
      await axe(scene, page, `closed ${width}`);
      await page.getByRole('searchbox').fill('create PIECE');
      assert.equal(await page.locator('details.operation:visible').count(), 1);
      await page.getByRole('searchbox').fill('/health');
      const health = page.locator('#getHealth');
      await health.locator('summary').first().click();
      await health.getByRole('button', { name: 'Send' }).click();
      await health.locator('.reply .status').waitFor();
      assert.match(await health.locator('.reply .status').innerText(), /^200 /);
      assert.match(await health.locator('.reply pre').innerText(), /"database": "up"/);
      await page.getByRole('searchbox').fill('understandPrompt');
      const brief = page.locator('#understandPrompt');
      await brief.locator('summary').first().click();
      await brief.locator('.trial').waitFor();
      await axe(scene, page, `open ${width}`);
      await noSidewaysScroll(page);
      await page.getByRole('button', { name: 'ES' }).click();
      await page.getByRole('searchbox', { name: 'Buscar una llamada' }).waitFor();
      await page.context().close();
    }
    scene.clean();
  },
};
