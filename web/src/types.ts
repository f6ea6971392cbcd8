// What the API says (docs/api.md).
export type Status = 'pending' | 'processing' | 'completed' | 'failed' | 'cancelled';

export interface Span { start: number; end: number }
export interface Section extends Span { name: string; energy?: number }
export interface Chord extends Span { symbol: string }

export interface Facts {
  title?: string;
  key?: string;
  tempo?: number;
  metre?: string;
  form?: string;
  instruments?: string[];
  sections?: Section[];
  chords?: Chord[];
  loudnessLufs?: number;
  duration?: number;
  timesRealTime?: number;
  understood?: Brief;
}

export interface Piece {
  generationId: string;
  status: Status;
  progress: number;
  message?: string;
  prompt: string;
  createdAt?: string;
  finishedAt?: string;
  error?: { code: string; message: string };
  audioUrl?: string;
  midiUrl?: string;
  peaksUrl?: string;
  metadata?: Facts | null;
  request?: Record<string, unknown>;
}

export interface Valued<T> { value: T; source: 'prompt' | 'field' | 'chosen' }

export interface Brief {
  language: 'en' | 'es' | 'unknown';
  title: Valued<string>;
  genre: Valued<string>;
  style: Valued<string>;
  tempo: Valued<number>;
  key: Valued<string>;
  metre: Valued<string>;
  duration: Valued<number>;
  mood: { valence: number; energy: number; words: string[] };
  instruments: { name: string }[];
  excluded: string[];
  ignored: string[];
  notes: string[];
}

export interface Peaks {
  length: number;
  duration: number;
  peaks: number[]; // min, max, min, max, … of -127..127
  sections: Section[];
  chords: Chord[];
}

export interface Order {
  prompt: string;
  style?: string;
  duration?: number;
  quality?: string;
  seed?: number;
}
