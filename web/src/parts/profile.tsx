// Name, e-mail, password.
import { changePassword, saveProfile } from '../account';
import { language, t } from '../i18n';
import { who } from '../session';
import { toast } from '../store';
import { dateOf } from '../times';
import type { Account, ProfileChange } from '../types';
import { Card } from './account';
import { emailProblem, Field, PasswordField, shortOf, Submit, useForm } from './form';

const roles: Record<string, 'roleUser' | 'roleViewer' | 'roleOperator' | 'roleAdmin'> = {
  user: 'roleUser', viewer: 'roleViewer', operator: 'roleOperator', admin: 'roleAdmin',
};

function Person({ mine }: { mine: Account }) {
  const mayMove = mine.hasPassword && !mine.external;
  const moved = (email: string) =>
    mayMove && email.trim().toLowerCase() !== (mine.email ?? '').toLowerCase();
  const form = useForm('profile',
    { name: mine.name, email: mine.email ?? '', currentPassword: '' },
    (v) => ({
      name: v.name.trim() ? '' : t('needed'),
      email: moved(v.email) ? emailProblem(v.email) : '',
      currentPassword: moved(v.email) && !v.currentPassword ? t('needed') : '',
    }),
    async (v) => {
      const change: ProfileChange = { name: v.name.trim() };
      if (moved(v.email)) {
        Object.assign(change, { email: v.email.trim(), currentPassword: v.currentPassword });
      }
      await saveProfile(change);
      toast('good', t('saved'));
      return { name: who.value!.name, email: who.value!.email ?? '', currentPassword: '' };
    });
  return (
    <form onSubmit={form.submit} noValidate>
      <Field form={form} name="name" label={t('yourName')} hint={t('nameHint')}
        input={{ autocomplete: 'name', maxLength: 100 }} />
      {mine.email !== null && (
        <Field form={form} name="email" label={t('email')}
          input={{ type: 'email', autocomplete: 'email', maxLength: 320, readOnly: !mayMove }} />
      )}
      {moved(form.values.email) && (
        <PasswordField form={form} name="currentPassword" label={t('currentPassword')}
          hint={t('emailConfirm')} />
      )}
      <Submit form={form} sending={t('saving')}>{t('save')}</Submit>
    </form>
  );
}

function Password({ mine }: { mine: Account }) {
  const form = useForm('password', { currentPassword: '', newPassword: '' },
    (v) => ({ currentPassword: v.currentPassword ? '' : t('needed'),
              newPassword: shortOf(v.newPassword) }),
    async (v) => {
      await changePassword(v.currentPassword, v.newPassword);
      toast('good', t('passwordChanged'));
      return { currentPassword: '', newPassword: '' };
    });
  return (
    <form onSubmit={form.submit} noValidate>
      {/* So that what keeps passwords knows whose this is. */}
      <input class="hidden" type="text" autocomplete="username" value={mine.email ?? ''} readOnly
        tabIndex={-1} aria-hidden="true" />
      <PasswordField form={form} name="currentPassword" label={t('currentPassword')} />
      <PasswordField fresh form={form} name="newPassword" label={t('newPassword')}
        hint={t('passwordHint')} />
      <Submit form={form} sending={t('passwordChanging')}>{t('passwordChange')}</Submit>
    </form>
  );
}

export function Profile() {
  const mine = who.value;
  if (!mine) return null;
  const role = roles[mine.role];
  return (
    <>
      <Card title={t('personTitle')}>
        <Person mine={mine} />
        <dl class="facts-row">
          {role && <div><dt>{t('role')}</dt><dd>{t(role)}</dd></div>}
          {mine.createdAt && (
            <div><dt>{t('since')}</dt><dd>{dateOf(mine.createdAt, language.value)}</dd></div>
          )}
        </dl>
      </Card>
      <Card title={t('passwordTitle')} lead={mine.hasPassword ? t('passwordLead') : ''}>
        {mine.hasPassword ? <Password mine={mine} /> : <p>{t('passwordNone')}</p>}
      </Card>
    </>
  );
}
