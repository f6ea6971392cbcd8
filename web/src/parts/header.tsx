import { t } from '../i18n';
import { connection } from '../live';
import { follow } from '../place';
import { session } from '../session';
import { Mark } from './icons';
import { Me } from './me';
import { Switches } from './switches';

function Connection() {
  const state = connection.value;
  const text = state === 'live' ? t('live') : state === 'down' ? t('reconnecting') : t('connecting');
  return <span class={`link link-${state}`} role="status">{text}</span>;
}

export function Header() {
  const inside = session.value === 'in';
  return (
    <header class={inside ? 'top with-me' : 'top'}>
      <a class="skip" href="#content">{t('skip')}</a>
      <a class="brand" href="/" onClick={(e) => follow(e, '/')}>
        <Mark /><span>Son1k</span>
      </a>
      <p class="tagline">{t('tagline')}</p>
      {inside && <Connection />}
      <Switches />
      {inside && <Me />}
    </header>
  );
}
