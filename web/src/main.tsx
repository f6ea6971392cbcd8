import { effect } from '@preact/signals';
import { render } from 'preact';
import { nameOf } from './format';
import { language, t } from './i18n';
import { connection } from './live';
import { ended } from './merge';
import { Composer } from './parts/composer';
import { Header } from './parts/header';
import { Pieces } from './parts/pieces';
import { Stage } from './parts/stage';
import { Toasts } from './parts/toasts';
import { selected, start } from './store';
import { startUnderstanding } from './understanding';

function App() {
  return (
    <>
      <Header />
      <p class="banner" role="alert">{connection.value === 'down' ? t('offline') : ''}</p>
      <main id="content" tabIndex={-1}>
        <div class="work">
          <Stage />
          <Composer />
        </div>
        <Pieces />
      </main>
      <Toasts />
    </>
  );
}

effect(() => { document.documentElement.lang = language.value; });
effect(() => {
  const piece = selected.value;
  const progress = piece && !ended(piece.status) ? `${piece.progress} % · ` : '';
  document.title = piece ? `${progress}${nameOf(piece)} · Son1k` : 'Son1k';
});
start();
startUnderstanding();
render(<App />, document.getElementById('app')!);
