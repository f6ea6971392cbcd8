// Every word of the page, in both languages.
import { signal } from '@preact/signals';
import { chordName } from './format';
import { english, type Words } from './words_en';
import { spanish, terms } from './words_es';

export type Language = 'en' | 'es';

function kept(): Language | null {
  try {
    const found = localStorage.getItem('language');
    return found === 'en' || found === 'es' ? found : null;
  } catch {
    return null;
  }
}

// The first of the browser's languages that there is; it sends the same list as Accept-Language.
function preferred(): Language {
  for (const tag of navigator.languages ?? []) {
    if (/^es\b/i.test(tag)) return 'es';
    if (/^en\b/i.test(tag)) return 'en';
  }
  return 'en';
}

export const language = signal<Language>(kept() ?? preferred());

export function setLanguage(to: Language): void {
  language.value = to;
  try {
    localStorage.setItem('language', to);
  } catch {
    // It holds until the page is closed.
  }
}

type Key = keyof Words;

// {name} in a text is replaced by its value.
export function t(key: Key, values: Record<string, string | number> = {}): string {
  const text = (language.value === 'es' ? spanish : english)[key];
  return text.replace(/\{(\w+)\}/g, (whole, name: string) => String(values[name] ?? whole));
}

// A term of the music or of a job's progress, which the server says in English.
export function term(word: string): string {
  if (word === 'lofi') return 'lo-fi';
  if (language.value === 'en' || !word) return word;
  const writing = /^writing (\w+)$/.exec(word);
  if (writing) return `escribiendo ${writing[1]}`;
  return terms[word] ?? word;
}

const modes: Record<string, string> = {
  major: 'mayor', minor: 'menor', dorian: 'dórico', phrygian: 'frigio', lydian: 'lidio',
  mixolydian: 'mixolidio',
};
const notes: Record<string, string> = {
  C: 'do', D: 're', E: 'mi', F: 'fa', G: 'sol', A: 'la', B: 'si',
};

// "D minor", "re menor".
export function keyName(key: string): string {
  if (language.value === 'en') return chordName(key);
  const [tonic = '', mode = ''] = key.split(' ');
  const sign = tonic.endsWith('#') ? ' sostenido' : tonic.length > 1 ? ' bemol' : '';
  return `${notes[tonic[0] ?? ''] ?? tonic}${sign} ${modes[mode] ?? mode}`;
}
