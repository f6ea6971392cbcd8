// The pages of one's own account.
import type { ComponentChildren } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import { t } from '../i18n';
import { section, type Section } from '../place';
import { Keys } from './keys';
import { leave, sectionNames, SectionLinks } from './me';
import { Profile } from './profile';
import { Sessions } from './sessions';
import { Usage } from './usage';

// What a part of the page shows once it is there; `again` asks anew and keeps the old meanwhile.
export function useLoaded<T>(load: () => Promise<T>) {
  const [data, setData] = useState<T | null>(null);
  const [failed, setFailed] = useState(false);
  const again = async () => {
    try {
      setData(await load());
      setFailed(false);
    } catch {
      setFailed(true);
    }
  };
  useEffect(() => { void again(); }, []);
  return { data, setData, failed, again };
}

export function LoadFailed({ again }: { again: () => Promise<void> }) {
  return (
    <div class="failed" role="alert">
      <p class="problem">{t('loadFailed')}</p>
      <button type="button" onClick={() => void again()}>{t('reload')}</button>
    </div>
  );
}

export function Card({ title, lead, children }:
                     { title: string; lead?: string; children: ComponentChildren }) {
  return (
    <section class="card">
      <h2>{title}</h2>
      {lead && <p class="hint">{lead}</p>}
      {children}
    </section>
  );
}

const leads = {
  '': 'profileLead', usage: 'usageLead', keys: 'keysLead', sessions: 'sessionsLead',
} as const;
const pages: Record<Section, () => ComponentChildren> = {
  '': () => <Profile />, usage: () => <Usage />, keys: () => <Keys />, sessions: () => <Sessions />,
};

export function Account() {
  const here = section.value ?? '';
  return (
    <main id="content" class="account" tabIndex={-1}>
      <nav class="sections" aria-label={t('account')}>
        <SectionLinks />
        <button type="button" class="quiet" onClick={leave}>{t('logOut')}</button>
      </nav>
      <div class="sheet" key={here}>
        <div class="headline">
          <h1>{t(sectionNames[here])}</h1>
          <p>{t(leads[here])}</p>
        </div>
        {pages[here]()}
      </div>
    </main>
  );
}
