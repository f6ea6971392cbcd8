import { t } from '../i18n';
import { dismiss, toasts } from '../store';
import { Icon } from './icons';

export function Toasts() {
  return (
    <div class="toasts" role="log" aria-live="polite">
      {toasts.value.map((one) => (
        <div key={one.id} class={`toast toast-${one.kind}`}>
          <p>{one.text}{one.note && <small>{one.note}</small>}</p>
          <button type="button" class="round" aria-label={t('dismiss')} title={t('dismiss')}
            onClick={() => dismiss(one.id)}>
            <Icon name="close" />
          </button>
        </div>
      ))}
    </div>
  );
}
