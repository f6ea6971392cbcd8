// Moments as people read them. Pure.
const steps: [Intl.RelativeTimeFormatUnit, number][] = [
  ['year', 31_557_600], ['month', 2_629_800], ['day', 86_400], ['hour', 3_600], ['minute', 60],
  ['second', 1],
];

// "in 5 hours", "hace 3 días": the largest unit of which there is one.
export function fromNow(iso: string, language: string, nowMs = Date.now()): string {
  const seconds = Math.round((Date.parse(iso) - nowMs) / 1_000);
  const [unit, size] = steps.find(([, s]) => Math.abs(seconds) >= s) ?? (['second', 1] as const);
  return new Intl.RelativeTimeFormat(language, { numeric: 'auto' })
    .format(Math.trunc(seconds / size), unit);
}

export const dateOf = (iso: string, language: string): string =>
  new Intl.DateTimeFormat(language, { dateStyle: 'medium' }).format(new Date(iso));
export const momentOf = (iso: string, language: string): string =>
  new Intl.DateTimeFormat(language, { month: 'short', day: 'numeric', hour: 'numeric',
                                      minute: '2-digit' }).format(new Date(iso));
