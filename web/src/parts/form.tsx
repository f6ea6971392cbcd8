// Forms: values, what is wrong with them and where, and the fields that show both.
import type { ComponentChildren, JSX } from 'preact';
import { useRef, useState } from 'preact/hooks';
import { ApiError, Unreachable } from '../api';
import { t } from '../i18n';
import { Icon } from './icons';

export const passwordMin = 10;

// The server's sentences stand alone here.
export const sentence = (text: string): string =>
  text && text[0]!.toUpperCase() + text.slice(1) + (/[.!?…]$/.test(text) ? '' : '.');

export function wordsOf(cause: unknown): string {
  if (cause instanceof Unreachable) return t('unreachable');
  if (!(cause instanceof ApiError)) return String(cause);
  return sentence(cause.message || t('serverError', { code: cause.code }));
}

type Values = Record<string, string>;
type Problems<V> = Partial<Record<keyof V & string, string>>;

export interface Form<V extends Values> {
  id: string;
  values: V;
  problems: Problems<V>;
  problem: string;  // of the whole
  sending: boolean;
  set(change: Partial<V>): void;
  submit(event: Event): void;
}

// `check` finds what need not be sent; `send` may throw, and what the server says of a field goes
// there. The first wrong field gets the focus.
export function useForm<V extends Values>(id: string, first: V, check: (values: V) => Problems<V>,
                                          send: (values: V) => Promise<V | void>): Form<V> {
  const [values, setValues] = useState(first);
  const [problems, setProblems] = useState<Problems<V>>({});
  const [problem, setProblem] = useState('');
  const [sending, setSending] = useState(false);
  const out = useRef(false);
  const point = (at: Problems<V>) => {
    setProblems(at);
    const name = Object.keys(first).find((one) => at[one]);
    if (name) document.getElementById(`${id}-${name}`)?.focus();
  };
  const run = async () => {
    const wrong = check(values);
    setProblem('');
    if (Object.values(wrong).some(Boolean)) return point(wrong);
    setProblems({});
    out.current = true;
    setSending(true);
    try {
      const after = await send(values);
      if (after) setValues(after);
    } catch (cause) {
      if (cause instanceof ApiError && cause.field in first) {
        point({ [cause.field]: wordsOf(cause) } as Problems<V>);
      } else {
        setProblem(wordsOf(cause));
      }
    } finally {
      out.current = false;
      setSending(false);
    }
  };
  return {
    id, values, problems, problem, sending,
    set(change) {
      setValues((before) => ({ ...before, ...change }));
      setProblems((before) => ({ ...before,
        ...Object.fromEntries(Object.keys(change).map((name) => [name, ''])) }));
    },
    submit(event) {
      event.preventDefault();
      if (!out.current) void run();
    },
  };
}

interface FieldProps<V extends Values> {
  form: Form<V>;
  name: keyof V & string;
  label: string;
  hint?: string;
  note?: string;  // beside the label
  children?: ComponentChildren;
  input?: JSX.InputHTMLAttributes<HTMLInputElement>;
}

export function Field<V extends Values>({ form, name, label, hint, note, children, input }:
                                        FieldProps<V>) {
  const id = `${form.id}-${name}`;
  const wrong = form.problems[name] ?? '';
  return (
    <div class="field">
      <label for={id}>{label}{note && <span class="aside"> {note}</span>}</label>
      <div class="entry">
        <input id={id} name={name} value={form.values[name]} aria-invalid={wrong !== ''}
          aria-describedby={`${id}-problem${hint ? ` ${id}-hint` : ''}`} {...input}
          onInput={(e) => form.set({ [name]: e.currentTarget.value } as Partial<V>)} />
        {children}
      </div>
      <p id={`${id}-problem`} class="problem" role="alert">{wrong}</p>
      {hint && <p id={`${id}-hint`} class="hint">{hint}</p>}
    </div>
  );
}

export function PasswordField<V extends Values>(
    { fresh, ...props }: Omit<FieldProps<V>, 'input' | 'children'> & { fresh?: boolean }) {
  const [shown, setShown] = useState(false);
  const label = t(shown ? 'hidePassword' : 'showPassword');
  return (
    <Field {...props} input={{
      type: shown ? 'text' : 'password', autocomplete: fresh ? 'new-password' : 'current-password',
      maxLength: 1_000, autocapitalize: 'off', spellcheck: false,
    }}>
      <button type="button" class="round" aria-label={label} title={label} aria-pressed={shown}
        onClick={() => setShown(!shown)}>
        <Icon name={shown ? 'hide' : 'show'} />
      </button>
    </Field>
  );
}

export function Submit({ form, children, sending }:
                       { form: { sending: boolean; problem: string }; children: string;
                         sending: string }) {
  return (
    <>
      <p class="problem whole" role="alert">{form.problem}</p>
      <button type="submit" class="primary" aria-disabled={form.sending}>
        {form.sending ? sending : children}
      </button>
    </>
  );
}

// What is wrong with a password that is about to be chosen; empty: nothing that is known here.
export function shortOf(password: string): string {
  const missing = passwordMin - [...password].length;
  if (!password) return t('needed');
  if (missing <= 0) return '';
  return missing === 1 ? t('passwordShortOne') : t('passwordShort', { n: missing });
}
export const emailProblem = (email: string): string =>
  !email.trim() ? t('needed') : /^\s*[^\s@]+@[^\s@]+\.[^\s@]+\s*$/.test(email) ? '' : t('emailOdd');
