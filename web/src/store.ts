// What the page knows, and what people can do. Components read the signals and call the functions.
import { computed, effect, signal, untracked } from '@preact/signals';
import * as api from './api';
import { ApiError, Unreachable } from './api';
import { nameOf, randomSeed } from './format';
import { t, term } from './i18n';
import { connect, connection, disconnect, type News } from './live';
import { ended, merge, placeOf } from './merge';
import { go, path, pieceIdOf } from './place';
import { check, renew, session } from './session';
import type { Order, Piece, Status, Tier } from './types';

const historyPage = 30;
const pollMs = 2_000;
const calmBeats = 10;

export const pieces = signal<Record<string, Piece>>({});
export const selectedId = signal<string | null>(null);
export const selected = computed(() =>
  selectedId.value ? pieces.value[selectedId.value] ?? null : null);
export const missing = signal(false);  // the address names a piece that is not there

// Where waiting pieces stand, and the estimate that came with their acceptance.
export const places = signal<Record<string, number>>({});
export const estimates = signal<Record<string, number>>({});

const active = computed(() =>
  Object.values(pieces.value).filter((p) => !ended(p.status)).map((p) => p.generationId));

// --- toasts

export interface Toast { id: number; kind: 'info' | 'good' | 'bad'; text: string; note?: string }
export const toasts = signal<Toast[]>([]);
let toastIds = 0;

export function toast(kind: Toast['kind'], text: string, note?: string): void {
  const id = ++toastIds;
  toasts.value = [...toasts.value.slice(-3), { id, kind, text, ...(note ? { note } : {}) }];
  if (kind !== 'bad') setTimeout(() => dismiss(id), 6_000);
}
export function dismiss(id: number): void {
  toasts.value = toasts.value.filter((one) => one.id !== id);
}

// Fields of a request that stand under these words on the page.
const fields: Record<string, 'style' | 'duration' | 'quality'> = {
  style: 'style', duration: 'duration', quality: 'quality',
};

export function explain(cause: unknown): void {
  if (cause instanceof Unreachable) return toast('bad', t('unreachable'));
  if (cause instanceof ApiError) {
    const field = cause.field in fields ? `${t(fields[cause.field]!)}: ` : '';
    const text = cause.message && field + cause.message;
    return toast('bad', text || t('serverError', { code: cause.code }),
                 cause.status >= 500 && cause.requestId
                   ? t('reference', { id: cause.requestId }) : undefined);
  }
  toast('bad', String(cause));
}

// --- pieces

function put(news: Partial<Piece> & { generationId: string }, anew = false): Piece {
  const before = pieces.value[news.generationId];
  const after = merge(before, news, anew);
  if (after !== before) pieces.value = { ...pieces.value, [news.generationId]: after };
  return after;
}

function tell(before: Status | undefined, piece: Piece): void {
  if (!before || before === piece.status || ended(before)) return;
  const name = nameOf(piece);
  if (piece.status === 'completed') toast('good', t('finished', { name }));
  if (piece.status === 'cancelled') toast('info', t('cancelled', { name }));
  if (piece.status === 'failed') {
    toast('bad', t('failed', { name, why: term(piece.error?.message ?? '') }));
  }
}

const fetching = new Set<string>();
async function refresh(id: string, whole = false): Promise<void> {
  if (fetching.has(id)) return;
  fetching.add(id);
  try {
    const before = pieces.value[id]?.status;
    const found = whole ? await api.piece(id) : await api.status(id);
    const known = before !== undefined;
    tell(before, put(found));
    if (!known && matchesHistory(found)) addToHistory(id);
  } catch (cause) {
    if (cause instanceof ApiError && cause.status === 404 && selectedId.value === id) {
      missing.value = true;
    }
  } finally {
    fetching.delete(id);
  }
}

const unknown = new Set<string>();
// Finds out about pieces that are only known by id.
export function know(ids: string[]): void {
  for (const id of ids.slice(0, 100)) {
    if (pieces.value[id] || unknown.has(id)) continue;
    unknown.add(id);  // asked for once: some are gone
    api.status(id).then(put, () => {});
  }
}

function onNews(news: News): void {
  const known = pieces.value[news.generationId];
  // An end carries less than the state has: its files and facts come with the state.
  if (!known || ended(news.status)) void refresh(news.generationId);
  else put(news);
  if (news.status === 'processing' && Object.keys(places.value).length > 0) void findPlaces();
}

let findingPlaces = false;
async function findPlaces(): Promise<void> {
  const id = selectedId.value;
  if (!id || findingPlaces || pieces.value[id]?.status !== 'pending') return;
  findingPlaces = true;
  try {
    const found = await api.history({ status: 'pending', limit: 100 });
    const ids = found.pieces.filter((p) => p.status === 'pending').map((p) => p.generationId);
    if (!found.next) places.value = { ...places.value, [id]: placeOf(id, ids) };
  } catch {
    // The place that was known stays; the connection's state says why.
  } finally {
    findingPlaces = false;
  }
}

function resync(): void {
  for (const id of active.value.slice(0, 50)) void refresh(id);
  if (selectedId.value && !selected.value) void refresh(selectedId.value, true);
  if (historyFailed.value || listed.value.length === 0) void loadHistory();
  void findPlaces();
}

// --- history

export const historySearch = signal('');
export const historyStatus = signal<Status | ''>('');
export const listed = signal<string[]>([]);
export const historyNext = signal<string | null>(null);
export const historyTotal = signal(0);
export const historyLoading = signal(false);
export const historyFailed = signal(false);
let historyCall: AbortController | null = null;

const matchesHistory = (piece: Piece): boolean =>
  (!historyStatus.value || piece.status === historyStatus.value) &&
  piece.prompt.toLowerCase().includes(historySearch.value.trim().toLowerCase());

function addToHistory(id: string): void {
  if (listed.value.includes(id)) return;
  listed.value = [id, ...listed.value].sort((a, b) => (a < b ? 1 : -1));
  historyTotal.value += 1;
}

export async function loadHistory(more = false): Promise<void> {
  historyCall?.abort();
  const mine = new AbortController();
  historyCall = mine;
  historyLoading.value = true;
  try {
    const found = await api.history({
      limit: historyPage, q: historySearch.value.trim(), status: historyStatus.value,
      ...(more && historyNext.value ? { cursor: historyNext.value } : {}),
    }, mine.signal);
    const next = { ...pieces.value };
    for (const p of found.pieces) next[p.generationId] = merge(next[p.generationId], p);
    pieces.value = next;
    const ids = found.pieces.map((p) => p.generationId);
    listed.value = more ? [...new Set([...listed.value, ...ids])] : ids;
    historyNext.value = found.next;
    historyTotal.value = found.total;
    historyFailed.value = false;
  } catch {
    if (!mine.signal.aborted) historyFailed.value = true;
  } finally {
    if (historyCall === mine) historyLoading.value = false;
  }
}

// --- what people do

export const draft = signal<Order>(readDraft());
export const plan = signal<Tier | null>(null);  // what the account may ask for; null: not known
export const sending = signal(false);
export const busy = signal<Record<string, boolean>>({});  // pieces that a request is out for

function readDraft(): Order {
  const fresh: Order = { prompt: '', seed: randomSeed(), quality: 'standard' };
  try {
    return { ...fresh, ...(JSON.parse(localStorage.getItem('draft') ?? '{}') as Order) };
  } catch {
    return fresh;
  }
}

export function edit(change: Partial<Order>): void {
  draft.value = { ...draft.value, ...change };
}
export const chooseAnew = (): void => edit({ seed: randomSeed() });

// What is sent: fields that are left open are left out.
export function orderOf(from: Order): Order {
  return Object.fromEntries(Object.entries(from).filter(([, v]) => v !== undefined && v !== '')) as
    unknown as Order;
}

async function order(what: Order): Promise<void> {
  const accepted = await api.create(what);
  const id = accepted.generationId;
  put({ generationId: id, status: 'pending', progress: 0, prompt: what.prompt,
        request: { ...what }, createdAt: new Date().toISOString() });
  places.value = { ...places.value, [id]: Math.max(1, accepted.position ?? 0) };
  if (accepted.estimatedTime !== null) {
    estimates.value = { ...estimates.value, [id]: accepted.estimatedTime };
  }
  select(id);
  if (matchesHistory(pieces.value[id]!)) addToHistory(id);
  void refresh(id);
  void findPlaces();
}

export async function submit(): Promise<void> {
  if (sending.value || !draft.value.prompt.trim()) return;
  sending.value = true;
  try {
    await order(orderOf(draft.value));
    chooseAnew();
  } catch (cause) {
    explain(cause);
  } finally {
    sending.value = false;
  }
}

async function holding(id: string, work: () => Promise<void>): Promise<void> {
  if (busy.value[id]) return;
  busy.value = { ...busy.value, [id]: true };
  try {
    await work();
  } catch (cause) {
    explain(cause);
    void refresh(id);
  } finally {
    const { [id]: _, ...rest } = busy.value;
    busy.value = rest;
  }
}

export const cancel = (id: string) => holding(id, async () => {
  await api.cancel(id);
  const before = pieces.value[id]?.status;
  tell(before, put({ generationId: id, status: 'cancelled' }));
});

// The request of a piece as it was, as far as creating takes it.
async function orderFrom(id: string): Promise<Order> {
  const request = pieces.value[id]?.request ?? (await api.piece(id)).request ?? {};
  const fields = ['prompt', 'style', 'title', 'lyrics', 'negativeTags', 'duration', 'quality',
                  'format', 'instrumental', 'seed'];
  return Object.fromEntries(fields.filter((f) => request[f] !== undefined)
    .map((f) => [f, request[f]])) as unknown as Order;
}

export const makeAgain = (id: string) => holding(id, async () => order(await orderFrom(id)));
export const makeVariation = (id: string) => holding(id, async () =>
  order({ ...(await orderFrom(id)), seed: randomSeed() }));

// A failed job runs again as itself; one that is no longer kept is made anew.
export const retry = (id: string) => holding(id, async () => {
  try {
    await api.retry(id);
  } catch (cause) {
    if (!(cause instanceof ApiError) || cause.status !== 404) throw cause;
    return order(await orderFrom(id));
  }
  const { error: _, ...rest } = pieces.value[id]!;
  pieces.value = { ...pieces.value, [id]: { ...rest, status: 'pending', progress: 0 } };
  await refresh(id);
});

// --- the address

function show(id: string | null): void {
  selectedId.value = id;
  missing.value = false;
  if (id && (!pieces.value[id] || pieces.value[id].request === undefined)) void refresh(id, true);
  if (id) void findPlaces();
}

export const select = (id: string | null): void => go(id ? `/pieces/${id}` : '/');

// Begins once, and goes on whenever somebody is logged in.
export function start(): void {
  effect(() => {
    const text = JSON.stringify(draft.value);
    try {
      localStorage.setItem('draft', text);
    } catch {
      // The text holds until the page is closed.
    }
  });
  effect(() => {
    if (session.value !== 'in') return undefined;
    return untracked(follow);
  });
}

function follow(): () => void {
  const stopShowing = effect(() => {
    const id = pieceIdOf(path.value);
    untracked(() => show(id));
  });
  api.tier().then((found) => { plan.value = found; }, () => {});
  void loadHistory();
  connect({ news: onNews, resync }, { renew, check });
  addEventListener('online', resync);
  // While the connection is down; and seldom while it is not, as nothing may hang on one event.
  let beats = 0;
  const timer = setInterval(() => {
    beats += 1;
    if (connection.value !== 'live' || beats % calmBeats === 0) resync();
    else void findPlaces();
  }, pollMs);
  return () => {
    stopShowing();
    clearInterval(timer);
    removeEventListener('online', resync);
    disconnect();
  };
}
