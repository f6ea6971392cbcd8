// Language and colours.
import { language, setLanguage, t, type Language } from '../i18n';
import { setTheme, theme, type Theme } from '../theme';
import { Icon } from './icons';

const themes: { name: Theme; key: 'themeSystem' | 'themeLight' | 'themeDark' }[] = [
  { name: 'system', key: 'themeSystem' },
  { name: 'light', key: 'themeLight' },
  { name: 'dark', key: 'themeDark' },
];
const languages: { code: Language; own: string }[] = [
  { code: 'en', own: 'English' },
  { code: 'es', own: 'Español' },
];

export function Switches() {
  return (
    <>
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
    </>
  );
}
