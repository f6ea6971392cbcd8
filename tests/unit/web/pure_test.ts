// The page's pure parts. tests/e2e/studio_test.py bundles and runs this under node:test.
import assert from 'node:assert/strict';
import { webcrypto } from 'node:crypto';
import { test } from 'node:test';
import { barsOf, chordName, clock, fileName, randomSeed, shortened } from '../../../web/src/format';
import { merge, placeOf } from '../../../web/src/merge';
import { english } from '../../../web/src/words_en';
import { spanish } from '../../../web/src/words_es';
import type { Piece } from '../../../web/src/types';

// Node 18 has it, but not as a global.
globalThis.crypto ??= webcrypto as Crypto;

const piece = (more: Partial<Piece>): Piece =>
  ({ generationId: 'a', status: 'processing', progress: 40, message: 'mastering', prompt: 'harp',
     ...more });

test('progress never goes back', () => {
  const late = merge(piece({}), { progress: 20, message: 'composing', status: 'processing' });
  assert.deepEqual([late.progress, late.message], [40, 'mastering']);
  assert.equal(merge(piece({}), { progress: 41 }).progress, 41);
});

test('a piece that waits for another try says so and keeps what it had', () => {
  const waits = merge(piece({}), { status: 'pending', progress: 0, message: 'waiting' });
  assert.deepEqual([waits.status, waits.progress, waits.message], ['pending', 40, 'waiting']);
});

test('an end stays an end, whatever arrives late', () => {
  const done = piece({ status: 'completed', progress: 100, audioUrl: '/a' });
  assert.equal(merge(done, { status: 'processing', progress: 99 }), done);
  assert.equal(merge(done, { status: 'cancelled' }), done);
  assert.equal(merge(done, { status: 'completed', midiUrl: '/m' }).midiUrl, '/m');
});

test('news of a state keeps what only the whole piece has', () => {
  const known = piece({ request: { seed: 7 } });
  assert.deepEqual(merge(known, { status: 'completed', progress: 100 }).request, { seed: 7 });
});

test('places are counted from one', () => {
  assert.equal(placeOf('b', []), 1);
  assert.equal(placeOf('c', ['a', 'b', 'c', 'd']), 3);
});

test('times, names and chords are written as people do', () => {
  assert.deepEqual([clock(0), clock(59.9), clock(600), clock(NaN), clock(-1)],
                   ['0:00', '0:59', '10:00', '0:00', '0:00']);
  assert.equal(fileName('El cóndor / “vuela”', 'mp3'), 'el-condor-vuela.mp3');
  assert.equal(fileName('???', 'ogg'), 'son1k.ogg');
  assert.equal(shortened('😀😀😀😀', 3), '😀😀…');
  assert.deepEqual([chordName('Bbmaj7'), chordName('F#m7/C#'), chordName('Dm')],
                   ['B♭maj7', 'F♯m7/C♯', 'Dm']);
});

test('a seed is one that the server takes', () => {
  for (let n = 0; n < 100; n++) assert.ok(Number.isSafeInteger(randomSeed()) && randomSeed() >= 0);
});

test('bars are means of the points that they stand for', () => {
  assert.deepEqual(barsOf([-127, 127, 0, 0, -127, 127, -127, 127], 2),
                   [{ low: -0.5, high: 0.5 }, { low: -1, high: 1 }]);
  assert.equal(barsOf([-1, 1], 5).length, 5);
  assert.deepEqual(barsOf([], 1), [{ low: 0, high: 0 }]);
});

test('both languages say the same things, with the same values in them', () => {
  const values = (text: string) => [...text.matchAll(/\{\w+\}/g)].map(([v]) => v).sort();
  assert.deepEqual(Object.keys(spanish).sort(), Object.keys(english).sort());
  for (const [key, text] of Object.entries(english)) {
    assert.deepEqual(values(spanish[key as keyof typeof english]), values(text), key);
  }
});
