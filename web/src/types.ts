// What the API says, by the names of the page; the types are the descriptions' own.
import type {
  LedgerEntry as AnyEntry, Piece as AnyPiece, PieceFacts, ValueSource,
} from './api_schema';

export type {
  Account, ApiKey, Brief, Chord, Limits, LogIn, MadeKey, NewKey, Peaks, PieceOrder as Order,
  PieceStatus as Status, ProfileChange, Section, Session as OpenSession, Tier, Use as Used, WaysIn,
} from './api_schema';

export interface Valued<T> { value: T; source: ValueSource }

// What a row of the list knows of a piece may be little.
export type Facts = Partial<PieceFacts>;
export type Piece = Omit<AnyPiece, 'createdAt' | 'metadata'> & {
  createdAt?: string;
  metadata?: Facts | null;
};

export type LedgerEntry = Omit<AnyEntry, 'kind'> & { kind: 'reserve' | 'commit' | 'refund' };
