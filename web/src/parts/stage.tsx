// The chosen piece: waiting, in the making, finished, or ended otherwise.
import { nameOf } from '../format';
import { t, term } from '../i18n';
import { busy, cancel, estimates, makeAgain, makeVariation, missing, places, retry, select,
         selected, selectedId } from '../store';
import type { Piece } from '../types';
import { Icon } from './icons';
import { Player } from './player';

function Heading({ piece, state }: { piece: Piece; state: string }) {
  const named = Boolean(piece.metadata?.title);
  return (
    <div class="row">
      <div>
        <p class={`state state-${piece.status}`}>{state}</p>
        <h2 id="piece" class={named ? 'piece-title' : 'piece-title as-prompt'}>{nameOf(piece)}</h2>
        {named && <p class="piece-prompt">{piece.prompt}</p>}
      </div>
      <button type="button" class="round" aria-label={t('close')} title={t('close')}
        onClick={() => select(null)}>
        <Icon name="close" />
      </button>
    </div>
  );
}

function Making({ piece }: { piece: Piece }) {
  const id = piece.generationId;
  const waiting = piece.status === 'pending';
  const place = places.value[id];
  const about = estimates.value[id];
  const parts = [piece.message ? term(piece.message) : ''];
  if (waiting && place !== undefined) parts.push(place > 1 ? t('place', { n: place }) : t('next'));
  if (waiting && about !== undefined) parts.push(t('estimate', { n: Math.max(1, Math.round(about)) }));
  const text = parts.filter(Boolean).join(' · ');
  return (
    <>
      <Heading piece={piece} state={waiting ? t('nowWaiting') : t('nowMaking')} />
      <div class="line" role="progressbar" aria-valuemin={0} aria-valuemax={100}
        aria-valuenow={piece.progress} aria-label={t('progressOf', { name: nameOf(piece) })}
        aria-valuetext={`${piece.progress} %, ${text}`}>
        <span style={{ width: `${piece.progress}%` }} />
      </div>
      <div class="row">
        <p class="doing" aria-live="polite">{text}</p>
        <p class="percent" aria-hidden="true">{piece.progress} %</p>
      </div>
      <button type="button" disabled={busy.value[id]} onClick={() => void cancel(id)}>
        {busy.value[id] ? t('cancelling') : t('cancel')}
      </button>
    </>
  );
}

function Ended({ piece }: { piece: Piece }) {
  const id = piece.generationId;
  const failed = piece.status === 'failed';
  return (
    <>
      <Heading piece={piece} state={failed ? t('nowFailed') : t('nowCancelled')} />
      {failed && <p class="problem" role="alert">{term(piece.error?.message ?? '')}</p>}
      <div class="buttons">
        <button type="button" class="primary" disabled={busy.value[id]}
          onClick={() => void (failed ? retry(id) : makeAgain(id))}>
          {failed ? t('retry') : t('again')}
        </button>
      </div>
    </>
  );
}

function Done({ piece }: { piece: Piece }) {
  const id = piece.generationId;
  return (
    <>
      <Heading piece={piece} state={t('nowDone')} />
      <Player key={id} piece={piece} />
      <div class="buttons">
        <button type="button" disabled={busy.value[id]} onClick={() => void makeVariation(id)}>
          <Icon name="dice" />{t('variation')}
        </button>
      </div>
    </>
  );
}

export function Stage() {
  const piece = selected.value;
  if (missing.value) {
    return <section class="stage"><p class="problem" role="alert">{t('notFound')}</p></section>;
  }
  if (!selectedId.value) return null;
  if (!piece) return <section class="stage" aria-busy="true"><div class="line" /></section>;
  return (
    <section class={`stage stage-${piece.status}`} aria-labelledby="piece">
      {piece.status === 'completed' ? <Done piece={piece} />
        : piece.status === 'pending' || piece.status === 'processing' ? <Making piece={piece} />
          : <Ended piece={piece} />}
    </section>
  );
}
