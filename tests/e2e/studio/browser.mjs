// A server of the program and pages of Debian's Chromium, for one rule at a time. Everything that
// a rule starts ends with it.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

const pageMs = 60_000;
const pollMs = 50;
const secret = process.env.BACKEND_SECRET;  // which every server here takes

export async function until(check, what, ms = 150_000) {
  const end = Date.now() + ms;
  for (;;) {
    const found = await check();
    if (found) return found;
    if (Date.now() > end) throw new Error(`not within ${ms} ms: ${what}`);
    await new Promise((go) => setTimeout(go, pollMs));
  }
}

class Server {
  constructor(binary, folder, args, env) {
    Object.assign(this, { binary, folder, args, env, port: 0, process: null });
  }

  async start() {
    const all = ['serve', '--json', '--port', String(this.port), '--data-dir',
                 join(this.folder, 'data'), ...this.args];
    this.process = spawn(this.binary, all, {
      stdio: ['ignore', 'pipe', 'ignore'], env: { ...process.env, ...this.env },
    });
    const lines = createInterface({ input: this.process.stdout });
    const [line] = await Promise.race([
      once(lines, 'line'),
      once(this.process, 'exit').then(() => { throw new Error('the server ended'); }),
    ]);
    lines.close();
    const hello = JSON.parse(line);
    this.url = hello.address;
    this.setupUrl = hello.setupUrl;
    this.port = Number(new URL(this.url).port);
  }

  async stop() {
    if (!this.process || this.process.exitCode !== null || this.process.signalCode) return;
    const gone = once(this.process, 'exit');
    this.process.kill('SIGKILL');
    await gone;
  }

  // A request of a program.
  ask(method, path, body, token = secret) {
    return fetch(this.url + path, {
      method,
      headers: { Authorization: `Bearer ${token}`,
                 ...(body && { 'Content-Type': 'application/json' }) },
      ...(body && { body: JSON.stringify(body) }),
    });
  }

  async call(method, path, body, token) {
    const said = await (await this.ask(method, path, body, token)).json();
    assert.ok(said.success, `${method} ${path}: ${JSON.stringify(said)}`);
    return said.data;
  }

  async create(prompt, more = {}) {
    const made = await this.call('POST', '/api/generation/create',
                                 { prompt, duration: 5, seed: 3, ...more });
    return made.generationId;
  }

  piece(id) { return this.call('GET', `/api/generation/${id}`); }

  ended(id) {
    return until(async () => {
      const piece = await this.piece(id);
      return piece.status === 'completed' ? piece : null;
    }, `${id} is completed`);
  }
}

export class Scene {
  constructor({ modules, binary, folder }) {
    this.load = createRequire(join(modules, 'package.json'));
    this.binary = binary;
    this.folder = folder;
    this.wrong = [];  // what the browser complained of
    this.servers = [];
  }

  async serve({ args = [], env = {} } = {}) {
    const server = new Server(this.binary, this.folder, args, env);
    this.servers.push(server);
    await server.start();
    return server;
  }

  // A server that somebody else started and ends.
  at(url) { return Object.assign(new Server(), { url }); }

  // `known`: whoever looks at the page is logged in.
  async page({ known = true, ...options } = {}) {
    this.browser ??= await this.load('playwright-core').chromium.launch({
      executablePath: '/usr/bin/chromium',
      args: ['--no-sandbox', '--disable-gpu', '--mute-audio', '--disable-dev-shm-usage',
             '--autoplay-policy=no-user-gesture-required'],
      timeout: 2 * pageMs,  // the first of a machine reads it all from the disk
    });
    const context = await this.browser.newContext({
      locale: 'en-US', viewport: { width: 1280, height: 900 }, acceptDownloads: true, ...options,
    });
    // Ports share the cookies of their host.
    if (known) {
      await context.addCookies([{ name: 'son1k_access', value: secret, domain: '127.0.0.1',
                                  path: '/', httpOnly: true, sameSite: 'Strict' }]);
    }
    const page = await context.newPage();
    page.setDefaultTimeout(pageMs);
    page.on('pageerror', (fault) => this.wrong.push(String(fault)));
    page.on('console', (message) => {
      // A server without Socket.IO says so once, and the page takes the event stream.
      const { url } = message.location();
      const refused = url.includes('/socket.io/') && /404/.test(message.text());
      if (message.type() === 'error' && !refused) this.wrong.push(`${message.text()} ${url}`);
    });
    await page.addInitScript(() => {
      document.addEventListener('securitypolicyviolation',
        (e) => console.error(`policy: ${e.violatedDirective} ${e.blockedURI}`));
    });
    return page;
  }

  // Nothing but what a rule expects may be in the browser's console.
  clean(expected = /^$/) {
    assert.deepEqual(this.wrong.filter((text) => !expected.test(text)), []);
  }

  async end() {
    await this.browser?.close();
    for (const server of this.servers) await server.stop();
  }
}

export const prompt = (page) => page.locator('#prompt');
export const make = (page) => page.locator('.send button');
export const bar = (page) => page.locator('[role=progressbar]');
export const slider = (page) => page.locator('.bars');
export const audio = (page, what) => page.locator('audio').evaluate((a, name) => a[name], what);
export const stateOf = (page) => page.locator('.stage .state').innerText();
export const finished = (page) => page.locator('.player').waitFor({ timeout: 150_000 });
export const reading = (page, name) =>
  page.locator('.reading', { has: page.locator('dt', { hasText: new RegExp(`^${name}$`) }) });
