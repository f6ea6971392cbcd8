// What a User-Agent says of a browser and its system, as far as people care. Pure.
const apps: [RegExp, string][] = [
  [/\bEdgA?\//, 'Edge'], [/\bOPR\//, 'Opera'], [/\bSamsungBrowser\//, 'Samsung Internet'],
  [/\b(?:Firefox|FxiOS)\//, 'Firefox'], [/\b(?:HeadlessChrome|Chromium)\//, 'Chromium'],
  [/\b(?:Chrome|CriOS)\//, 'Chrome'], [/\bVersion\/.* Safari\//, 'Safari'], [/^curl\//, 'curl'],
  [/^(?:node|undici)\b/, 'Node.js'], [/^python-/i, 'Python'],
];
const systems: [RegExp, string][] = [
  [/\biPhone\b/, 'iPhone'], [/\biPad\b/, 'iPad'], [/\bAndroid\b/, 'Android'],
  [/\bWindows\b/, 'Windows'], [/\bMac OS X\b/, 'macOS'], [/\bCrOS\b/, 'ChromeOS'],
  [/\bLinux\b|\bX11\b/, 'Linux'],
];
const first = (rows: [RegExp, string][], text: string): string =>
  rows.find(([look]) => look.test(text))?.[1] ?? '';

export function deviceOf(agent: string): { app: string; system: string } {
  // Of a program that nobody knows: the name that it gives itself.
  const named = /^([\w.-]{1,40})\//.exec(agent)?.[1] ?? '';
  return { app: first(apps, agent) || (named === 'Mozilla' ? '' : named),
           system: first(systems, agent) };
}
