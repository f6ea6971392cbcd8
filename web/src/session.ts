// Who is logged in. The tokens are in cookies that no script reads; what is kept here is only when
// to renew them, so that tabs share the work.
import { signal } from '@preact/signals';
import * as api from './api';
import { ApiError, call } from './api';
import type { Account, LogIn, WaysIn } from './types';

// asking: not known yet · away: the server does not answer · out: log in first · in: go on.
export type SessionState = 'asking' | 'away' | 'out' | 'in';
export const session = signal<SessionState>('asking');
export const who = signal<Account | null>(null);  // whoever it was last
export const lost = signal(false);                // it ended by itself, not by logging out
export const awayWhy = signal('');                // in the server's words, if it said any
export const ways = signal<WaysIn | null>(null);
export const setupToken = signal<string | null>(null);

const lookMs = 10_000;
const againMs = 3_000;
const wakes = ['online', 'pageshow', 'focus'] as const;
const due = 'renewAt';

const channel = new BroadcastChannel('session');

function keep(name: string, value: string | null): void {
  try {
    if (value === null) localStorage.removeItem(name);
    else localStorage.setItem(name, value);
  } catch {
    // Then the first 401 says when.
  }
}
function kept(name: string): string | null {
  try {
    return localStorage.getItem(name);
  } catch {
    return null;
  }
}

export const setupTokenOf = (hash: string): string | null =>
  /^#setup=([\w-]{1,200})$/.exec(hash)?.[1] ?? null;

// --- renewal

function enter(by: LogIn): void {
  // What the page knows is another's: begin anew.
  if (who.value && who.value.id !== by.user.id) return location.reload();
  keep(due, String(Date.now() + by.expiresIn * 1_000 * (2 / 3)));
  who.value = by.user;
  lost.value = false;
  session.value = 'in';
}

let renewing: Promise<boolean> | null = null;

// Two tabs that do this at once get the same next token.
export function renew(): Promise<boolean> {
  renewing ??= (async () => {
    try {
      enter((await call<LogIn>('POST', '/api/auth/refresh')).data);
      return true;
    } catch (cause) {
      if (cause instanceof ApiError && cause.status === 401) leave();
      return false;
    } finally {
      renewing = null;
    }
  })();
  return renewing;
}

function leave(): void {
  if (session.value === 'out') return;
  lost.value = session.value === 'in';
  keep(due, null);
  void findWays();
  session.value = 'out';
}

export const isStale = (): boolean => {
  const at = Number(kept(due) ?? NaN);
  return session.value === 'in' && at <= Date.now();
};

// A link is followed with the tokens as they are: renew those that a sleep outlived first.
function beforeDownloads(event: MouseEvent): void {
  const link = (event.target as Element | null)?.closest<HTMLAnchorElement>('a[download]');
  if (!link || !isStale()) return;
  event.preventDefault();
  event.stopPropagation();
  void renew().then((there) => { if (there) link.click(); });
}

// --- in and out

async function findWays(): Promise<void> {
  try {
    ways.value = (await call<WaysIn>('GET', '/api/auth/setup')).data;
  } catch {
    ways.value ??= { open: false, registration: true };
  }
}

async function ask(): Promise<void> {
  try {
    const mine = (await call<Account>('GET', '/api/auth/profile')).data;
    if (who.value && who.value.id !== mine.id) return location.reload();
    who.value = mine;
    session.value = 'in';
  } catch (cause) {
    if (cause instanceof ApiError && cause.status === 401) leave();
    else if (session.value !== 'in') {
      session.value = 'away';
      awayWhy.value = cause instanceof ApiError ? cause.message : '';
      const wait = cause instanceof ApiError ? cause.waitSeconds * 1_000 : 0;
      setTimeout(() => void ask(), Math.max(againMs, wait));
    }
  }
}

// Whether the server knows who this is; where it does not, and nothing helps, the session is over.
export async function check(): Promise<boolean> {
  await ask();
  return session.value === 'in';
}

interface Typed { email: string; password: string; name?: string }

async function comeIn(way: 'login' | 'register' | 'setup', typed: Typed & { token?: string }) {
  const by = (await call<LogIn>('POST', `/api/auth/${way}`, { ...typed, cookie: true })).data;
  if (location.hash) history.replaceState(null, '', location.pathname);
  setupToken.value = null;
  enter(by);
  channel.postMessage('in');
}
export const logIn = (typed: Typed) => comeIn('login', typed);
export const register = (typed: Typed) => comeIn('register', typed);
export const setUp = (typed: Typed) => comeIn('setup', { ...typed, token: setupToken.value ?? '' });

function beginAnew(): void {
  keep(due, null);
  keep('draft', null);
  location.replace('/');
}

export async function logOut(): Promise<void> {
  try {
    await call('POST', '/api/auth/logout');
  } catch (cause) {
    // Without the server the cookies cannot be taken away; with a 401 they are gone already.
    if (!(cause instanceof ApiError && cause.status === 401)) throw cause;
  }
  channel.postMessage('out');
  beginAnew();
}

export function dropSetup(): void {
  setupToken.value = null;
  history.replaceState(null, '', location.pathname);
}

export function startSession(): void {
  setupToken.value = setupTokenOf(location.hash);
  addEventListener('hashchange', () => {
    setupToken.value = setupTokenOf(location.hash);
    if (setupToken.value) void findWays();
  });
  // Without a sign of an earlier log-in there is nothing to renew.
  api.renewWith(async () => (session.value === 'in' || kept(due) !== null) && renew());
  channel.onmessage = ({ data }) => {
    if (data === 'out') beginAnew();
    else if (session.value !== 'in') void ask();
  };
  const look = () => { if (isStale()) void renew(); };
  setInterval(look, lookMs);
  for (const wake of wakes) addEventListener(wake, look);
  addEventListener('click', beforeDownloads, true);
  if (setupToken.value) void findWays();
  void ask();
}
