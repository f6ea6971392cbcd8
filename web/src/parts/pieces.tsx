// The pieces so far, newest first.
import { useRef } from 'preact/hooks';
import { clock, nameOf } from '../format';
import { keyName, language, t } from '../i18n';
import { historyFailed, historyLoading, historyNext, historySearch, historyStatus, historyTotal,
         listed, loadHistory, pieces, select, selectedId } from '../store';
import type { Piece, Status } from '../types';

const quietMs = 250;
const filters = [['', 'showAll'], ['completed', 'showCompleted'], ['processing', 'showProcessing'],
                 ['failed', 'showFailed'], ['cancelled', 'showCancelled']] as const;
const statusNames = {
  pending: 'statusPending', processing: 'statusProcessing', completed: 'statusCompleted',
  failed: 'statusFailed', cancelled: 'statusCancelled',
} as const;

function when(piece: Piece): string {
  if (!piece.createdAt) return '';
  const then = new Date(piece.createdAt);
  const today = then.toDateString() === new Date().toDateString();
  return new Intl.DateTimeFormat(language.value, today ? { timeStyle: 'short' }
    : { dateStyle: 'medium' }).format(then);
}

function facts(piece: Piece): string {
  const m = piece.metadata;
  if (piece.status !== 'completed' || !m) {
    const name = t(statusNames[piece.status]);
    return piece.status === 'processing' ? `${name} · ${piece.progress} %` : name;
  }
  return [m.key && keyName(m.key), m.tempo && t('bpm', { n: m.tempo }),
          m.duration && clock(m.duration)].filter(Boolean).join(' · ');
}

function Row({ piece }: { piece: Piece }) {
  const here = selectedId.value === piece.generationId;
  return (
    <li>
      <a href={`/pieces/${piece.generationId}`} class={`piece piece-${piece.status}`}
        aria-current={here ? 'true' : undefined}
        onClick={(e) => {
          if (e.metaKey || e.ctrlKey || e.shiftKey) return;
          e.preventDefault();
          select(piece.generationId);
          scrollTo({ top: 0 });
        }}>
        <span class="name">{nameOf(piece)}</span>
        <span class="when">{when(piece)}</span>
        <span class="about">{facts(piece)}</span>
      </a>
    </li>
  );
}

export function Pieces() {
  const timer = useRef(0);
  const rows = listed.value.map((id) => pieces.value[id]).filter((p) => p !== undefined);
  const filtered = historySearch.value.trim() !== '' || historyStatus.value !== '';
  return (
    <aside class="pieces" aria-labelledby="pieces">
      <h2 id="pieces">{t('history')}{historyTotal.value > 0 && <span> {historyTotal.value}</span>}</h2>
      <div class="filters">
        <input type="search" value={historySearch.value} placeholder={t('search')}
          aria-label={t('searchHint')} maxLength={200}
          onInput={(e) => {
            historySearch.value = e.currentTarget.value;
            clearTimeout(timer.current);
            timer.current = window.setTimeout(() => void loadHistory(), quietMs);
          }} />
        <select aria-label={t('show')} value={historyStatus.value}
          onChange={(e) => {
            historyStatus.value = e.currentTarget.value as Status | '';
            void loadHistory();
          }}>
          {filters.map(([value, key]) => <option key={value} value={value}>{t(key)}</option>)}
        </select>
      </div>
      <ul aria-busy={historyLoading.value}>
        {rows.map((piece) => <Row key={piece.generationId} piece={piece} />)}
      </ul>
      {historyFailed.value && <p class="problem" role="alert">{t('historyFailed')}</p>}
      {!historyFailed.value && !historyLoading.value && rows.length === 0 && (
        <p class="hint">{filtered ? t('historyNothing') : t('historyEmpty')}</p>
      )}
      {historyNext.value && (
        <button type="button" disabled={historyLoading.value}
          onClick={() => void loadHistory(true)}>{t('historyMore')}</button>
      )}
    </aside>
  );
}
