// API keys: made, shown once, revoked.
import { useEffect, useRef, useState } from 'preact/hooks';
import * as account from '../account';
import { language, t } from '../i18n';
import { who } from '../session';
import { explain, toast } from '../store';
import { dateOf, fromNow } from '../times';
import type { ApiKey, MadeKey, NewKey } from '../types';
import { Card, LoadFailed, useLoaded } from './account';
import { Confirm } from './confirm';
import { Field, Submit, useForm, type Form } from './form';
import { Icon } from './icons';

const scopes = [
  { name: 'read', long: 'scopeRead', short: 'scopeReadShort' },
  { name: 'generate', long: 'scopeGenerate', short: 'scopeGenerateShort' },
  { name: 'manage', long: 'scopeManage', short: 'scopeManageShort' },
  { name: 'operate', long: 'scopeOperate', short: 'scopeOperateShort' },
] as const;
const operators = ['operator', 'admin', 'system'];
const times = ['7', '30', '90', '365', ''] as const;  // days
const dayMs = 86_400_000;
const copiedMs = 2_000;

const timeName = (days: string): string =>
  days === '' ? t('forever') : days === '365' ? t('year') : t('days', { n: days });

const trial = (key: string): string =>
  `curl ${location.origin}/api/auth/limits \\\n  -H 'X-API-Key: ${key}'`;

async function copy(field: HTMLInputElement): Promise<void> {
  field.select();
  // Only where the page came over TLS or from this machine.
  if (navigator.clipboard) return navigator.clipboard.writeText(field.value);
  if (!document.execCommand('copy')) throw new Error();
}

function Made({ made, done }: { made: MadeKey; done: () => void }) {
  const title = useRef<HTMLHeadingElement>(null);
  const field = useRef<HTMLInputElement>(null);
  const [copied, setCopied] = useState(false);
  useEffect(() => title.current?.focus(), []);
  const take = async () => {
    try {
      await copy(field.current!);
      setCopied(true);
      setTimeout(() => setCopied(false), copiedMs);
    } catch {
      toast('bad', t('copyFailed'));
    }
  };
  return (
    <section class="card made" aria-labelledby="made-title">
      <h2 id="made-title" tabIndex={-1} ref={title}>{t('keyMade', { name: made.name })}</h2>
      <p>{t('keyOnce')}</p>
      <div class="secret">
        <input ref={field} readOnly value={made.key} aria-label={t('keyValue')} spellcheck={false}
          autocomplete="off" onFocus={(e) => e.currentTarget.select()} />
        <button type="button" class="primary" onClick={() => void take()}>
          <Icon name="copy" />{copied ? t('copied') : t('copy')}
        </button>
        <span class="hidden" role="status">{copied ? t('copied') : ''}</span>
      </div>
      <p class="hint">{t('keyTry')}</p>
      <pre tabIndex={0}>{trial(made.key)}</pre>
      <div><button type="button" onClick={done}>{t('keyDone')}</button></div>
    </section>
  );
}

type Wanted = { name: string; scopes: string; expiresAt: string };

// `scopes`: a space between; 'all': no bounds.
function May({ form }: { form: Form<Wanted> }) {
  const all = form.values.scopes === 'all';
  const chosen = all ? [] : form.values.scopes.split(' ').filter(Boolean);
  const mine = who.value?.role ?? 'user';
  const offered = scopes.filter(({ name }) => name !== 'operate' || operators.includes(mine));
  const turn = (name: string, on: boolean) => form.set({
    scopes: offered.map((one) => one.name)
      .filter((one) => one === name ? on : chosen.includes(one)).join(' '),
  });
  return (
    <fieldset class="field" aria-describedby="key-scopes-problem">
      <legend>{t('keyMay')}</legend>
      <label class="choice">
        <input type="radio" name="may" checked={all} onChange={() => form.set({ scopes: 'all' })} />
        <span>{t('keyMayAll')}</span>
      </label>
      <label class="choice">
        <input id="key-scopes" type="radio" name="may" checked={!all}
          onChange={() => form.set({ scopes: 'read' })} />
        <span>{t('keyMaySome')}</span>
      </label>
      {!all && (
        <div class="within">
          {offered.map(({ name, long }) => (
            <label class="choice" key={name}>
              <input type="checkbox" checked={chosen.includes(name)}
                onChange={(e) => turn(name, e.currentTarget.checked)} />
              <span>{t(long)}</span>
            </label>
          ))}
        </div>
      )}
      <p id="key-scopes-problem" class="problem" role="alert">{form.problems.scopes ?? ''}</p>
    </fieldset>
  );
}

function Make({ onMade }: { onMade: (made: MadeKey) => void }) {
  const fresh: Wanted = { name: '', scopes: 'all', expiresAt: '90' };
  const form = useForm('key', fresh,
    (v) => ({ name: v.name.trim() ? '' : t('needed'), scopes: v.scopes ? '' : t('scopeNone') }),
    async (v) => {
      onMade(await account.makeKey({
        name: v.name.trim(),
        scopes: (v.scopes === 'all' ? [] : v.scopes.split(' ')) as NewKey['scopes'],
        ...(v.expiresAt ? {
          expiresAt: new Date(Date.now() + Number(v.expiresAt) * dayMs).toISOString(),
        } : {}),
      }));
      return fresh;
    });
  return (
    <Card title={t('keyNew')}>
      <form onSubmit={form.submit} noValidate>
        <Field form={form} name="name" label={t('keyName')} hint={t('keyNameHint')}
          input={{ autocomplete: 'off', maxLength: 100 }} />
        <May form={form} />
        <div class="field">
          <label for="key-expiresAt">{t('keyUntil')}</label>
          <select id="key-expiresAt" value={form.values.expiresAt}
            aria-describedby="key-expiresAt-problem"
            onChange={(e) => form.set({ expiresAt: e.currentTarget.value })}>
            {times.map((days) => <option key={days} value={days}>{timeName(days)}</option>)}
          </select>
          <p id="key-expiresAt-problem" class="problem" role="alert">
            {form.problems.expiresAt ?? ''}
          </p>
        </div>
        <Submit form={form} sending={t('keyMaking')}>{t('keyMake')}</Submit>
      </form>
    </Card>
  );
}

function untilText(key: ApiKey): string {
  if (!key.expiresAt) return t('keyForever');
  const at = dateOf(key.expiresAt, language.value);
  return t(Date.parse(key.expiresAt) <= Date.now() ? 'keyExpired' : 'keyUntilDate', { at });
}

function Row({ one, revoke }: { one: ApiKey; revoke: () => Promise<void> }) {
  const [asking, setAsking] = useState(false);
  const may = one.scopes.length === 0 ? t('scopeAll')
    : scopes.filter(({ name }) => one.scopes.includes(name)).map(({ short }) => t(short))
      .join(', ');
  const used = one.lastUsedAt
    ? t('keyUsed', { at: fromNow(one.lastUsedAt, language.value) }) : t('keyUnused');
  return (
    <li>
      <div>
        <p class="name">{one.name} <code>sk_…{one.lastFour}</code></p>
        <p class="hint">{[may, untilText(one), used].join(' · ')}</p>
      </div>
      {!asking && (
        <button type="button" class="quiet" aria-label={t('keyRevokeNamed', { name: one.name })}
          onClick={() => setAsking(true)}>{t('keyRevoke')}</button>
      )}
      {asking && (
        <Confirm question={t('keyRevokeAsk', { name: one.name })} yes={t('keyRevokeYes')}
          no={t('keep')} onNo={() => setAsking(false)} onYes={() => void revoke()} />
      )}
    </li>
  );
}

export function Keys() {
  const { data, setData, failed, again } = useLoaded(account.keys);
  const [made, setMade] = useState<MadeKey | null>(null);
  const revoke = async (one: ApiKey) => {
    try {
      await account.revokeKey(one.id);
      setData((data ?? []).filter((other) => other.id !== one.id));
      if (made?.id === one.id) setMade(null);
      toast('good', t('keyRevoked', { name: one.name }));
    } catch (cause) {
      explain(cause);
      void again();
    }
  };
  return (
    <>
      {made ? <Made key={made.id} made={made} done={() => setMade(null)} />
        : <Make onMade={(key) => { setMade(key); void again(); }} />}
      <section class="card" aria-busy={!data && !failed}>
        <h2>{t('keyList')}</h2>
        {failed && <LoadFailed again={again} />}
        {data?.length === 0 && <p class="hint">{t('keysNone')}</p>}
        <ul class="lines">
          {data?.map((one) => <Row key={one.id} one={one} revoke={() => revoke(one)} />)}
        </ul>
      </section>
    </>
  );
}
