// What holds of log-in, set-up and the account's pages in a browser.
import assert from 'node:assert/strict';
import { bar, finished, make, prompt, until } from './browser.mjs';
import { axe, noSidewaysScroll } from './looks.mjs';

const password = 'correct horse battery';
const stranger = { known: false };
// What a browser writes of a reply that is meant. A socket that ends with its session while it is
// polled is unknown to the poll that comes after.
const refused = /Failed to load resource.* (401|409|422|429)|WebSocket| 400 .*\/socket\.io\//;

const door = (page) => page.locator('.door h1');
const press = (page, name) => page.getByRole('button', { name, exact: true }).click();
const toast = (page, text) => page.locator('.toast', { hasText: text }).waitFor();
const heading = (page, name) => page.getByRole('heading', { level: 1, name }).waitFor();
const wrongAt = (page, id) => page.locator(`#${id}-problem:not(:empty)`).innerText();

const focusedId = (page, id) => until(() => page.evaluate(
  (wanted) => document.activeElement.id === wanted, id), `the focus is on #${id}`);
const focused = (page, text) => until(() => page.evaluate(
  (wanted) => document.activeElement.textContent === wanted, text), `the focus is on ${text}`);

async function newcomer(home, email = 'ana@example.org') {
  const made = await home.ask('POST', '/api/auth/register', { email, password });
  assert.equal(made.status, 201);
  return (await made.json()).data;
}

async function logIn(page, email = 'ana@example.org', words = password) {
  await page.locator('#login-email').fill(email);
  await page.locator('#login-password').fill(words);
  await press(page, 'Log in');
}

// Its time is over. (To clear one by name, Playwright takes all away and gives the others back, and
// what the page asks meanwhile is asked without any.)
async function expire(page, name) {
  const kept = page.context();
  await kept.addCookies([{ name, value: 'over', domain: '127.0.0.1', path: '/', expires: 1 }]);
  const names = (await kept.cookies()).map((each) => each.name);
  assert.ok(!names.includes(name) && names.length, `${names}`);
}

// Of a request that shows this token or key.
const statusWith = async (home, token) =>
  (await home.ask('GET', '/api/auth/profile', undefined, token)).status;

// The colours of the page: 0 is black.
const ground = (page) => page.evaluate(() =>
  Number(getComputedStyle(document.documentElement).backgroundColor.match(/\d+/)[0]));

export const rules = {
  async a_newcomer_registers_makes_a_key_uses_and_revokes_it(scene) {
    const home = await scene.serve();
    const page = await scene.page(stranger);
    await page.goto(`${home.url}/account/keys`);
    await press(page, 'Create an account');
    await page.locator('#register-email').fill('ana@example.org');
    await page.locator('#register-password').fill('short');
    await press(page, 'Create an account');
    assert.equal(await wrongAt(page, 'register-password'), '5 more characters are needed');
    assert.equal(await page.evaluate(() => document.activeElement.id), 'register-password');
    await page.locator('#register-password').fill(password);
    await page.locator('#register-name').fill('Ana Pérez');
    await press(page, 'Create an account');
    await heading(page, 'API keys');
    assert.equal(new URL(page.url()).pathname, '/account/keys', 'where she wanted to go');

    await page.locator('#key-name').fill('backup script');
    await page.getByLabel('Only this').check();
    await press(page, 'Make key');
    await page.getByText('The key “backup script”').waitFor();
    const key = await page.getByLabel('Your new key').inputValue();
    assert.match(key, /^sk_/);
    assert.equal(await statusWith(home, key), 200);
    await page.context().grantPermissions(['clipboard-read', 'clipboard-write']);
    await press(page, 'Copy');
    await page.getByRole('button', { name: 'Copied' }).waitFor();
    assert.equal(await page.evaluate(() => navigator.clipboard.readText()), key);
    await page.reload();
    await page.getByText(`sk_…${key.slice(-4)}`).waitFor();
    assert.ok(!(await page.content()).includes(key), 'it is shown once');
    await page.getByText('read · until').waitFor();

    await press(page, 'Revoke backup script');
    await press(page, 'Revoke the key');
    await toast(page, 'The key “backup script” is revoked');
    assert.equal(await statusWith(home, key), 401);
    scene.clean(refused);
  },

  async what_is_wrong_is_said_in_words_where_it_is(scene) {
    const home = await scene.serve();
    await newcomer(home);
    const page = await scene.page(stranger);
    await page.goto(home.url);
    await logIn(page, '', '');
    assert.equal(await wrongAt(page, 'login-email'), 'This is needed.');
    await logIn(page, 'ana@example.org', 'not the password');
    await page.getByText('The e-mail or the password is wrong.').waitFor();
    await press(page, 'ES, Español');
    await press(page, 'Iniciar sesión');
    await page.getByText('El correo o la contraseña no son correctos.').waitFor();
    await press(page, 'Crear una cuenta');
    await page.locator('#register-email').fill('ana@example.org');
    await page.locator('#register-password').fill(password);
    await press(page, 'Crear una cuenta');
    assert.equal(await wrongAt(page, 'register-email'), 'Ya hay una cuenta con este correo.');
    await page.locator('#register-email').fill('bea@example.org');
    await page.locator('#register-password').fill('password123');
    await press(page, 'Crear una cuenta');
    assert.match(await wrongAt(page, 'register-password'), /^Es de las que se prueban primero/);
    scene.clean(refused);
  },

  async a_reload_keeps_the_session_and_an_expired_token_is_renewed(scene) {
    const home = await scene.serve();
    await newcomer(home);
    const page = await scene.page(stranger);
    await page.goto(home.url);
    await logIn(page);
    await prompt(page).waitFor();
    await page.reload();
    await prompt(page).waitFor();
    assert.equal(await page.evaluate(() => document.cookie), '', 'no script reads them');
    // As the browser does when its time is over.
    await expire(page, 'son1k_access');
    await page.reload();
    await prompt(page).waitFor();
    await expire(page, 'son1k_access');
    await prompt(page).fill('slow harp, 10 seconds');
    await make(page).click();
    await finished(page);
    await page.evaluate(() => localStorage.setItem('renewAt', '1'));
    const [renewal] = await Promise.all([
      page.waitForResponse((r) => r.url().endsWith('/api/auth/refresh')),
      page.evaluate(() => dispatchEvent(new Event('focus'))),
    ]);
    assert.equal(renewal.status(), 200);
    await until(async () =>
      Number(await page.evaluate(() => localStorage.getItem('renewAt'))) > Date.now(),
      'the page knows when the next one is due');
    scene.clean(refused);
  },

  async a_session_that_ends_elsewhere_leads_to_log_in_and_back(scene) {
    // Nobody makes the piece: it is still there to be cancelled when its owner is back.
    const home = await scene.serve({ args: ['--workers', '0'] });
    const ana = await newcomer(home);
    const page = await scene.page(stranger);
    const frames = [];
    page.on('websocket', (ws) => ws.on('framereceived', (f) => frames.push(String(f.payload))));
    await page.goto(home.url);
    await logIn(page);
    await page.locator('.link-live').waitFor();
    await prompt(page).fill('slow ambient pads');
    await make(page).click();
    await bar(page).waitFor();
    const where = page.url();
    await home.call('DELETE', '/api/auth/sessions', undefined, ana.accessToken);
    await page.getByText('Your session has ended.').waitFor();
    assert.equal(page.url(), where);
    frames.length = 0;
    await logIn(page);
    await until(() => frames.includes('3probe'), 'it goes over to a WebSocket');
    await bar(page).waitFor();
    assert.equal(page.url(), where);
    await page.locator('.stage').getByRole('button', { name: 'Cancel' }).click();
    await until(() => frames.some((f) => f.includes('generation:error') && f.includes('cancelled')),
                'it hears so by a socket that is known');
    scene.clean(refused);
  },

  async to_log_out_in_one_tab_is_to_log_out_in_all(scene) {
    const home = await scene.serve();
    await newcomer(home);
    const page = await scene.page(stranger);
    const other = await page.context().newPage();
    await page.goto(home.url);
    await other.goto(`${home.url}/account`);
    await logIn(page);
    await heading(other, 'Profile');
    await prompt(page).fill('what nobody else should read');
    await press(page, 'Account of ana');
    await press(page, 'Log out');
    await door(page).waitFor();
    await door(other).waitFor();
    assert.deepEqual(await page.context().cookies(), []);
    await logIn(other);
    await prompt(other).waitFor();
    assert.equal(await prompt(other).inputValue(), '');
    scene.clean(refused);
  },

  async the_set_up_link_makes_the_first_administrator_once(scene) {
    const home = await scene.serve();
    const link = home.setupUrl;
    const visitor = await scene.page(stranger);
    await visitor.goto(home.url);
    await visitor.getByText('No administrator yet').waitFor();
    const page = await scene.page(stranger);
    await page.goto(link);
    await heading(page, 'Make yourself at home');
    await page.reload();
    await page.locator('#setup-email').fill('root@example.org');
    await page.locator('#setup-password').fill(password);
    await press(page, 'Set up this server');
    await prompt(page).waitFor();
    assert.equal(new URL(page.url()).hash, '', 'the secret leaves the address');
    await page.goto(`${home.url}/account`);
    await page.getByText('Administrator').waitFor();
    await visitor.goto('about:blank');
    await visitor.goto(link);
    await heading(visitor, 'This link has been used');
    await press(visitor, 'Log in');
    await heading(visitor, 'Log in to Son1k');
    assert.equal(await visitor.getByText('No administrator yet').count(), 0);
    scene.clean(refused);
  },

  async a_closed_server_says_who_makes_accounts(scene) {
    const home = await scene.serve({ env: { REGISTRATION: 'false' } });
    const page = await scene.page(stranger);
    await page.goto(home.url);
    await page.getByText('Accounts of this server are made by its administrator.').waitFor();
    assert.equal(await page.getByRole('button', { name: 'Create an account' }).count(), 0);
    scene.clean(refused);
  },

  async name_e_mail_and_password_are_changed(scene) {
    const home = await scene.serve();
    await newcomer(home, 'bea@example.org');
    const ana = await newcomer(home);
    const page = await scene.page(stranger);
    await page.goto(`${home.url}/account`);
    await logIn(page);
    await page.locator('#profile-name').fill('Ana Pérez');
    await press(page, 'Save changes');
    await toast(page, 'Your profile is saved');
    await page.locator('#profile-email').fill('bea@example.org');
    await page.locator('#profile-currentPassword').fill('not it at all');
    await press(page, 'Save changes');
    assert.equal(await wrongAt(page, 'profile-currentPassword'),
                 'Is not the password of this account.');
    await page.locator('#profile-currentPassword').fill(password);
    await press(page, 'Save changes');
    assert.equal(await wrongAt(page, 'profile-email'),
                 'There is an account with this e-mail already.');
    await page.locator('#profile-email').fill('ana.perez@example.org');
    await press(page, 'Save changes');
    await until(async () => !(await page.locator('#profile-currentPassword').count()), 'saved');
    await page.locator('#password-currentPassword').fill(password);
    await page.locator('#password-newPassword').fill('another good one');
    await press(page, 'Change password');
    await toast(page, 'All other sessions have ended');
    assert.equal(await statusWith(home, ana.accessToken), 401);
    await page.reload();
    await page.getByRole('button', { name: 'Account of Ana Pérez' }).click();
    await press(page.locator('.menu'), 'Log out');
    await logIn(page, 'ana.perez@example.org', 'another good one');
    await prompt(page).waitFor();
    scene.clean(refused);
  },

  async sessions_are_listed_and_ended(scene) {
    const home = await scene.serve();
    const tokens = [(await newcomer(home)).accessToken];
    for (let n = 0; n < 2; n++) {
      tokens.push((await home.call('POST', '/api/auth/login',
                                   { email: 'ana@example.org', password })).accessToken);
    }
    const page = await scene.page(stranger);
    await page.goto(`${home.url}/account/sessions`);
    await logIn(page);
    const rows = page.locator('.sessions li');
    await until(async () => (await rows.count()) === 4, 'four are open');
    assert.match(await rows.first().innerText(), /Chromium on Linux\s+This one/);
    await rows.nth(1).getByRole('button').click();
    await toast(page, 'The session is over');
    await press(page, 'End all other sessions');
    await focused(page, 'Keep them');
    await press(page, 'End them');
    await page.getByText('You are logged in nowhere else.').waitFor();
    for (const token of tokens) {
      assert.equal(await statusWith(home, token), 401);
    }
    await page.reload();
    await until(async () => (await rows.count()) === 1, 'this one is open');
    scene.clean(refused);
  },

  async the_quota_is_seen_to_be_used_and_given_back(scene) {
    const home = await scene.serve({ args: ['--workers', '0'] });
    const page = await scene.page(stranger);
    await newcomer(home);
    await page.goto(home.url);
    await logIn(page);
    await prompt(page).fill('quiet harp, 10 seconds');
    await make(page).click();
    await bar(page).waitFor();
    await page.goto(`${home.url}/account/usage`);
    const today = page.getByRole('meter', { name: 'Today' });
    await today.waitFor();
    assert.match(await today.getAttribute('aria-valuetext'), /^1 of 2 pieces, 1 left$/);
    const line = page.locator('.charges li');
    await line.getByText('Reserved').waitFor();
    await line.getByRole('link').click();
    await page.locator('.stage').getByRole('button', { name: 'Cancel' }).click();
    await page.getByRole('button', { name: 'Make it again' }).waitFor();
    await page.goBack();
    await line.getByText('Given back').waitFor();
    assert.match(await today.getAttribute('aria-valuetext'), /^0 of 2 pieces, 2 left$/);
    scene.clean(refused);
  },

  async a_page_does_not_use_up_what_its_reader_may_ask_for(scene) {
    const home = await scene.serve({ args: ['--workers', '0'] });
    const page = await scene.page(stranger);
    await newcomer(home);
    await page.goto(home.url);
    await logIn(page);
    await prompt(page).waitFor();
    for (let n = 0; n < 4; n++) {
      for (const part of ['', '/usage', '/keys', '/sessions']) {
        await page.goto(`${home.url}/account${part}`);
        await page.locator('.card').first().waitFor();
      }
    }
    await page.goto(`${home.url}/account/usage`);
    await page.getByRole('meter', { name: 'Today' }).waitFor();
    scene.clean(/ 401 /);  // of the one who was not logged in yet
  },

  async the_account_is_worked_by_the_keyboard_alone(scene) {
    const home = await scene.serve({ args: ['--workers', '0'] });
    await newcomer(home);
    const page = await scene.page(stranger);
    await page.goto(home.url);
    await focusedId(page, 'login-email');
    await page.keyboard.type('ana@example.org');
    await page.keyboard.press('Tab');
    await page.keyboard.type(password);
    await page.keyboard.press('Enter');
    await prompt(page).waitFor();
    const face = page.getByRole('button', { name: 'Account of ana' });
    await face.focus();
    await page.keyboard.press('Enter');
    await page.locator('.menu').waitFor();
    await page.keyboard.press('Escape');
    await until(async () => !(await page.locator('.menu').count()), 'the menu is closed');
    assert.ok(await face.evaluate((e) => e === document.activeElement));
    await page.keyboard.press('Enter');
    for (let n = 0; n < 3; n++) await page.keyboard.press('Tab');
    await page.keyboard.press('Enter');
    await heading(page, 'API keys');
    await focusedId(page, 'content');
    assert.match(await page.title(), /^API keys/);
    scene.clean(refused);
  },

  async axe_finds_nothing_serious_in_the_account(scene) {
    const home = await scene.serve({ args: ['--workers', '0'] });
    await newcomer(home);
    const narrow = { viewport: { width: 360, height: 740 } };
    for (const options of [{}, { colorScheme: 'dark' }, narrow]) {
      const page = await scene.page({ ...stranger, ...options });
      const look = (where) => axe(scene, page, `${where} ${JSON.stringify(options)}`);
      await page.goto(home.setupUrl);
      await door(page).waitFor();
      await look('set-up');
      await page.goto('about:blank');
      await page.goto(`${home.url}/account/keys`);
      await press(page, 'Create an account');
      await press(page, 'Create an account');
      await page.locator('#register-email-problem:not(:empty)').waitFor();
      await look('registration');
      await press(page, 'Log in');
      await logIn(page, 'ana@example.org', 'not it at all');
      await page.locator('.whole:not(:empty)').waitFor();
      await look('log-in');
      await logIn(page);
      await page.locator('#key-name').fill('laptop');
      await page.getByLabel('Only this').check();
      await look('keys');
      await press(page, 'Make key');
      await page.locator('.made').waitFor();
      await page.locator('.lines .quiet').first().click();
      await look('a key');
      await page.goto(`${home.url}/account`);
      await page.locator('#profile-email').fill('other@example.org');
      await look('profile');
      await page.goto(`${home.url}/account/usage`);
      await page.getByRole('meter').first().waitFor();
      await look('usage');
      await page.goto(`${home.url}/account/sessions`);
      await page.locator('.sessions li').first().waitFor();
      await page.locator('.face').click();
      await look('sessions and menu');
      assert.equal((await ground(page)) < 60, options.colorScheme === 'dark');
      await page.context().close();
    }
    scene.clean(refused);
  },

  async nothing_of_the_account_scrolls_sideways(scene) {
    const home = await scene.serve({ args: ['--workers', '0'] });
    const { accessToken } = await newcomer(home, `${'a'.repeat(60)}@${'b'.repeat(60)}.example.org`);
    await home.call('PUT', '/api/auth/profile', { name: 'w'.repeat(100) }, accessToken);
    await home.call('POST', '/api/user/tokens', { name: 'k'.repeat(100) }, accessToken);
    await home.call('POST', '/api/generation/create', { prompt: 'p'.repeat(200), duration: 5 },
                    accessToken);
    for (const width of [320, 360, 800, 1440]) {
      const page = await scene.page({ ...stranger, viewport: { width, height: 740 },
                                      locale: 'es-CL' });
      await page.goto(home.url);
      await door(page).waitFor();
      await noSidewaysScroll(page);
      await page.context().addCookies([
        { name: 'son1k_access', value: accessToken, url: home.url }]);
      for (const part of ['', '/usage', '/keys', '/sessions']) {
        await page.goto(`${home.url}/account${part}`);
        await page.locator('.card li, .card form').first().waitFor();
        await page.locator('.face').click();
        await noSidewaysScroll(page);
      }
      await page.context().close();
    }
    scene.clean(refused);
  },
};
