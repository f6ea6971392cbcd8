// What happens to pieces, as it happens: one connection for the page. Socket.IO where the server
// has it, else its event stream. While it is down it is tried again without end, and the store asks
// for states instead.
import { signal } from '@preact/signals';
import { io } from 'socket.io-client';
import type { Piece, Status } from './types';

export type Connection = 'connecting' | 'live' | 'down';
export const connection = signal<Connection>('connecting');

export interface News extends Partial<Piece> { generationId: string; status: Status }
// resync(): something may have been missed; ask for the states.
export interface Listener { news(what: News): void; resync(): void }

const events = ['generation:progress', 'generation:complete', 'generation:error'];
const againMs = 2_000;
const failuresMax = 5;
const unknown = ['AUTHENTICATION', 'TOKEN_EXPIRED'];  // codes: who calls is not known

let stop: (() => void) | null = null;

// Both tell whether the server knows the page: renew() before its time is over, check() where it
// was refused.
export interface Identity { renew(): Promise<boolean>; check(): Promise<boolean> }

// Until disconnect().
export function connect(to: Listener, by: Identity): void {
  disconnect();
  connection.value = 'connecting';
  stop = bySocket(to, by);
}
export function disconnect(): void {
  stop?.();
  stop = null;
}

// A socket hears of all pieces of its user without asking.
function bySocket(to: Listener, by: Identity): () => void {
  const socket = io({ path: '/socket.io/', timeout: 5_000, reconnectionDelay: 500,
                      reconnectionDelayMax: againMs, forceNew: true });
  let served = false;
  let failures = 0;
  let timer = 0;
  let over = false;
  const again = (ms: number) => {
    timer = window.setTimeout(() => { if (!over) socket.connect(); }, ms);
  };
  // With the cookies as they are then.
  const anew = async (known: Promise<boolean>) => {
    if ((await known) && !over) socket.disconnect().connect();
  };
  socket.on('connect', () => {
    served = true;
    failures = 0;
    connection.value = 'live';
    to.resync();
  });
  socket.on('disconnect', (reason) => {
    if (over || reason === 'io client disconnect') return;
    connection.value = 'down';
    // The one ending after which the client does not try again by itself.
    if (reason === 'io server disconnect') again(100);
  });
  socket.on('auth:expired', () => void anew(by.renew()));
  socket.on('connect_error', (fault: Error & { data?: { code?: string } }) => {
    failures += 1;
    if (fault.data?.code) {
      served = true;
      // Refused, and the client does not try again by itself.
      if (unknown.includes(fault.data.code) && failures < failuresMax) void anew(by.check());
      else again(againMs);
      return;
    }
    if (served && failures < failuresMax) return;
    socket.disconnect();
    stop = byStream(to, by);
  });
  for (const name of events) socket.on(name, (news: News) => to.news(news));
  return () => {
    over = true;
    clearTimeout(timer);
    socket.disconnect();
  };
}

function byStream(to: Listener, by: Identity): () => void {
  let stream: EventSource;
  let timer = 0;
  let over = false;
  const open = () => {
    const mine = new EventSource('/api/events');
    stream = mine;
    mine.onopen = () => {
      connection.value = 'live';
      to.resync();
    };
    mine.onerror = () => {
      if (over) return;
      connection.value = 'down';
      // The browser itself tries again, unless the reply was no stream.
      if (mine.readyState !== EventSource.CLOSED) return;
      timer = window.setTimeout(() => void by.check().then(() => { if (!over) open(); }), againMs);
    };
    mine.addEventListener('gap', () => to.resync());
    for (const name of events) {
      mine.addEventListener(name, (event) => {
        to.news(JSON.parse((event as MessageEvent<string>).data) as News);
      });
    }
  };
  open();
  return () => {
    over = true;
    clearTimeout(timer);
    stream.close();
  };
}
