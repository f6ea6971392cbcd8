// Calls of the API. What it refuses is an ApiError with its own sentence in the page's language;
// what never reached it is an Unreachable.
import { language } from './i18n';
import type { Brief, Order, Peaks, Piece, Status } from './types';
import { randomName } from './format';

export class ApiError extends Error {
  constructor(readonly status: number, readonly code: string, message: string,
              readonly requestId = '') {
    super(message);
  }
}
export class Unreachable extends Error {}

interface Page { limit: number; offset: number; total: number; nextCursor: string | null }
interface Envelope<T> {
  success: boolean;
  data: T;
  pagination?: Page;
  error?: { code: string; message: string; requestId?: string };
}

const callMs = 20_000;

async function call<T>(method: string, path: string, body?: unknown, signal?: AbortSignal,
                       headers: Record<string, string> = {}): Promise<Envelope<T>> {
  const ends = new AbortController();
  const timer = setTimeout(() => ends.abort(), callMs);
  signal?.addEventListener('abort', () => ends.abort());
  let reply: Response;
  let text: string;
  try {
    reply = await fetch(path, {
      method,
      signal: ends.signal,
      headers: {
        'Accept-Language': language.value,
        ...(body === undefined ? {} : { 'Content-Type': 'application/json' }),
        ...headers,
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    text = await reply.text();
  } catch (cause) {
    if (signal?.aborted) throw cause;
    throw new Unreachable();
  } finally {
    clearTimeout(timer);
  }
  let said: Envelope<T> | null = null;
  try {
    said = JSON.parse(text) as Envelope<T>;
  } catch {
    // A proxy's page, for instance.
  }
  if (reply.ok && said?.success) return said;
  const fault = said?.error;
  throw new ApiError(reply.status, fault?.code ?? String(reply.status),
                     // The page has one field that people write in.
                     (fault?.message ?? '').replace(/^prompt: /, ''),
                     fault?.requestId ?? reply.headers.get('X-Request-Id') ?? '');
}

export interface Accepted { generationId: string; position: number; estimatedTime: number | null }

// Sent once more under the same key where the reply was lost: it is one piece all the same.
export async function create(order: Order): Promise<Accepted> {
  const headers = { 'Idempotency-Key': randomName() };
  const send = () =>
    call<Accepted>('POST', '/api/generation/create', order, undefined, headers);
  try {
    return (await send()).data;
  } catch (cause) {
    if (!(cause instanceof Unreachable) || !navigator.onLine) throw cause;
    await new Promise((go) => setTimeout(go, 700));
    return (await send()).data;
  }
}

export const understand = async (order: Order, signal: AbortSignal): Promise<Brief> =>
  (await call<Brief>('POST', '/api/generation/brief', order, signal)).data;
export const piece = async (id: string): Promise<Piece> =>
  (await call<Piece>('GET', `/api/generation/${encodeURIComponent(id)}`)).data;
export const status = async (id: string): Promise<Piece> =>
  (await call<Piece>('GET', `/api/generation/${encodeURIComponent(id)}/status`)).data;
export const cancel = (id: string) => call('POST', `/api/generation/${id}/cancel`);
export const retry = (id: string) => call('POST', `/api/jobs/${id}/retry?queue=generation`, {});

export interface HistoryQuery { q?: string; status?: Status | ''; cursor?: string; limit: number }
export async function history(query: HistoryQuery, signal?: AbortSignal) {
  const parameters = new URLSearchParams({ limit: String(query.limit) });
  if (query.q) parameters.set('q', query.q);
  if (query.status) parameters.set('status', query.status);
  if (query.cursor) parameters.set('cursor', query.cursor);
  const said = await call<Piece[]>('GET', `/api/generation/history?${parameters}`, undefined, signal);
  return { pieces: said.data, next: said.pagination?.nextCursor ?? null,
           total: said.pagination?.total ?? 0 };
}

export async function peaks(url: string): Promise<Peaks> {
  const reply = await fetch(url);
  if (!reply.ok) throw new ApiError(reply.status, String(reply.status), '');
  return (await reply.json()) as Peaks;
}
