// Calls of the API. What it refuses is an ApiError with its own sentence in the page's language;
// what never reached it is an Unreachable.
import type { Calls } from './api_schema';
import { language } from './i18n';
import type { Brief, Order, Peaks, Piece, Status, Tier } from './types';
import { randomName } from './format';

export class ApiError extends Error {
  constructor(readonly status: number, readonly code: string, message: string,
              readonly requestId = '', readonly field = '', readonly waitSeconds = 0) {
    super(message);
  }
}
export class Unreachable extends Error {}

interface Page { limit: number; offset: number; total: number; nextCursor: string | null }
interface Envelope<T> {
  success: boolean;
  data: T;
  pagination?: Page;
  error?: { code: string; message: string; requestId?: string; details?: { field?: string } };
}
type Headers = Record<string, string>;

const callMs = 20_000;

// Asked where a caller is not known (401): whether it is again, so that once more is worth it.
let renewal: (() => Promise<boolean>) | null = null;
export function renewWith(renew: () => Promise<boolean>): void {
  renewal = renew;
}
// Their 401 is an answer to what somebody typed.
const ofWaysIn = /^\/api\/auth\/(login|register|setup|refresh)$/;

async function once(path: string, init: RequestInit, signal?: AbortSignal) {
  const ends = new AbortController();
  const timer = setTimeout(() => ends.abort(), callMs);
  const stop = () => ends.abort();
  signal?.addEventListener('abort', stop);
  try {
    const reply = await fetch(path, { ...init, signal: ends.signal });
    return { reply, text: await reply.text() };
  } catch (cause) {
    if (signal?.aborted) throw cause;
    throw new Unreachable();
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener('abort', stop);
  }
}

async function send(path: string, init: RequestInit, signal?: AbortSignal) {
  const first = await once(path, init, signal);
  if (first.reply.status !== 401 || ofWaysIn.test(path) || !(await renewal?.())) return first;
  return once(path, init, signal);
}

function refusal(reply: Response, fault: Envelope<unknown>['error']): ApiError {
  const field = fault?.details?.field ?? '';
  const message = fault?.message ?? '';
  return new ApiError(reply.status, fault?.code ?? String(reply.status),
                      // It stands at its field.
                      field && message.startsWith(`${field}: `)
                        ? message.slice(field.length + 2) : message,
                      fault?.requestId ?? reply.headers.get('X-Request-Id') ?? '', field,
                      Number(reply.headers.get('Retry-After') ?? 0));
}

export async function call<T>(method: string, path: string, body?: unknown, signal?: AbortSignal,
                              headers: Headers = {}): Promise<Envelope<T>> {
  const { reply, text } = await send(path, {
    method,
    headers: {
      'Accept-Language': language.value,
      ...(body === undefined ? {} : { 'Content-Type': 'application/json' }),
      ...headers,
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  }, signal);
  let said: Envelope<T> | null = null;
  try {
    said = JSON.parse(text) as Envelope<T>;
  } catch {
    // A proxy's page, for instance.
  }
  if (reply.ok && said?.success) return said;
  throw refusal(reply, said?.error);
}

// A call by its row in the API's description, with what it takes and gives there.
type Part<N extends keyof Calls, P extends string> = P extends keyof Calls[N] ? Calls[N][P] : never;
interface Asked<N extends keyof Calls> {
  path?: Part<N, 'path'>;
  query?: Part<N, 'query'>;
  body?: Part<N, 'body'>;
  headers?: Record<string, string>;
  signal?: AbortSignal;
}
type Said<N extends keyof Calls> = Envelope<Part<N, 'data'>> & { pagination?: Part<N, 'page'> };

export function ask<N extends keyof Calls>(name: N, given: Asked<N> = {}): Promise<Said<N>> {
  const [method = '', pattern = ''] = name.split(' ');
  const parts = (given.path ?? {}) as Record<string, string>;
  const path = pattern.replace(/{(\w+)}/g, (_, part: string) => encodeURIComponent(parts[part] ?? ''));
  const query = new URLSearchParams();
  for (const [key, value] of Object.entries((given.query ?? {}) as Record<string, unknown>)) {
    if (value !== undefined && value !== '') query.set(key, String(value));
  }
  const text = query.toString();
  return call(method, text ? `${path}?${text}` : path, given.body, given.signal,
              given.headers) as Promise<Said<N>>;
}

// Sent once more under the same key where the reply was lost: it is one piece all the same.
export async function create(order: Order) {
  const headers = { 'Idempotency-Key': randomName() };
  const send = () => ask('POST /api/generation/create', { body: order, headers });
  try {
    return (await send()).data;
  } catch (cause) {
    if (!(cause instanceof Unreachable) || !navigator.onLine) throw cause;
    await new Promise((go) => setTimeout(go, 700));
    return (await send()).data;
  }
}

export const understand = async (order: Order, signal: AbortSignal): Promise<Brief> =>
  (await ask('POST /api/generation/brief', { body: order, signal })).data;
export const piece = async (id: string): Promise<Piece> =>
  (await ask('GET /api/generation/{id}', { path: { id } })).data;
export const status = async (id: string): Promise<Piece> =>
  (await ask('GET /api/generation/{id}/status', { path: { id } })).data;
export const cancel = (id: string) => ask('POST /api/generation/{id}/cancel', { path: { id } });
export const retry = (id: string) =>
  ask('POST /api/jobs/{id}/retry', { path: { id }, query: { queue: 'generation' }, body: {} });

export const tier = async (): Promise<Tier> => (await call<Tier>('GET', '/api/auth/tier')).data;

export interface HistoryQuery { q?: string; status?: Status | ''; cursor?: string; limit: number }
export async function history(query: HistoryQuery, signal?: AbortSignal) {
  const { status: of, ...more } = query;
  const said = await ask('GET /api/generation/history',
                         { query: { ...more, ...(of ? { status: of } : {}) }, signal });
  return { pieces: said.data as Piece[], next: said.pagination?.nextCursor ?? null,
           total: said.pagination?.total ?? 0 };
}

export async function peaks(url: string): Promise<Peaks> {
  const { reply, text } = await send(url, {});
  if (!reply.ok) throw new ApiError(reply.status, String(reply.status), '');
  return JSON.parse(text) as Peaks;
}
