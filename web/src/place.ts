// Where in the page one is: the address, as a signal.
import { computed, signal } from '@preact/signals';

export const path = signal(location.pathname);

export const sections = ['', 'usage', 'keys', 'sessions'] as const;
export type Section = (typeof sections)[number];
export const addressOf = (section: Section): string => section ? `/account/${section}` : '/account';

// The part of the account that is shown; null: the studio.
export const section = computed<Section | null>(() =>
  sections.find((one) => addressOf(one) === path.value.replace(/(.)\/$/, '$1')) ?? null);

export const pieceIdOf = (address: string): string | null =>
  /^\/pieces\/([\w-]{1,64})$/.exec(address)?.[1] ?? null;

export function go(to: string): void {
  if (location.pathname !== to || location.hash) history.pushState(null, '', to);
  path.value = to;
}

addEventListener('popstate', () => { path.value = location.pathname; });

// For links: the browser keeps what it does with a modifier.
export function follow(event: MouseEvent, to: string): void {
  if (event.metaKey || event.ctrlKey || event.shiftKey || event.button !== 0) return;
  event.preventDefault();
  go(to);
  scrollTo({ top: 0 });
  // Once what is there now is drawn.
  setTimeout(() => document.getElementById('content')?.focus({ preventScroll: true }));
}
