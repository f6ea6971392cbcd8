// What is understood of the words, and what the composer adds: solid lines for the first, dashed
// ones for the second.
import type { ComponentChildren } from 'preact';
import { clock } from '../format';
import { keyName, t, term } from '../i18n';
import { chooseAnew, draft } from '../store';
import type { Brief, Valued } from '../types';
import { brief, problem, reading, unreachable } from '../understanding';
import { Icon } from './icons';

// The circle of fifths by pitch class.
const fifths = [0, 7, 2, 9, 4, 11, 6, 1, 8, 3, 10, 5];
const classes: Record<string, number> = { C: 0, D: 2, E: 4, F: 5, G: 7, A: 9, B: 11 };

function pitchClass(key: string): number {
  const tonic = key.split(' ')[0] ?? '';
  const shift = tonic.endsWith('#') ? 1 : tonic.length > 1 ? -1 : 0;
  return ((classes[tonic[0] ?? ''] ?? 0) + shift + 12) % 12;
}

function KeyRing({ value }: { value: string }) {
  const at = pitchClass(value);
  return (
    <svg class="dial" viewBox="-24 -24 48 48" aria-hidden="true">
      {fifths.map((pitch, place) => {
        const angle = (place / 12) * 2 * Math.PI;
        const on = pitch === at;
        return <circle key={pitch} class={on ? 'on' : ''} r={on ? 4.4 : 1.9}
          cx={19 * Math.sin(angle)} cy={-19 * Math.cos(angle)} />;
      })}
    </svg>
  );
}

function Pulse({ bpm }: { bpm: number }) {
  return (
    <span class="pulse" aria-hidden="true">
      <span style={{ animationDuration: `${(60 / Math.max(20, bpm)).toFixed(3)}s` }} />
    </span>
  );
}

function MoodField({ valence, energy }: { valence: number; energy: number }) {
  return (
    <svg class="dial" viewBox="-24 -24 48 48" aria-hidden="true">
      <path class="axis" d="M-20 0H20M0-20V20" />
      <circle class="on" r="4.4" cx={valence * 18} cy={18 - energy * 36} />
    </svg>
  );
}

interface ReadingProps {
  name: string;
  said: boolean;
  wide?: boolean;
  drawing?: ComponentChildren;
  children: ComponentChildren;
}
function Reading({ name, said, wide = false, drawing, children }: ReadingProps) {
  return (
    <div title={said ? t('said') : t('chosen')}
      class={`reading ${said ? 'said' : 'chosen'}${wide ? ' wide' : ''}${drawing ? ' drawn' : ''}`}>
      <dt>{name}</dt>
      <dd>{drawing}{children}<span class="hidden">, {said ? t('said') : t('chosen')}</span></dd>
    </div>
  );
}

const isSaid = (v: Valued<unknown>): boolean => v.source !== 'chosen';

function Readings({ b }: { b: Brief }) {
  const moods = b.mood.words.map(term).join(', ');
  return (
    <dl class="readings">
      <Reading name={t('key')} said={isSaid(b.key)} drawing={<KeyRing value={b.key.value} />}>
        {keyName(b.key.value)}
      </Reading>
      <Reading name={t('tempo')} said={isSaid(b.tempo)} drawing={<Pulse bpm={b.tempo.value} />}>
        {t('bpm', { n: b.tempo.value })}
      </Reading>
      <Reading name={t('mood')} said={b.mood.words.length > 0} wide
        drawing={<MoodField valence={b.mood.valence} energy={b.mood.energy} />}>
        {moods || t('composerChooses')}
      </Reading>
      <Reading name={t('style')} said={isSaid(b.style)} wide>{term(b.style.value)}</Reading>
      <Reading name={t('metre')} said={isSaid(b.metre)}>{b.metre.value}</Reading>
      <Reading name={t('duration')} said={isSaid(b.duration)}>{clock(b.duration.value)}</Reading>
      <Reading name={t('instruments')} said={b.instruments.length > 0} wide>
        {b.instruments.map((i) => term(i.name)).join(', ') || t('composerChooses')}
      </Reading>
      {b.excluded.length > 0 && (
        <Reading name={t('without')} said wide>{b.excluded.map(term).join(', ')}</Reading>
      )}
      <Reading name={t('title')} said={isSaid(b.title)} wide>{b.title.value}</Reading>
    </dl>
  );
}

export function Understood() {
  const b = brief.value;
  const written = draft.value.prompt.trim() !== '';
  if (!written || problem.value) return null;
  return (
    <section class={`understood${reading.value ? ' is-reading' : ''}`} aria-labelledby="understood">
      <div class="row">
        <h2 id="understood">{t('understood')}</h2>
        {b && (
          <button type="button" class="quiet" title={t('otherHint')} onClick={chooseAnew}>
            <Icon name="dice" />{t('other')}
          </button>
        )}
      </div>
      {b && <Readings b={b} />}
      {!b && <p class="hint">{unreachable.value ? t('understoodOffline') : t('understanding')}</p>}
      {b && b.notes.map((note) => <p key={note} class="note">{note}</p>)}
      {b && b.ignored.length > 0 && (
        <p class="note">{t('ignored', { words: b.ignored.join(', ') })}</p>
      )}
      {b && <p class="legend">{t('legend')}</p>}
    </section>
  );
}
