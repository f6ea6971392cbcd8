// Calls about one's own account (docs/api.md), and what its pages keep.
import { call } from './api';
import { who } from './session';
import type { Account, ApiKey, LedgerEntry, Limits, MadeKey, NewKey, OpenSession,
              ProfileChange } from './types';

const ledgerPage = 50;

export async function saveProfile(change: ProfileChange): Promise<void> {
  who.value = (await call<Account>('PUT', '/api/auth/profile', change)).data;
}
export const changePassword = (currentPassword: string, newPassword: string) =>
  call('POST', '/api/auth/password', { currentPassword, newPassword });

export const limits = async (): Promise<Limits> =>
  (await call<Limits>('GET', '/api/auth/limits')).data;
export interface Ledger { entries: LedgerEntry[]; next: string | null }
export async function ledger(cursor = ''): Promise<Ledger> {
  const parameters = new URLSearchParams({ limit: String(ledgerPage) });
  if (cursor) parameters.set('cursor', cursor);
  const said = await call<LedgerEntry[]>('GET', `/api/user/ledger?${parameters}`);
  return { entries: said.data, next: said.pagination?.nextCursor ?? null };
}

export const sessions = async (): Promise<OpenSession[]> =>
  (await call<OpenSession[]>('GET', '/api/auth/sessions')).data;
export const endSession = (id: string) =>
  call('DELETE', `/api/auth/sessions/${encodeURIComponent(id)}`);
export const endOtherSessions = () => call('DELETE', '/api/auth/sessions');

export const keys = async (): Promise<ApiKey[]> =>
  (await call<ApiKey[]>('GET', '/api/user/tokens')).data;
export const makeKey = async (wanted: NewKey): Promise<MadeKey> =>
  (await call<MadeKey>('POST', '/api/user/tokens', wanted)).data;
export const revokeKey = (id: string) =>
  call('DELETE', `/api/user/tokens/${encodeURIComponent(id)}`);
