// Where a piece is asked for.
import { useRef } from 'preact/hooks';
import { t } from '../i18n';
import { draft, edit, plan, sending, submit } from '../store';
import type { Order } from '../types';
import { pointsOf, problem, promptMax } from '../understanding';
import { Understood } from './understood';

const examples = ['example1', 'example2', 'example3', 'example4'] as const;
const styles = ['pop', 'rock', 'jazz', 'blues', 'classical', 'electronic', 'hip-hop', 'lo-fi', 'funk',
                'soul', 'country', 'folk', 'reggae', 'cumbia', 'salsa', 'tango', 'bossa nova',
                'metal', 'ambient', 'cinematic'];
const lengths = [15, 30, 60, 120, 180, 300, 600];
const qualities = ['standard', 'premium', 'ultra'] as const;

const lengthName = (n: number): string =>
  n < 60 ? t('seconds', { n }) : t('minutes', { n: n / 60 });

function Options() {
  const { style, duration, quality } = draft.value;
  const longest = plan.value?.longestSeconds ?? Infinity;
  const offered = (name: (typeof qualities)[number]) => plan.value?.qualities.includes(name) ?? true;
  return (
    <div class="options">
      <label>
        <span>{t('style')}</span>
        <select value={style ?? ''} onChange={(e) => edit({ style: e.currentTarget.value })}>
          <option value="">{t('fromWords')}</option>
          {styles.map((name) => <option key={name} value={name}>{name}</option>)}
        </select>
      </label>
      <label>
        <span>{t('duration')}</span>
        <select value={duration ? String(duration) : ''}
          onChange={(e) => edit({ duration: Number(e.currentTarget.value) || undefined })}>
          <option value="">{t('fromWords')}</option>
          {lengths.map((n) => (
            <option key={n} value={String(n)} disabled={n > longest}>{lengthName(n)}</option>
          ))}
        </select>
      </label>
      <label>
        <span>{t('quality')}</span>
        <select value={quality ?? 'standard'}
          onChange={(e) => edit({ quality: e.currentTarget.value as Order['quality'] })}>
          {qualities.map((name) => (
            <option key={name} value={name} disabled={!offered(name)}>
              {offered(name) ? t(name) : t('notInPlan', { what: t(name) })}
            </option>
          ))}
        </select>
      </label>
    </div>
  );
}

export function Composer() {
  const field = useRef<HTMLTextAreaElement>(null);
  const { prompt } = draft.value;
  const points = pointsOf(prompt);
  const over = points - promptMax;
  const wrong = over > 0 ? t('tooLong', { n: over }) : problem.value;
  const ready = prompt.trim() !== '' && over <= 0 && !sending.value;
  return (
    <section class="composer" aria-labelledby="prompt-label">
      <form onSubmit={(e) => { e.preventDefault(); void submit(); }}>
        <h1><label id="prompt-label" for="prompt">{t('emptyTitle')}</label></h1>
        <textarea id="prompt" ref={field} rows={3} value={prompt} placeholder={t('promptPlaceholder')}
          aria-describedby="prompt-hint prompt-problem" aria-invalid={wrong !== ''}
          autocomplete="off"
          onInput={(e) => edit({ prompt: e.currentTarget.value })}
          onKeyDown={(e) => {
            if (e.key === 'Enter' && (e.ctrlKey || e.metaKey)) { e.preventDefault(); void submit(); }
          }} />
        <p id="prompt-problem" class="problem" role="alert">{wrong}</p>
        <p id="prompt-hint" class="hint">{t('promptHint')}</p>
        {prompt.trim() === '' && (
          <div class="examples">
            <h2>{t('examples')}</h2>
            <ul>
              {examples.map((key) => (
                <li key={key}>
                  <button type="button" onClick={() => {
                    edit({ prompt: t(key) });
                    field.current?.focus();
                  }}>{t(key)}</button>
                </li>
              ))}
            </ul>
          </div>
        )}
        <Understood />
        <Options />
        <div class="send">
          <button type="submit" class="primary" disabled={!ready}>
            {sending.value ? t('creating') : t('create')}
          </button>
          <kbd>{t('shortcut')}</kbd>
          {points > promptMax * 0.8 && <span class="count">{t('characters', { n: points })}</span>}
        </div>
      </form>
    </section>
  );
}
