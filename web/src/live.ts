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

export function connect(to: Listener): void {
  bySocket(to, () => byStream(to));
}

// A socket hears of all pieces of its user without asking.
function bySocket(to: Listener, instead: () => void): void {
  const socket = io({ path: '/socket.io/', timeout: 5_000, reconnectionDelay: 500,
                      reconnectionDelayMax: againMs });
  let served = false;
  let failures = 0;
  socket.on('connect', () => {
    served = true;
    failures = 0;
    connection.value = 'live';
    to.resync();
  });
  socket.on('disconnect', (reason) => {
    connection.value = 'down';
    // The one ending after which the client does not try again by itself.
    if (reason === 'io server disconnect') setTimeout(() => socket.connect(), againMs);
  });
  socket.on('connect_error', () => {
    failures += 1;
    if (served && failures < failuresMax) return;
    socket.disconnect();
    instead();
  });
  for (const name of events) socket.on(name, (news: News) => to.news(news));
}

let stream: EventSource | null = null;

function byStream(to: Listener): void {
  stream?.close();
  const mine = new EventSource('/api/events');
  stream = mine;
  mine.onopen = () => {
    connection.value = 'live';
    to.resync();
  };
  mine.onerror = () => {
    if (stream !== mine) return;
    connection.value = 'down';
    // The browser itself tries again, unless the reply was no stream.
    if (mine.readyState === EventSource.CLOSED) {
      setTimeout(() => { if (stream === mine) byStream(to); }, againMs);
    }
  };
  mine.addEventListener('gap', () => to.resync());
  for (const name of events) {
    mine.addEventListener(name, (event) => {
      to.news(JSON.parse((event as MessageEvent<string>).data) as News);
    });
  }
}
