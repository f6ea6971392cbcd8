// The page's pure parts. tests/e2e/studio_test.py bundles and runs this under node:test.
import assert from 'node:assert/strict';
import { webcrypto } from 'node:crypto';
import { test } from 'node:test';
import { chargesOf } from '../../../web/src/charges';
import { deviceOf } from '../../../web/src/devices';
import { barsOf, chordName, clock, fileName, randomSeed, shortened } from '../../../web/src/format';
import { merge, placeOf } from '../../../web/src/merge';
import { dateOf, fromNow } from '../../../web/src/times';
import { english } from '../../../web/src/words_en';
import { spanish } from '../../../web/src/words_es';
import type { LedgerEntry, Piece } from '../../../web/src/types';

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

test('a moment is told by its largest unit', () => {
  const now = Date.parse('2026-11-23T12:00:00Z');
  const told = (iso: string, language = 'en') => fromNow(iso, language, now);
  assert.deepEqual(['2026-11-23T17:59:00Z', '2026-11-23T11:58:30Z', '2026-12-01T00:00:00Z',
                    '2026-11-23T12:00:00Z'].map((iso) => told(iso)),
                   ['in 5 hours', '1 minute ago', 'in 7 days', 'now']);
  assert.equal(told('2026-11-20T11:00:00Z', 'es'), 'hace 3 días');
  assert.match(dateOf('2026-11-23T12:00:00Z', 'es'), /23 nov 2026/);
});

test('a browser and its system are named, a program names itself', () => {
  const mozilla = 'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko)';
  const named = (agent: string) => Object.values(deviceOf(agent)).join(' on ');
  assert.equal(named(`${mozilla} Chrome/130.0.0.0 Safari/537.36`), 'Chrome on Linux');
  assert.equal(named(`${mozilla} Chrome/130.0.0.0 Safari/537.36 Edg/130.0`), 'Edge on Linux');
  assert.equal(named('Mozilla/5.0 (Windows NT 10.0; rv:128.0) Gecko/20100101 Firefox/128.0'),
               'Firefox on Windows');
  assert.equal(named('Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) Version/17.5 Mobile '
                     + 'Safari/604.1'), 'Safari on iPhone');
  assert.deepEqual(deviceOf('backup/1.2'), { app: 'backup', system: '' });
  assert.deepEqual(deviceOf('Mozilla/5.0'), { app: '', system: '' });
});

test('the ledger is a line a piece, as its last step stands', () => {
  const entry = (generationId: string, step: number, kind: LedgerEntry['kind']): LedgerEntry =>
    ({ generationId, step, kind, units: 1, day: '2026-11-23', at: `2026-11-23T0${step}:00:00Z` });
  const found = chargesOf([entry('b', 1, 'reserve'), entry('a', 3, 'reserve'),
                           entry('a', 2, 'refund'), entry('a', 1, 'reserve')]);
  assert.deepEqual(found.map((one) => [one.generationId, one.kind, one.at]),
                   [['b', 'reserve', '2026-11-23T01:00:00Z'],
                    ['a', 'reserve', '2026-11-23T01:00:00Z']]);
  assert.equal(chargesOf([entry('a', 1, 'reserve'), entry('a', 2, 'refund')])[0]!.kind, 'refund');
});
