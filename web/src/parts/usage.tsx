// The plan, what is used of it, and what was counted.
import { useEffect, useRef } from 'preact/hooks';
import * as account from '../account';
import { tier } from '../api';
import { chargesOf, type Charge } from '../charges';
import { clock, nameOf } from '../format';
import { language, t } from '../i18n';
import { follow } from '../place';
import { know, pieces } from '../store';
import { fromNow, momentOf } from '../times';
import type { Status, Tier, Used } from '../types';
import { Card, LoadFailed, useLoaded } from './account';

const kinds = {
  reserve: 'chargeReserve', commit: 'chargeCommit', refund: 'chargeRefund',
} as const;
const qualityNames: Record<string, 'standard' | 'premium' | 'ultra'> = {
  standard: 'standard', premium: 'premium', ultra: 'ultra',
};
const nearly = 0.8;  // of a limit, from which on the bar says so

// "PRO" as people write it.
export const tierName = (name: string): string => name[0]! + name.slice(1).toLowerCase();
const number = (n: number): string => new Intl.NumberFormat(language.value).format(n);

function Bar({ name, of }: { name: string; of: Used }) {
  const { limit, used } = of;
  const share = limit ? Math.min(1, used / limit) : 0;
  const text = limit === null ? t('usedOnly', { used: number(used) })
    : t('usedOf', { used: number(used), limit: number(limit) });
  const left = limit === null ? t('noLimit')
    : of.remaining ? t('left', { n: number(of.remaining) }) : t('leftNone');
  const state = share >= 1 ? ' is-full' : share >= nearly ? ' is-near' : '';
  return (
    <div class={`quota${state}`}>
      <div class="row"><h3>{name}</h3><p class="rest">{left}</p></div>
      <p class="used">{text}</p>
      <div class="meter" role="meter" aria-label={name} aria-valuemin={0}
        aria-valuemax={limit ?? Math.max(used, 1)} aria-valuenow={Math.min(used, limit ?? used)}
        aria-valuetext={`${text}, ${left}`}>
        <span style={{ width: `${share * 100}%` }} />
      </div>
      <p class="hint">{t('renewsIn', { in: fromNow(of.resetAt, language.value),
                                        at: momentOf(of.resetAt, language.value) })}</p>
    </div>
  );
}

function Plan({ plan }: { plan: Tier }) {
  const or = (n: number | null, text: (n: number) => string) => n === null ? t('noLimit') : text(n);
  const rows = [
    [t('longest'), or(plan.longestSeconds, clock)],
    [t('qualities'), plan.qualities
      .map((one) => qualityNames[one] ? t(qualityNames[one]) : one).join(', ')],
    [t('requests'), or(plan.requestsPerMinute, number)],
  ];
  return (
    <dl class="facts-row">
      {rows.map(([name, value]) => <div key={name}><dt>{name}</dt><dd>{value}</dd></div>)}
    </dl>
  );
}

// The ledger's last step follows the end of the piece, which is heard of sooner.
const afterEnd: Partial<Record<Status, Charge['kind']>> = {
  completed: 'commit', failed: 'refund', cancelled: 'refund',
};

function Line({ one }: { one: Charge }) {
  const piece = pieces.value[one.generationId];
  const kind = one.kind === 'reserve' ? (piece && afterEnd[piece.status]) ?? one.kind : one.kind;
  const at = momentOf(one.at, language.value);
  const to = `/pieces/${one.generationId}`;
  return (
    <li>
      <a href={to} onClick={(e) => follow(e, to)}>{piece ? nameOf(piece) : t('pieceOf', { at })}</a>
      <span class="when">{at}</span>
      <span class={`tag tag-${kind}`}>{t(kinds[kind])}</span>
    </li>
  );
}

function Charges() {
  const { data, setData, failed, again } = useLoaded(account.ledger);
  const charges = chargesOf(data?.entries ?? []);
  useEffect(() => { know(charges.map((one) => one.generationId)); }, [data]);
  const more = async () => {
    const next = await account.ledger(data?.next ?? '');
    setData({ entries: [...data?.entries ?? [], ...next.entries], next: next.next });
  };
  return (
    <Card title={t('charges')} lead={t('chargesLead')}>
      {failed && <LoadFailed again={again} />}
      {data && charges.length === 0 && <p>{t('chargesNone')}</p>}
      <ul class="lines charges" aria-busy={!data && !failed}>
        {charges.map((one) => <Line key={one.generationId} one={one} />)}
      </ul>
      {data?.next && (
        <button type="button" onClick={() => void more().catch(() => again())}>
          {t('chargesMore')}
        </button>
      )}
    </Card>
  );
}

export function Usage() {
  const both = useLoaded(async () => {
    const [plan, used] = await Promise.all([tier(), account.limits()]);
    return { plan, used };
  });
  const refunds = Object.values(pieces.value)
    .filter((one) => one.status === 'failed' || one.status === 'cancelled').length;
  const first = useRef(true);
  useEffect(() => {
    if (!first.current) void both.again();
    first.current = false;
  }, [refunds]);
  return (
    <>
      <section class="card" aria-busy={!both.data && !both.failed}>
        {both.failed && !both.data && <LoadFailed again={both.again} />}
        {both.data && (
          <>
            <h2>{t('plan')}: {tierName(both.data.plan.tier)}</h2>
            <div class="quotas">
              <Bar name={t('today')} of={both.data.used.day} />
              <Bar name={t('thisMonth')} of={both.data.used.month} />
            </div>
            <Plan plan={both.data.plan} />
          </>
        )}
      </section>
      <Charges />
    </>
  );
}
