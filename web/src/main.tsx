import { effect } from '@preact/signals';
import { render } from 'preact';
import { nameOf } from './format';
import { language, t } from './i18n';
import { connection } from './live';
import { ended } from './merge';
import { Account } from './parts/account';
import { Composer } from './parts/composer';
import { Gate } from './parts/gate';
import { Header } from './parts/header';
import { sectionNames } from './parts/me';
import { Pieces } from './parts/pieces';
import { Stage } from './parts/stage';
import { Toasts } from './parts/toasts';
import { section } from './place';
import { session, setupToken, startSession } from './session';
import { selected, start } from './store';
import { startUnderstanding } from './understanding';

function Studio() {
  return (
    <main id="content" tabIndex={-1}>
      <div class="work">
        <Stage />
        <Composer />
      </div>
      <Pieces />
    </main>
  );
}

function App() {
  const inside = session.value === 'in' && setupToken.value === null;
  const down = inside && connection.value === 'down';
  return (
    <>
      <Header />
      <p class="banner" role="alert">{down ? t('offline') : ''}</p>
      {!inside ? <Gate /> : section.value !== null ? <Account /> : <Studio />}
      <Toasts />
    </>
  );
}

function title(): string {
  if (session.value !== 'in') return session.value === 'out' ? `${t('logIn')} · Son1k` : 'Son1k';
  if (section.value !== null) return `${t(sectionNames[section.value])} · Son1k`;
  const piece = selected.value;
  const progress = piece && !ended(piece.status) ? `${piece.progress} % · ` : '';
  return piece ? `${progress}${nameOf(piece)} · Son1k` : 'Son1k';
}

effect(() => { document.documentElement.lang = language.value; });
effect(() => { document.title = title(); });
start();
startUnderstanding();
render(<App />, document.getElementById('app')!);
startSession();
