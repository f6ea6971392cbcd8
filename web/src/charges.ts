// The ledger, a line a piece. Pure.
import type { LedgerEntry } from './types';

export interface Charge {
  generationId: string;
  at: string;
  kind: LedgerEntry['kind'];
  units: number;
}

// Entries come with the newest piece first; the last step of a piece says how it stands.
export function chargesOf(entries: LedgerEntry[]): Charge[] {
  const found = new Map<string, { first: LedgerEntry; last: LedgerEntry }>();
  for (const one of entries) {
    const known = found.get(one.generationId);
    if (!known) found.set(one.generationId, { first: one, last: one });
    else if (one.step > known.last.step) known.last = one;
    else if (one.step < known.first.step) known.first = one;
  }
  return [...found.values()].map(({ first, last }) => ({
    generationId: first.generationId, at: first.at, kind: last.kind, units: first.units,
  }));
}
