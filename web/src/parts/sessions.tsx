// Where one is logged in.
import { useState } from 'preact/hooks';
import * as account from '../account';
import { deviceOf } from '../devices';
import { language, t } from '../i18n';
import { explain, toast } from '../store';
import { dateOf, fromNow } from '../times';
import type { OpenSession } from '../types';
import { LoadFailed, useLoaded } from './account';
import { Confirm } from './confirm';

function nameOfDevice(agent: string): string {
  const { app, system } = deviceOf(agent);
  if (app && system) return t('deviceOn', { app, system });
  return app || system || t('unknownDevice');
}

function Row({ one, end }: { one: OpenSession; end: () => void }) {
  const name = nameOfDevice(one.device);
  const began = one.createdAt ?? '';
  const seen = fromNow(one.usedAt ?? began, language.value);
  return (
    <li class={one.current ? 'is-this' : undefined}>
      <div>
        <p class="name" title={one.device}>{name}{' '}
          {one.current && <span class="tag tag-this">{t('sessionThis')}</span>}
        </p>
        <p class="hint">
          {[one.address, t('sessionUsed', { at: seen }),
            t('sessionSince', { at: dateOf(began, language.value) })].join(' · ')}
        </p>
      </div>
      {!one.current && (
        <button type="button" class="quiet" aria-label={t('sessionEndNamed', { name })}
          onClick={end}>
          {t('sessionEnd')}
        </button>
      )}
    </li>
  );
}

export function Sessions() {
  const { data, setData, failed, again } = useLoaded(account.sessions);
  const [asking, setAsking] = useState(false);
  const rows = [...data ?? []].sort((a, b) => Number(b.current) - Number(a.current));
  const others = rows.filter((one) => !one.current);
  const end = async (one: OpenSession) => {
    try {
      await account.endSession(one.id);
      setData(rows.filter((other) => other.id !== one.id));
      toast('good', t('sessionEnded', { name: nameOfDevice(one.device) }));
    } catch (cause) {
      explain(cause);
      void again();
    }
  };
  const endOthers = async () => {
    setAsking(false);
    try {
      await account.endOtherSessions();
      setData(rows.filter((one) => one.current));
      toast('good', t('sessionsEnded'));
    } catch (cause) {
      explain(cause);
      void again();
    }
  };
  return (
    <section class="card" aria-busy={!data && !failed}>
      {failed && <LoadFailed again={again} />}
      <ul class="lines sessions">
        {rows.map((one) => <Row key={one.id} one={one} end={() => void end(one)} />)}
      </ul>
      {data && others.length === 0 && <p class="hint">{t('sessionsOnly')}</p>}
      {others.length > 0 && (asking
        ? <Confirm question={t('sessionEndOthersAsk', { n: others.length })}
            yes={t('sessionEndOthersYes')} no={t('keepThem')} onYes={() => void endOthers()}
            onNo={() => setAsking(false)} />
        : (
          <div>
            <button type="button" onClick={() => setAsking(true)}>{t('sessionEndOthers')}</button>
          </div>
        ))}
    </section>
  );
}
