import { language, setLanguage, t, type Language } from '../i18n';
import { connection } from '../live';
import { select } from '../store';
import { setTheme, theme, type Theme } from '../theme';
import { Icon, Mark } from './icons';

const themes: { name: Theme; key: 'themeSystem' | 'themeLight' | 'themeDark' }[] = [
  { name: 'system', key: 'themeSystem' },
  { name: 'light', key: 'themeLight' },
  { name: 'dark', key: 'themeDark' },
];
const languages: { code: Language; own: string }[] = [
  { code: 'en', own: 'English' },
  { code: 'es', own: 'Español' },
];

function Connection() {
  const state = connection.value;
  const text = state === 'live' ? t('live') : state === 'down' ? t('reconnecting') : t('connecting');
  return <span class={`link link-${state}`} role="status">{text}</span>;
}

export function Header() {
  return (
    <header class="top">
      <a class="skip" href="#content">{t('skip')}</a>
      <a class="brand" href="/" onClick={(e) => {
        if (e.metaKey || e.ctrlKey || e.shiftKey) return;
        e.preventDefault();
        select(null);
      }}>
        <Mark /><span>Son1k</span>
      </a>
      <p class="tagline">{t('tagline')}</p>
      <Connection />
      <div class="switch" role="group" aria-label={t('language')}>
        {languages.map(({ code, own }) => (
          <button type="button" key={code} lang={code} title={own}
            aria-label={`${code.toUpperCase()}, ${own}`}
            aria-pressed={language.value === code} onClick={() => setLanguage(code)}>
            {code.toUpperCase()}
          </button>
        ))}
      </div>
      <div class="switch" role="group" aria-label={t('theme')}>
        {themes.map(({ name, key }) => (
          <button type="button" key={name} title={t(key)} aria-label={t(key)}
            aria-pressed={theme.value === name} onClick={() => setTheme(name)}>
            <Icon name={name} />
          </button>
        ))}
      </div>
    </header>
  );
}
