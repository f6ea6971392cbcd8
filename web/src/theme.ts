// System, light or dark; boot.ts applies the kept one before the first paint.
import { signal } from '@preact/signals';

export type Theme = 'system' | 'light' | 'dark';

const applied = document.documentElement.dataset.theme;
export const theme = signal<Theme>(applied === 'light' || applied === 'dark' ? applied : 'system');

export function setTheme(to: Theme): void {
  theme.value = to;
  if (to === 'system') delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = to;
  try {
    if (to === 'system') localStorage.removeItem('theme');
    else localStorage.setItem('theme', to);
  } catch {
    // It holds until the page is closed.
  }
}
