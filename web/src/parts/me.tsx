// Who is logged in, and the ways from there.
import { useEffect, useLayoutEffect, useRef, useState } from 'preact/hooks';
import { t } from '../i18n';
import { addressOf, follow, path, section, sections, type Section } from '../place';
import { logOut, who } from '../session';
import { explain } from '../store';
import { Switches } from './switches';

export const sectionNames = {
  '': 'sectionProfile', usage: 'sectionUsage', keys: 'sectionKeys', sessions: 'sectionSessions',
} as const;

export function SectionLinks({ onFollow }: { onFollow?: () => void }) {
  return (
    <ul>
      {sections.map((one: Section) => (
        <li key={one}>
          <a href={addressOf(one)} aria-current={section.value === one ? 'page' : undefined}
            onClick={(e) => { follow(e, addressOf(one)); onFollow?.(); }}>
            {t(sectionNames[one])}
          </a>
        </li>
      ))}
    </ul>
  );
}

export const leave = (): void => { logOut().catch(explain); };

export function Me() {
  const [open, setOpen] = useState(false);
  const whole = useRef<HTMLDivElement>(null);
  const button = useRef<HTMLButtonElement>(null);
  useEffect(() => setOpen(false), [path.value]);
  // As soon as the menu is there, not with the next frame: who opened it may close it at once.
  useLayoutEffect(() => {
    if (!open) return;
    const outside = (e: Event) => {
      if (!whole.current?.contains(e.target as Node)) setOpen(false);
    };
    const key = (e: KeyboardEvent) => {
      if (e.key !== 'Escape') return;
      setOpen(false);
      button.current?.focus();
    };
    addEventListener('pointerdown', outside);
    addEventListener('focusin', outside);
    addEventListener('keydown', key);
    return () => {
      removeEventListener('pointerdown', outside);
      removeEventListener('focusin', outside);
      removeEventListener('keydown', key);
    };
  }, [open]);
  const mine = who.value;
  if (!mine) return null;
  return (
    <div class="me" ref={whole}>
      <button type="button" class="face" ref={button} aria-expanded={open} aria-controls="me-panel"
        aria-label={t('accountOf', { name: mine.name })} title={mine.email ?? mine.name}
        onClick={() => setOpen(!open)}>
        <span aria-hidden="true">{[...mine.name][0]?.toUpperCase()}</span>
      </button>
      {open && (
        <div id="me-panel" class="menu">
          <p class="whom"><b>{mine.name}</b>{mine.email && <span>{mine.email}</span>}</p>
          <SectionLinks onFollow={() => setOpen(false)} />
          <div class="settings"><Switches /></div>
          <button type="button" onClick={leave}>{t('logOut')}</button>
        </div>
      )}
    </div>
  );
}
