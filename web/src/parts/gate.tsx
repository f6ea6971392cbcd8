// Where nobody is logged in: log-in, registration, the set-up of a new server. The address stays,
// so that one comes out where one wanted to go.
import { signal } from '@preact/signals';
import type { ComponentChildren } from 'preact';
import { useEffect, useRef } from 'preact/hooks';
import { t } from '../i18n';
import { awayWhy, dropSetup, logIn, lost, register, session, setupToken, setUp,
         ways } from '../session';
import { emailProblem, Field, PasswordField, sentence, shortOf, Submit, useForm } from './form';

const way = signal<'login' | 'register'>('login');

// Half the heights of the poster's bars: two phrases and their echo.
const heights = [4, 9, 15, 24, 31, 22, 36, 44, 30, 20, 27, 38, 52, 40, 25, 16, 22, 33, 46, 58, 42,
                 28, 18, 12, 20, 30, 24, 14, 8, 5];
const played = 12;

function Poster() {
  return (
    <div class="poster" aria-hidden="true">
      <p class="said">{t('example2')}</p>
      <svg viewBox="0 0 300 130" preserveAspectRatio="none">
        {heights.map((h, i) => (
          <rect key={i} class={i < played ? 'played' : undefined} x={i * 10 + 3} y={65 - h}
            width="4" height={h * 2} rx="2" />
        ))}
      </svg>
      <p class="promise">{t('tagline')}.</p>
    </div>
  );
}

function Frame({ title, lead, children }:
               { title: string; lead: string; children: ComponentChildren }) {
  return (
    <main id="content" class="gate" tabIndex={-1}>
      <Poster />
      <section class="door" aria-labelledby="door-title">
        <h1 id="door-title">{title}</h1>
        <p class="lead">{lead}</p>
        {children}
      </section>
    </main>
  );
}

// Where a keyboard is at hand; elsewhere it would cover half of the page.
function useFirstField(id: string): void {
  const once = useRef(false);
  useEffect(() => {
    if (once.current || !matchMedia('(pointer: fine)').matches) return;
    once.current = true;
    document.getElementById(id)?.focus();
  }, [id]);
}

function LogIn() {
  useFirstField('login-email');
  const form = useForm('login', { email: '', password: '' },
    (v) => ({ email: v.email.trim() ? '' : t('needed'), password: v.password ? '' : t('needed') }),
    (v) => logIn(v));
  return (
    <Frame title={t('logInTitle')} lead={lost.value ? '' : t('logInLead')}>
      {lost.value && <p class="notice" role="status">{t('sessionLost')}</p>}
      {ways.value?.open && (
        <div class="notice"><h2>{t('setUpWaitsTitle')}</h2><p>{t('setUpWaits')}</p></div>
      )}
      <form onSubmit={form.submit} noValidate>
        <Field form={form} name="email" label={t('email')}
          input={{ type: 'email', autocomplete: 'username', maxLength: 320 }} />
        <PasswordField form={form} name="password" label={t('password')} />
        <Submit form={form} sending={t('loggingIn')}>{t('logIn')}</Submit>
      </form>
      {ways.value?.registration ? (
        <p class="other">{t('newHere')}{' '}
          <button type="button" class="linked" onClick={() => { way.value = 'register'; }}>
            {t('register')}
          </button>
        </p>
      ) : <p class="other">{t('registerClosed')}</p>}
    </Frame>
  );
}

function Register() {
  useFirstField('register-email');
  const form = useForm('register', { name: '', email: '', password: '' },
    (v) => ({ email: emailProblem(v.email), password: shortOf(v.password) }),
    ({ name, ...v }) => register(name.trim() ? { ...v, name: name.trim() } : v));
  return (
    <Frame title={t('registerTitle')} lead={t('registerLead')}>
      <form onSubmit={form.submit} noValidate>
        <Field form={form} name="email" label={t('email')}
          input={{ type: 'email', autocomplete: 'username', maxLength: 320 }} />
        <PasswordField fresh form={form} name="password" label={t('password')}
          hint={t('passwordHint')} />
        <Field form={form} name="name" label={t('yourName')} note={t('optional')}
          input={{ autocomplete: 'name', maxLength: 100 }} />
        <Submit form={form} sending={t('registering')}>{t('register')}</Submit>
      </form>
      <p class="other">{t('haveAccount')}{' '}
        <button type="button" class="linked" onClick={() => { way.value = 'login'; }}>
          {t('logIn')}
        </button>
      </p>
    </Frame>
  );
}

function SetUp() {
  useFirstField('setup-email');
  const form = useForm('setup', { email: '', password: '' },
    (v) => ({ email: emailProblem(v.email), password: shortOf(v.password) }),
    (v) => setUp(v));
  return (
    <Frame title={t('setUpTitle')} lead={t('setUpLead')}>
      <form onSubmit={form.submit} noValidate>
        <Field form={form} name="email" label={t('email')}
          input={{ type: 'email', autocomplete: 'username', maxLength: 320 }} />
        <PasswordField fresh form={form} name="password" label={t('password')}
          hint={t('passwordHint')} />
        <Submit form={form} sending={t('settingUp')}>{t('setUp')}</Submit>
      </form>
    </Frame>
  );
}

function UsedUp() {
  return (
    <Frame title={t('setUpUsedTitle')} lead={t('setUpUsed')}>
      <div class="buttons">
        <button type="button" class="primary" onClick={dropSetup}>
          {t(session.value === 'in' ? 'back' : 'logIn')}
        </button>
      </div>
    </Frame>
  );
}

export function Gate() {
  if (session.value === 'asking' || (ways.value === null && session.value !== 'away')) {
    return (
      <main id="content" class="gate" aria-busy="true"><p class="hidden">{t('asking')}</p></main>
    );
  }
  if (session.value === 'away') {
    return (
      <main id="content" class="gate" aria-busy="true">
        <p class="door" role="status">{awayWhy.value ? sentence(awayWhy.value) : t('away')}</p>
      </main>
    );
  }
  if (setupToken.value) return ways.value?.open ? <SetUp /> : <UsedUp />;
  return way.value === 'register' && ways.value?.registration ? <Register /> : <LogIn />;
}
