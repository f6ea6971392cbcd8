// What the server would understand of the draft, asked for while it is written.
import { effect, signal } from '@preact/signals';
import * as api from './api';
import { ApiError } from './api';
import { language } from './i18n';
import { connection } from './live';
import { session } from './session';
import { draft, orderOf } from './store';
import type { Brief } from './types';

const quietMs = 250;  // after the last key
export const promptMax = 2_000;

export const brief = signal<Brief | null>(null);
export const reading = signal(false);
export const problem = signal('');
export const unreachable = signal(false);

export const pointsOf = (text: string): number => [...text].length;

let asked: AbortController | null = null;
let timer = 0;

async function ask(): Promise<void> {
  const mine = new AbortController();
  asked = mine;
  try {
    const found = await api.understand(orderOf(draft.value), mine.signal);
    if (asked !== mine) return;
    brief.value = found;
    problem.value = '';
    unreachable.value = false;
  } catch (cause) {
    if (asked !== mine || mine.signal.aborted) return;
    if (cause instanceof ApiError) {
      brief.value = null;
      problem.value = cause.message;
    } else {
      unreachable.value = true;
    }
  } finally {
    if (asked === mine) reading.value = false;
  }
}

export function startUnderstanding(): void {
  effect(() => {
    const { prompt } = draft.value;
    void language.value;  // the notes and errors are in its language
    asked?.abort();
    clearTimeout(timer);
    if (!prompt.trim() || pointsOf(prompt) > promptMax || session.value !== 'in') {
      asked = null;
      brief.value = null;
      problem.value = '';
      reading.value = false;
      return;
    }
    reading.value = true;
    timer = window.setTimeout(() => void ask(), quietMs);
  });
  effect(() => {
    if (connection.value === 'live' && unreachable.peek()) void ask();
  });
}
