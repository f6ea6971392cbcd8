// How news of a piece joins what is known of it. Pure.
import type { Piece, Status } from './types';

export const ended = (status: Status): boolean =>
  status === 'completed' || status === 'failed' || status === 'cancelled';

// News can overtake each other on their ways: an end stays an end, and progress never goes back.
// `anew` is for a piece that was asked to run again.
export function merge(old: Piece | undefined, news: Partial<Piece>, anew = false): Piece {
  const base: Piece = old ?? { generationId: '', status: 'pending', progress: 0, prompt: '',
    tags: [], isFavourite: false };
  const next: Piece = { ...base, ...news };
  if (anew || !old) return next;
  if (ended(old.status) && !ended(next.status)) return old;
  if (ended(old.status) && news.status && old.status !== news.status) return old;
  if (!ended(next.status)) {
    if (news.progress !== undefined && news.progress < old.progress) {
      next.progress = old.progress;
      if (next.status === old.status) next.message = old.message;
    }
  }
  return next;
}

// Where a waiting piece stands: 1 is next. Ids sort by creation.
export function placeOf(id: string, waiting: string[]): number {
  return waiting.filter((other) => other < id).length + 1;
}
