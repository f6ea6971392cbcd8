// Numbers and texts as people read them. Pure.
import type { Piece } from './types';

export function clock(seconds: number): string {
  const whole = Math.max(0, Math.floor(Number.isFinite(seconds) ? seconds : 0));
  return `${Math.floor(whole / 60)}:${String(whole % 60).padStart(2, '0')}`;
}

export function shortened(text: string, most: number): string {
  const points = [...text.trim()];
  return points.length <= most ? points.join('') : points.slice(0, most - 1).join('').trimEnd() + '…';
}

export const nameOf = (piece: Piece): string =>
  piece.metadata?.title || shortened(piece.prompt, 80) || piece.generationId.slice(0, 8);

// A file name that every system takes.
export function fileName(title: string, extension: string): string {
  const plain = title.normalize('NFKD').replace(/\p{M}/gu, '').replace(/[^\p{L}\p{N}]+/gu, '-');
  return `${plain.replace(/^-+|-+$/g, '').toLowerCase().slice(0, 60) || 'son1k'}.${extension}`;
}

// 53 random bits: what a seed may have.
export function randomSeed(): number {
  const [high, low] = crypto.getRandomValues(new Uint32Array(2));
  return (high! & 0x1fffff) * 2 ** 32 + low!;
}

export function randomName(): string {
  return [...crypto.getRandomValues(new Uint8Array(16))]
    .map((b) => b.toString(16).padStart(2, '0')).join('');
}

// "Bbmaj7" as musicians write it.
export const chordName = (symbol: string): string =>
  symbol.replace(/([A-G])b/g, '$1♭').replace(/([A-G])#/g, '$1♯');

// Bars of a waveform, -1 to 1: the mean of the lowest and of the highest points of each. The
// extremes alone would make one solid block of mastered music.
export function barsOf(peaks: number[], bars: number): { low: number; high: number }[] {
  const points = Math.floor(peaks.length / 2);
  const out: { low: number; high: number }[] = [];
  for (let bar = 0; bar < bars; bar++) {
    const from = Math.floor((bar * points) / bars);
    const to = Math.max(from + 1, Math.floor(((bar + 1) * points) / bars));
    let low = 0;
    let high = 0;
    const end = Math.min(to, points);
    for (let at = from; at < end; at++) {
      low += peaks[at * 2]!;
      high += peaks[at * 2 + 1]!;
    }
    const share = 127 * Math.max(1, end - from);
    out.push({ low: low / share, high: high / share });
  }
  return out;
}
