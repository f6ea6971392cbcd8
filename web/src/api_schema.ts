// Made by tools/api_types.py of src/api/openapi; what the API takes and gives. Do not edit.

export interface AcceptedJob {
  jobId: string;
  queue: string;
  state: JobState;
  duplicate: boolean;
}

export interface AcceptedPiece {
  generationId: Id;
  status: 'pending';
  message: string;
  estimatedTime: number | null;
  position: number | null;
  statusUrl: string;
}

export interface Account {
  id: string;
  email: string | null;
  name: string;
  role: Role;
  tier: string;
  external: boolean;
  hasPassword: boolean;
  disabledAt: TimeOrNull;
  createdAt: TimeOrNull;
  updatedAt: TimeOrNull;
}

export interface AccountFigures {
  range: FiguresRange;
  accounts: number;
  disabled: number;
  active: number;
  byTier: { tier: string; accounts: number }[];
  byRole: { role: string; accounts: number }[];
  newByDay: { day: string; accounts: number }[];
  busiest: PieceTally[];
  events: { event: string; count: number }[];
}

export interface Alert {
  id: Id;
  rule: string;
  subject: string;
  state: 'firing' | 'resolved';
  severity: 'warning' | 'critical';
  value: number;
  unit: string | null;
  threshold: number | null;
  message: string | null;
  since: Time;
  seenAt: Time;
  resolvedAt: Time | null;
  acknowledgedBy: string | null;
  acknowledgedAt: Time | null;
}

export interface ApiKey {
  id: Id;
  name: string;
  lastFour: string;
  scopes: Scope[];
  createdAt: TimeOrNull;
  expiresAt: TimeOrNull;
  lastUsedAt: TimeOrNull;
}

export interface Backoff {
  type?: 'fixed' | 'exponential';
  delay?: number;
  jitter?: number;
}

export interface Brief {
  language: 'en' | 'es' | 'unknown';
  title: ValuedText;
  genre: ValuedText;
  style: ValuedText;
  tempo: ValuedNumber;
  key: ValuedText;
  metre: ValuedText;
  duration: ValuedNumber;
  mood: { valence: number; energy: number; words: string[] };
  instruments: ({ name: string; part?: 'lead' | 'accompaniment'; gain_db?: number })[];
  excluded: string[];
  ignored: string[];
  notes: string[];
}

export interface BulkCount {
  action: string;
  query: string;
  count: number;
  exact: boolean;
  jobId?: string;
  queue?: string;
}

export interface Certificate {
  certificate: Record<string, unknown>;
  algorithm: 'Ed25519';
  publicKey: string;
  signature: string;
}

export interface Changed {
  changed: true;
}

export interface Chord {
  symbol: string;
  start: number;
  end: number;
}

export type Count = number;

export interface Credentials {
  email: string;
  password: string;
  cookie?: boolean;
}

export interface CursorPage {
  limit: number;
  nextCursor: string | null;
}

export interface DeadGroup {
  fingerprint: string;
  queue: string;
  kind: string;
  jobs: number;
  firstAt: Time;
  lastAt: Time;
  error: { code: string; message: string };
}

export interface DeadLetter {
  jobId: string;
  queue: string;
  kind: string;
  attempts: number;
  worker: string;
  createdAt: Time;
  failedAt: Time;
  user?: string;
  error?: { code: string; message: string };
  data: unknown;
}

export interface Delivery {
  id: string;
  messageId: string;
  event: string;
  state: 'pending' | 'delivered' | 'failed' | 'dropped';
  attempts: number;
  createdAt: Time;
  triedAt: TimeOrNull;
  endedAt: TimeOrNull;
  status?: number | null;
  tookMs?: number;
  problem?: string;
}

export interface DeliveryWithPayload {
  id: string;
  messageId: string;
  event: string;
  state: 'pending' | 'delivered' | 'failed' | 'dropped';
  attempts: number;
  createdAt: Time;
  triedAt: TimeOrNull;
  endedAt: TimeOrNull;
  status?: number | null;
  tookMs?: number;
  problem?: string;
  payload: { type: string; timestamp: Time; data: Record<string, unknown> };
}

export type Empty = Record<string, never>;

export interface FiguresRange {
  from: Time;
  to: Time;
}

export interface GroupLimits {
  concurrency: number;
  rate: RateOrNull;
}

export interface Health {
  status: 'ok' | 'degraded' | 'unavailable';
  version: string;
  uptime: number;
  services: { database: PartState; queue: PartState; workers: PartState };
  queue?: { waiting: number; prioritized: number; delayed: number; active: number; completed: number; failed: number; paused: boolean };
}

export interface HistoryPage {
  limit: number;
  offset: number;
  total: number;
  nextCursor: string | null;
}

export type Id = string;

export interface Job {
  jobId: string;
  queue: string;
  kind: string;
  state: JobState;
  priority: number;
  attemptsMade: number;
  attempts: number;
  stalls: number;
  progress: number;
  message?: string;
  user?: string;
  group?: string;
  worker?: string;
  addedAt?: Time;
  startedAt?: Time;
  finishedAt?: Time;
  runAt?: Time;
  error?: JobError;
  live: boolean;
  fingerprint?: string;
  deadLetter?: boolean;
  data: unknown;
  result: unknown;
  options: JobOptions;
  starts: number;
  logs: number;
  parent?: JobRef;
  childrenLeft?: number;
  children?: { queue: string; jobId: string; state: JobState; result?: unknown; error?: JobError }[];
  timeline: { at: Time; event: string; start?: number; worker?: string; runMs?: number; cpuMs?: number; memoryBytes?: number; error?: JobError }[];
}

export interface JobError {
  code: string;
  message: string;
  retryable: boolean;
}

export interface JobOptions {
  priority?: number;
  delay?: Milliseconds;
  attempts?: number;
  backoff?: Backoff | number;
  timeout?: Milliseconds;
  expiresIn?: Milliseconds;
  keepCompleted?: Retention;
  keepFailed?: Retention;
  keepLogs?: number;
  group?: string;
  dedup?: { id: string; ttl?: Milliseconds; extend?: boolean; replace?: boolean };
  onFailure?: 'fail' | 'proceed' | 'ignore' | 'hold';
  traceparent?: string;
}

export interface JobRef {
  queue: string;
  id: string;
}

export interface JobRow {
  jobId: string;
  queue: string;
  kind: string;
  state: JobState;
  priority: number;
  attemptsMade: number;
  attempts: number;
  stalls: number;
  progress: number;
  message?: string;
  user?: string;
  group?: string;
  worker?: string;
  addedAt?: Time;
  startedAt?: Time;
  finishedAt?: Time;
  runAt?: Time;
  readyAt?: Time;
  error?: JobError;
  live: boolean;
  fingerprint?: string;
  deadLetter?: boolean;
}

export type JobState = 'waiting' | 'prioritized' | 'delayed' | 'active' | 'waiting-children' | 'completed' | 'failed' | 'cancelled';

export interface JobStatus {
  jobId: string;
  queue: string;
  state?: JobState;
}

export interface KeyFigures {
  range: FiguresRange;
  requests: number;
  byDay: { day: string; requests: number }[];
  keys: { id: string; requests: number; revoked: boolean; name?: string; lastFour?: string; lastUsedAt?: Time; account?: string }[];
}

export interface LedgerEntry {
  generationId: Id;
  step: number;
  kind: string;
  units: number;
  day: string;
  at: Time;
}

export type LimitOrNull = number | null;

export interface Limits {
  tier: string;
  requestsPerMinute: LimitOrNull;
  day: Use;
  month: Use;
}

export interface LimitsOfGroup {
  queue: string;
  group: string;
  limits: GroupLimits | null;
}

export interface LinePage {
  from: number;
  limit: number;
  total: number;
}

export interface Listing {
  id: Id;
  status: 'listed' | 'sold';
  title: string;
  description: string;
  priceMinor: number;
  currency: string;
  style: string;
  sellerId: string;
  music: Record<string, unknown>;
  certificateUrl: string;
  metadataUrl: string;
  version: number;
  createdAt: Time;
  updatedAt: Time;
  soldAt: Time | null;
  holderId?: string;
  audioUrl?: string;
  generationId?: string;
  notice?: string;
}

export interface ListingChange {
  title?: string;
  description?: string;
  priceMinor?: number;
  currency?: string;
}

export interface ListingEntry {
  step: number;
  kind: 'listed' | 'priced' | 'sold' | 'transferred' | 'withdrawn';
  from: string | null;
  to: string | null;
  priceMinor: number;
  currency: string;
  at: Time;
}

export interface LogIn {
  user: Account;
  sessionId: Id;
  tokenType: 'Bearer';
  expiresIn: number;
  accessToken?: string;
  refreshToken?: string;
}

export interface MadeKey {
  id: Id;
  name: string;
  lastFour: string;
  scopes: Scope[];
  createdAt: TimeOrNull;
  expiresAt: TimeOrNull;
  lastUsedAt: TimeOrNull;
  key: string;
}

export interface MadeUser {
  id: string;
  email: string | null;
  name: string;
  role: Role;
  tier: string;
  external: boolean;
  hasPassword: boolean;
  disabledAt: TimeOrNull;
  createdAt: TimeOrNull;
  updatedAt: TimeOrNull;
  apiKey?: string;
}

export interface MarketPage {
  limit: number;
  notice: string;
  nextCursor: string | null;
}

export type Milliseconds = number;

export type MissedRule = 'skip' | 'once';

export interface NewGroupLimits {
  concurrency?: number;
  rate?: NewRate;
}

export interface NewInvitation {
  email?: string;
  userId?: string;
  role?: 'viewer' | 'editor';
}

export interface NewJob {
  queue?: string;
  kind: string;
  id?: string;
  user?: string;
  data?: unknown;
  options?: JobOptions;
  parent?: JobRef;
  children?: NewJob[];
}

export interface NewKey {
  name: string;
  scopes?: Scope[];
  expiresAt?: string;
}

export interface NewListing {
  generationId: string;
  title?: string;
  description?: string;
  priceMinor: number;
  currency: string;
}

export type NewPassword = string;

export interface NewQueueLimits {
  concurrency?: number;
  rate?: NewRate;
  eachGroup?: NewGroupLimits;
  ageing?: number;
}

export interface NewRate {
  max: number;
  duration?: number;
}

export interface NewRoom {
  name: string;
  description?: string;
  isPublic?: boolean;
}

export interface NewRoomMessage {
  message: string;
  type?: 'text' | 'system' | 'audio' | 'action';
}

export interface NewSchedule {
  id: string;
  queue: string;
  kind: string;
  data?: unknown;
  user?: string;
  options?: JobOptions;
  cron?: string;
  zone?: string;
  every?: number;
  startAt?: TimeOrMilliseconds;
  endAt?: TimeOrMilliseconds;
  limit?: number;
  missed?: MissedRule;
  overlap?: OverlapRule;
  paused?: boolean;
  version?: number;
}

export interface NewShare {
  id: Id;
  generationId: Id;
  lastFour: string;
  createdAt: Time;
  expiresAt: Time | null;
  expired: boolean;
  token: string;
  url: string;
  audioUrl: string;
}

export interface NewUser {
  email: string;
  name?: string;
  password?: NewPassword;
  role?: string;
  tier?: string;
  apiKey?: boolean;
}

export interface NewWebhook {
  url: string;
  events?: WebhookEvent[];
  description?: string;
  active?: boolean;
}

export type OverlapRule = 'skip' | 'queue' | 'cancel-running';

export interface OwnStats {
  pieces: PieceTally;
  byQuality: PieceTally[];
  quota: { usedToday: number; usedThisMonth: number };
  apiKeys: number;
  sessions: number;
  memberSince: TimeOrNull;
  tier: string;
}

export type PartState = 'up' | 'down' | 'elsewhere';

export interface PausedQueue {
  queue: string;
  paused: boolean;
}

export interface Peaks {
  version: 1;
  channels: number;
  sampleRate: number;
  samplesPerPoint: number;
  pointsPerSecond: number;
  duration: number;
  bits: 8;
  length: number;
  peaks: number[];
  sections: Section[];
  chords: Chord[];
}

export interface Piece {
  generationId: Id;
  status: PieceStatus;
  progress: number;
  message?: string;
  prompt: string;
  title?: string;
  style?: string;
  tags: string[];
  isFavourite: boolean;
  createdAt: Time;
  startedAt?: Time;
  finishedAt?: Time;
  error?: { code: string; message: string };
  audioUrl?: string;
  midiUrl?: string;
  peaksUrl?: string;
  metadata?: PieceFacts | null;
  request?: Record<string, unknown>;
}

export interface PieceChange {
  title?: string;
  tags?: string[];
  isFavourite?: boolean;
}

export interface PieceExtension {
  duration?: number;
  bars?: number;
  prompt?: string;
}

export interface PieceFacts {
  understood: Brief;
  title: string;
  key: string;
  tempo: number;
  metre: string;
  form: string;
  instruments: string[];
  sections: Section[];
  chords: Chord[];
  loudnessLufs?: number;
  truePeakDbtp?: number;
  duration: number;
  sampleRate?: number;
  channels?: number;
  soundFont?: string;
  renderSeconds?: number;
  timesRealTime?: number;
}

export interface PieceFigures {
  range: FiguresRange;
  pieces: PieceTally;
  activeDays: number;
  byDay: PieceTally[];
  byQuality: PieceTally[];
  byStyle: PieceTally[];
  failures: PieceTally[];
}

export interface PieceOrder {
  prompt: string;
  style?: string;
  title?: string;
  lyrics?: string;
  negativeTags?: string;
  tags?: string[];
  duration?: number;
  quality?: 'standard' | 'premium' | 'ultra';
  format?: 'mp3' | 'ogg' | 'flac' | 'wav';
  provider?: 'local';
  customMode?: boolean;
  instrumental?: boolean;
  seed?: number;
}

export type PieceStatus = 'pending' | 'processing' | 'completed' | 'failed' | 'cancelled';

export interface PieceTally {
  total: number;
  completed: number;
  failed: number;
  cancelled: number;
  open: number;
  successRate: number | null;
  soundSeconds: number;
  day?: string;
  quality?: string;
  style?: string;
  code?: string;
  account?: string;
}

export interface PieceTimes {
  wait: SpreadOrNull;
  run: SpreadOrNull;
  whole: SpreadOrNull;
  day?: string;
  quality?: string;
}

export interface ProfileChange {
  name: string;
  email?: string;
  currentPassword?: string;
}

export interface Queue {
  queue: string;
  paused: boolean;
  counts: { waiting: Count; prioritized: Count; delayed: Count; active: Count; 'waiting-children': Count; completed: Count; failed: Count };
  oldestReadyMs: Count;
  limits?: QueueLimits;
  sinceStart?: { added: Count; completed: Count; failed: Count; cancelled: Count; retried: Count; stalled: Count };
  lastMinute?: RecentJobs;
  lastHour?: RecentJobs;
  run?: Times;
  wait?: Times;
}

export interface QueueLimits {
  concurrency: number;
  rate: RateOrNull;
  eachGroup: GroupLimits;
  ageing: number;
}

export type RateOrNull = { max: number; duration: number } | null;

export interface RecentFigures {
  at: Time;
  lastFiveMinutes: { pieces: PieceTally; activeAccounts: number; times: PieceTimes; events: { event: string; count: number }[] };
  lastHour: { pieces: PieceTally; activeAccounts: number; times: PieceTimes; events: { event: string; count: number }[] };
  queues: Record<string, unknown>;
  workers: { count: number; slots: number; busy: number; rssBytes: number };
}

export interface RecentJobs {
  added: Count;
  completed: Count;
  failed: Count;
}

export interface RecordEntry {
  id: Id;
  at: Time;
  actor: string;
  shownBy: string;
  role: string;
  action: string;
  target: string;
  address: string;
  requestId: string;
  outcome: string;
  details: Record<string, unknown>;
}

export interface Refusal {
  success: false;
  error: { code: string; message: string; details?: { field?: string; retryAfterSeconds?: number }; requestId: string; timestamp: Time };
}

export interface Registration {
  email: string;
  password: NewPassword;
  name?: string;
  cookie?: boolean;
}

export interface RemovedJobs {
  queue: string;
  removed: Count;
}

export interface ReplayJob {
  jobId: string;
  queue: string;
  matches: number;
  exact: boolean;
}

export interface Report {
  event: string;
  properties?: Record<string, unknown>;
}

export interface Retention {
  age?: Milliseconds;
  count?: number;
}

export type Role = 'user' | 'viewer' | 'operator' | 'admin' | 'system';

export interface Room {
  id: Id;
  name: string;
  description: string;
  isPublic: boolean;
  ownerId: string;
  role: 'viewer' | 'editor' | 'owner' | null;
  invitedAs: 'viewer' | 'editor' | null;
  memberCount: number;
  version: number;
  createdAt: Time;
  updatedAt: Time;
}

export interface RoomEdit {
  name?: string;
  description?: string;
  isPublic?: boolean;
}

export interface RoomInvitation {
  id: Id;
  roomId: Id;
  roomName?: string;
  userId: string | null;
  email: string | null;
  role: 'viewer' | 'editor';
  invitedBy?: { userId: string; username: string };
  createdAt: Time;
  expiresAt: Time;
}

export interface RoomMember {
  userId: string;
  username: string;
  role: 'viewer' | 'editor' | 'owner';
  joinedAt: Time;
}

export interface RoomMessage {
  id: Id;
  roomId: Id;
  userId: string;
  username: string;
  message: string;
  type: 'text' | 'system' | 'audio' | 'action';
  timestamp: Time;
}

export interface RoomRole {
  role: 'viewer' | 'editor' | 'owner';
}

export interface Runs {
  runs: Time[];
}

export interface Schedule {
  id: string;
  queue: string;
  kind: string;
  data: unknown;
  user?: string;
  options: JobOptions;
  cron?: string;
  zone?: string;
  every?: number;
  startAt?: Time;
  endAt?: Time;
  limit?: number;
  missed: MissedRule;
  overlap: OverlapRule;
  paused: boolean;
  system: boolean;
  status: 'active' | 'paused' | 'ended';
  nextRun: TimeOrNull;
  lastRun: TimeOrNull;
  lastJob: JobRef | null;
  runs: number;
  skipped: number;
  version: number;
  createdAt: Time;
  updatedAt: Time;
}

export interface ScheduleChange {
  id?: string;
  queue: string;
  kind: string;
  data?: unknown;
  user?: string;
  options?: JobOptions;
  cron?: string;
  zone?: string;
  every?: number;
  startAt?: TimeOrMilliseconds;
  endAt?: TimeOrMilliseconds;
  limit?: number;
  missed?: MissedRule;
  overlap?: OverlapRule;
  paused?: boolean;
  version?: number;
}

export type Scope = 'read' | 'generate' | 'manage' | 'operate';

export interface Section {
  name: string;
  start: number;
  end: number;
  energy?: number;
}

export interface SentDelivery {
  deliveryId: string;
  messageId: string;
  state: 'pending';
}

export interface Session {
  id: Id;
  device: string;
  address: string;
  current: boolean;
  createdAt: TimeOrNull;
  usedAt: TimeOrNull;
  expiresAt: TimeOrNull;
}

export interface SetUp {
  token: string;
  email: string;
  password: NewPassword;
  cookie?: boolean;
}

export interface Share {
  id: Id;
  generationId: Id;
  lastFour: string;
  createdAt: Time;
  expiresAt: Time | null;
  expired: boolean;
}

export interface SharedPiece {
  title: string;
  createdAt: Time;
  expiresAt: Time | null;
  audioUrl: string;
  style?: string;
  key?: string;
  tempo?: number;
  metre?: string;
  form?: string;
  instruments?: string[];
  sections?: Section[];
  duration?: number;
}

export interface SigningKey {
  keyId: string;
  algorithm: 'Ed25519';
  publicKey: string;
  current: boolean;
  createdAt: Time;
  retiredAt: Time | null;
}

export interface SoldListing {
  id: Id;
  status: 'sold';
  holderId: string;
  soldAt: Time;
  notice: string;
}

export type SpreadOrNull = { count: number; min: number; max: number; mean: number; p50: number; p90: number; p95: number; p99: number } | null;

export interface SystemFigures {
  at: Time;
  version: string;
  uptimeSeconds: number;
  accounts: number;
  disabledAccounts: number;
  apiKeys: number;
  queues: Record<string, unknown>;
  workers: { count: number; slots: number; busy: number; rssBytes: number };
  disk: { totalBytes: number; freeBytes: number } | null;
}

export interface Tier {
  tier: string;
  requestsPerMinute: LimitOrNull;
  piecesPerMonth: LimitOrNull;
  piecesPerDay: LimitOrNull;
  longestSeconds: LimitOrNull;
  qualities: ('standard' | 'premium' | 'ultra')[];
  priority: number;
}

export type Time = string;

export interface TimeFigures {
  range: FiguresRange;
  times: PieceTimes;
  byDay: PieceTimes[];
  byQuality: PieceTimes[];
}

export type TimeOrMilliseconds = string | number;

export type TimeOrNull = Time | null;

export interface Times {
  count: Count;
  p50Ms: number;
  p95Ms: number;
  p99Ms: number;
}

export interface Timing {
  cron?: string;
  zone?: string;
  every?: number;
  startAt?: TimeOrMilliseconds;
  endAt?: TimeOrMilliseconds;
  limit?: number;
  n?: number;
}

export interface Use {
  limit: LimitOrNull;
  used: number;
  remaining: LimitOrNull;
  resetAt: Time;
}

export interface UserChange {
  name?: string;
  role?: string;
  tier?: string;
  disabled?: boolean;
}

export interface UserFigures {
  range: FiguresRange;
  pieces: PieceTally;
  activeDays: number;
  byDay: PieceTally[];
  times: PieceTimes;
  quota: { usedToday: number; usedThisMonth: number };
  apiRequests: number;
  events: { event: string; count: number }[];
}

export type ValueSource = 'prompt' | 'field' | 'chosen';

export interface ValuedNumber {
  value: number;
  source: ValueSource;
}

export interface ValuedText {
  value: string;
  source: ValueSource;
}

export interface WaysIn {
  open: boolean;
  registration: boolean;
}

export interface Webhook {
  id: Id;
  url: string;
  events: WebhookEvent[];
  description: string;
  active: boolean;
  disabled: boolean;
  disabledAt?: Time;
  disabledWhy?: 'failures' | 'gone';
  failures: number;
  oldSecretUntil?: Time;
  createdAt: Time;
  updatedAt: Time;
}

export interface WebhookChange {
  url?: string;
  events?: WebhookEvent[];
  description?: string;
  active?: boolean;
}

export type WebhookEvent = 'generation.completed' | 'generation.failed' | 'generation.cancelled' | 'webhook.disabled';

export interface WebhookWithSecret {
  id: Id;
  url: string;
  events: WebhookEvent[];
  description: string;
  active: boolean;
  disabled: boolean;
  disabledAt?: Time;
  disabledWhy?: 'failures' | 'gone';
  failures: number;
  oldSecretUntil?: Time;
  createdAt: Time;
  updatedAt: Time;
  secret: string;
}

export interface Worker {
  name: string;
  host: string;
  pid: number;
  version: string;
  queues: string[];
  slots: number;
  busy: number;
  rssBytes: number;
  startedAt: Time;
  seenAt: Time;
  paused: boolean;
  draining: boolean;
}

export interface WorkerOrder {
  name: string;
  paused: boolean;
  drain: boolean;
}

// What each call takes and gives.
export interface Calls {
  'DELETE /api/auth/sessions': { data: { ended: true } };
  'DELETE /api/auth/sessions/{id}': { path: { id: string }; data: { id: string; ended: true } };
  'DELETE /api/collaboration/invitations/{id}': {
    path: { id: string };
    data: { id: Id; withdrawn: true };
  };
  'DELETE /api/collaboration/rooms/{id}': { path: { id: string }; data: { id: Id; deleted: true } };
  'DELETE /api/collaboration/rooms/{id}/members/{userId}': {
    path: { id: string; userId: string };
    data: { roomId: Id; userId: string; removed: true };
  };
  'DELETE /api/dead-letters/{fingerprint}': {
    path: { fingerprint: string };
    data: { purged: number };
  };
  'DELETE /api/generation/{id}': {
    path: { id: string };
    data: { generationId: Id; deleted: true };
  };
  'DELETE /api/generation/{id}/share/{share}': {
    path: { id: string; share: string };
    data: { id: Id; revoked: true };
  };
  'DELETE /api/nft/{id}': { path: { id: string }; data: { id: Id; withdrawn: true } };
  'DELETE /api/queues/{queue}/groups/{group}/limits': {
    path: { queue: string; group: string };
    data: LimitsOfGroup;
  };
  'DELETE /api/schedules/{id}': { path: { id: string }; data: { id: string; removed: true } };
  'DELETE /api/user/tokens/{id}': { path: { id: string }; data: { id: string; revoked: true } };
  'DELETE /api/webhooks/{id}': { path: { id: string }; data: { id: string; removed: true } };
  'GET /api/admin/alerts': {
    query?: { state?: 'firing' | 'resolved'; cursor?: string; limit?: number };
    data: Alert[];
    page: CursorPage;
  };
  'GET /api/admin/users': {
    query?: { search?: string; limit?: number; cursor?: string };
    data: Account[];
    page: CursorPage;
  };
  'GET /api/admin/users/{id}': { path: { id: string }; data: Account };
  'GET /api/analytics/admin/generations': {
    query?: { days?: 7 | 30 | 90; from?: string; to?: string };
    data: PieceFigures;
  };
  'GET /api/analytics/admin/performance': {
    query?: { days?: 7 | 30 | 90; from?: string; to?: string };
    data: TimeFigures;
  };
  'GET /api/analytics/admin/system': { data: SystemFigures };
  'GET /api/analytics/admin/tokens': {
    query?: { days?: 7 | 30 | 90; from?: string; to?: string };
    data: KeyFigures;
  };
  'GET /api/analytics/admin/users': {
    query?: { days?: 7 | 30 | 90; from?: string; to?: string };
    data: AccountFigures;
  };
  'GET /api/analytics/generations': {
    query?: { days?: 7 | 30 | 90; from?: string; to?: string };
    data: PieceFigures;
  };
  'GET /api/analytics/metrics': {
    query?: { days?: 7 | 30 | 90; from?: string; to?: string };
    data: TimeFigures;
  };
  'GET /api/analytics/realtime': { data: RecentFigures };
  'GET /api/analytics/tokens': {
    query?: { days?: 7 | 30 | 90; from?: string; to?: string };
    data: KeyFigures;
  };
  'GET /api/analytics/user': {
    query?: { days?: 7 | 30 | 90; from?: string; to?: string };
    data: UserFigures;
  };
  'GET /api/audit': {
    query?: { actor?: string; action?: string; target?: string; from?: string; to?: string; limit?: number; cursor?: string };
    data: RecordEntry[];
    page: CursorPage;
  };
  'GET /api/auth/limits': { data: Limits };
  'GET /api/auth/profile': { data: Account };
  'GET /api/auth/sessions': { data: Session[] };
  'GET /api/auth/setup': { data: WaysIn };
  'GET /api/auth/stats': { data: OwnStats };
  'GET /api/auth/tier': { data: Tier };
  'GET /api/collaboration/invitations': { data: RoomInvitation[] };
  'GET /api/collaboration/rooms': {
    query?: { scope?: 'all' | 'mine' | 'public'; search?: string; limit?: number; cursor?: string };
    data: Room[];
    page: CursorPage;
  };
  'GET /api/collaboration/rooms/{id}': { path: { id: string }; data: Room };
  'GET /api/collaboration/rooms/{id}/invitations': { path: { id: string }; data: RoomInvitation[] };
  'GET /api/collaboration/rooms/{id}/members': {
    path: { id: string };
    query?: { limit?: number; cursor?: string };
    data: RoomMember[];
    page: CursorPage;
  };
  'GET /api/collaboration/rooms/{id}/messages': {
    path: { id: string };
    query?: { limit?: number; cursor?: string };
    data: RoomMessage[];
    page: CursorPage;
  };
  'GET /api/dead-letters': {
    query?: { limit?: number; cursor?: string };
    data: DeadGroup[];
    page: CursorPage;
  };
  'GET /api/dead-letters/{fingerprint}': {
    path: { fingerprint: string };
    query?: { limit?: number; cursor?: string };
    data: { group: DeadGroup; jobs: DeadLetter[] };
    page: CursorPage;
  };
  'GET /api/docs': { data: unknown };
  'GET /api/events': { query?: { topics?: string; all?: 'true' | 'false' }; data: unknown };
  'GET /api/generation/history': {
    query?: { limit?: number; cursor?: Id; offset?: number; status?: PieceStatus; q?: string; tag?: string; style?: string; favourite?: 'true' | 'false'; sort?: 'newest' | 'oldest' | 'title' };
    data: Piece[];
    page: HistoryPage;
  };
  'GET /api/generation/{id}': { path: { id: string }; data: Piece };
  'GET /api/generation/{id}/audio': {
    path: { id: string };
    query?: { format?: 'mp3' | 'ogg' | 'flac' | 'wav' };
    data: unknown;
  };
  'GET /api/generation/{id}/midi': { path: { id: string }; data: unknown };
  'GET /api/generation/{id}/peaks': { path: { id: string }; data: unknown };
  'GET /api/generation/{id}/share': { path: { id: string }; data: Share[] };
  'GET /api/generation/{id}/status': { path: { id: string }; data: Piece };
  'GET /api/generation/{id}/stems': {
    path: { id: string };
    data: { ready: boolean; contentType: 'audio/flac'; stems: { name: string; url: string }[] };
  };
  'GET /api/generation/{id}/stems/{name}': { path: { id: string; name: string }; data: unknown };
  'GET /api/jobs': {
    query?: { q?: string; state?: JobState; queue?: string; limit?: number; cursor?: string };
    data: JobRow[];
    page: CursorPage;
  };
  'GET /api/jobs/{id}': { path: { id: string }; query?: { queue?: string }; data: Job };
  'GET /api/jobs/{id}/logs': {
    path: { id: string };
    query?: { queue?: string; from?: number; limit?: number };
    data: string[];
    page: LinePage;
  };
  'GET /api/nft': {
    query?: { q?: string; style?: string; currency?: string; priceMin?: number; priceMax?: number; status?: 'listed' | 'sold'; mine?: 'selling' | 'holding'; sort?: 'newest' | 'oldest' | 'price' | '-price'; limit?: number; cursor?: string };
    data: Listing[];
    page: MarketPage;
  };
  'GET /api/nft/key': { data: { current: string; keys: SigningKey[] } };
  'GET /api/nft/{id}': { path: { id: string }; data: Listing };
  'GET /api/nft/{id}/audio': { path: { id: string }; data: unknown };
  'GET /api/nft/{id}/certificate': { path: { id: string }; data: Certificate };
  'GET /api/nft/{id}/ledger': { path: { id: string }; data: ListingEntry[] };
  'GET /api/nft/{id}/metadata': { path: { id: string }; data: unknown };
  'GET /api/openapi.json': { data: unknown };
  'GET /api/queues': { data: Queue[] };
  'GET /api/queues/{queue}': { path: { queue: string }; data: Queue };
  'GET /api/queues/{queue}/stats': { path: { queue: string }; data: Queue };
  'GET /api/schedules': {
    query?: { limit?: number; cursor?: string };
    data: Schedule[];
    page: CursorPage;
  };
  'GET /api/schedules/{id}': { path: { id: string }; data: Schedule };
  'GET /api/schedules/{id}/preview': { path: { id: string }; query?: { n?: number }; data: Runs };
  'GET /api/shared/{token}': { path: { token: string }; data: SharedPiece };
  'GET /api/shared/{token}/audio': {
    path: { token: string };
    query?: { format?: 'mp3' | 'ogg' | 'flac' | 'wav' };
    data: unknown;
  };
  'GET /api/user/ledger': {
    query?: { limit?: number; cursor?: string };
    data: LedgerEntry[];
    page: CursorPage;
  };
  'GET /api/user/profile': { data: Account };
  'GET /api/user/stats': { data: OwnStats };
  'GET /api/user/tokens': { data: ApiKey[] };
  'GET /api/webhooks': { data: Webhook[] };
  'GET /api/webhooks/{id}': { path: { id: string }; data: Webhook };
  'GET /api/webhooks/{id}/deliveries': {
    path: { id: string };
    query?: { state?: 'pending' | 'delivered' | 'failed' | 'dropped'; limit?: number; cursor?: string };
    data: Delivery[];
    page: CursorPage;
  };
  'GET /api/webhooks/{id}/deliveries/{delivery}': {
    path: { id: string; delivery: string };
    data: DeliveryWithPayload;
  };
  'GET /api/workers': { data: Worker[] };
  'GET /health': { data: Health };
  'GET /live': { data: { status: 'live' } };
  'GET /metrics': { data: unknown };
  'GET /ready': { data: { status: 'ready' } };
  'POST /api/admin/alerts/{id}/acknowledge': { path: { id: string }; body?: Empty; data: Alert };
  'POST /api/admin/users': { body: NewUser; data: MadeUser };
  'POST /api/admin/users/{id}/password': {
    path: { id: string };
    body: { password: NewPassword };
    data: Changed;
  };
  'POST /api/analytics/track': { body: Report; data: { id: Id; event: string } };
  'POST /api/auth/login': { body: Credentials; data: LogIn };
  'POST /api/auth/logout': { data: { loggedOut: true } };
  'POST /api/auth/password': {
    body: { currentPassword: string; newPassword: NewPassword };
    data: Changed;
  };
  'POST /api/auth/refresh': { body?: { refreshToken?: string }; data: LogIn };
  'POST /api/auth/register': { body: Registration; data: LogIn };
  'POST /api/auth/setup': { body: SetUp; data: LogIn };
  'POST /api/collaboration/rooms': { body: NewRoom; data: Room };
  'POST /api/collaboration/rooms/{id}/invite': {
    path: { id: string };
    body: NewInvitation;
    data: RoomInvitation;
  };
  'POST /api/collaboration/rooms/{id}/join': {
    path: { id: string };
    body?: Empty;
    data: { roomId: Id; role: 'viewer' | 'editor' | 'owner' };
  };
  'POST /api/collaboration/rooms/{id}/leave': {
    path: { id: string };
    body?: Empty;
    data: { roomId: Id; left: true };
  };
  'POST /api/collaboration/rooms/{id}/messages': {
    path: { id: string };
    body: NewRoomMessage;
    data: RoomMessage;
  };
  'POST /api/dead-letters/replay': { body: { query: string }; data: ReplayJob };
  'POST /api/dead-letters/{fingerprint}/replay': {
    path: { fingerprint: string };
    body?: { queue?: string; id?: string };
    data: { retried: number; addedAgain: number; passedOver: number; refused: number } | ReplayJob;
  };
  'POST /api/generation/brief': { body: PieceOrder; data: Brief };
  'POST /api/generation/create': { body: PieceOrder; data: AcceptedPiece };
  'POST /api/generation/{id}/cancel': {
    path: { id: string };
    data: { generationId: Id; status: 'cancelled' };
  };
  'POST /api/generation/{id}/extend': {
    path: { id: string };
    body: PieceExtension;
    data: AcceptedPiece;
  };
  'POST /api/generation/{id}/retry': {
    path: { id: string };
    data: { generationId: Id; status: 'pending'; message: string; statusUrl: string };
  };
  'POST /api/generation/{id}/share': {
    path: { id: string };
    body?: { expiresInDays?: number };
    data: NewShare;
  };
  'POST /api/jobs': { body: NewJob; data: AcceptedJob };
  'POST /api/jobs/bulk': {
    body: { action: 'retry' | 'cancel' | 'promote' | 'remove' | 'priority'; query: string; preview?: boolean; priority?: number };
    data: BulkCount;
  };
  'POST /api/jobs/many': { body: { jobs: NewJob[] }; data: { jobs: AcceptedJob[] } };
  'POST /api/jobs/{id}/back': {
    path: { id: string };
    query?: { queue?: string };
    body?: Empty;
    data: JobStatus;
  };
  'POST /api/jobs/{id}/cancel': {
    path: { id: string };
    query?: { queue?: string };
    body?: Empty;
    data: { jobId: string; queue: string; state: 'active' | 'cancelled'; cancelRequested: true };
  };
  'POST /api/jobs/{id}/front': {
    path: { id: string };
    query?: { queue?: string };
    body?: Empty;
    data: JobStatus;
  };
  'POST /api/jobs/{id}/priority': {
    path: { id: string };
    query?: { queue?: string };
    body: { priority: number };
    data: JobStatus;
  };
  'POST /api/jobs/{id}/promote': {
    path: { id: string };
    query?: { queue?: string };
    body?: Empty;
    data: JobStatus;
  };
  'POST /api/jobs/{id}/remove': {
    path: { id: string };
    query?: { queue?: string };
    body?: Empty;
    data: { jobId: string; queue: string; removed: true };
  };
  'POST /api/jobs/{id}/retry': {
    path: { id: string };
    query?: { queue?: string };
    body?: Empty;
    data: JobStatus;
  };
  'POST /api/nft': { body: NewListing; data: Listing };
  'POST /api/nft/key/rotate': { data: SigningKey };
  'POST /api/nft/{id}/buy': { path: { id: string }; body?: Empty; data: SoldListing };
  'POST /api/nft/{id}/transfer': { path: { id: string }; body: { to: string }; data: SoldListing };
  'POST /api/queues/{queue}/clean': {
    path: { queue: string };
    body: { state: 'waiting' | 'prioritized' | 'delayed' | 'completed' | 'failed' | 'ended'; age?: number; limit?: number };
    data: RemovedJobs;
  };
  'POST /api/queues/{queue}/drain': {
    path: { queue: string };
    body?: { delayed?: boolean };
    data: RemovedJobs;
  };
  'POST /api/queues/{queue}/obliterate': {
    path: { queue: string };
    body?: { force?: boolean };
    data: { queue: string; obliterated: true };
  };
  'POST /api/queues/{queue}/pause': { path: { queue: string }; body?: Empty; data: PausedQueue };
  'POST /api/queues/{queue}/resume': { path: { queue: string }; body?: Empty; data: PausedQueue };
  'POST /api/schedules': { body: NewSchedule; data: Schedule };
  'POST /api/schedules/preview': { body: Timing; data: Runs };
  'POST /api/schedules/{id}/pause': { path: { id: string }; body?: Empty; data: Schedule };
  'POST /api/schedules/{id}/resume': { path: { id: string }; body?: Empty; data: Schedule };
  'POST /api/schedules/{id}/run': {
    path: { id: string };
    body?: Empty;
    data: { jobId: string; queue: string; duplicate: boolean };
  };
  'POST /api/user/tokens': { body: NewKey; data: MadeKey };
  'POST /api/webhooks': { body: NewWebhook; data: WebhookWithSecret };
  'POST /api/webhooks/{id}/deliveries/{delivery}/replay': {
    path: { id: string; delivery: string };
    data: SentDelivery;
  };
  'POST /api/webhooks/{id}/ping': { path: { id: string }; data: SentDelivery };
  'POST /api/webhooks/{id}/rotate': {
    path: { id: string };
    body?: { overlapHours?: number };
    data: WebhookWithSecret;
  };
  'POST /api/workers/{name}/drain': { path: { name: string }; body?: Empty; data: WorkerOrder };
  'POST /api/workers/{name}/pause': { path: { name: string }; body?: Empty; data: WorkerOrder };
  'POST /api/workers/{name}/resume': { path: { name: string }; body?: Empty; data: WorkerOrder };
  'PUT /api/admin/users/{id}': { path: { id: string }; body: UserChange; data: Account };
  'PUT /api/auth/profile': { body: ProfileChange; data: Account };
  'PUT /api/collaboration/rooms/{id}': { path: { id: string }; body: RoomEdit; data: Room };
  'PUT /api/collaboration/rooms/{id}/members/{userId}': {
    path: { id: string; userId: string };
    body: RoomRole;
    data: { roomId: Id; userId: string; role: 'viewer' | 'editor' | 'owner' };
  };
  'PUT /api/generation/{id}': { path: { id: string }; body: PieceChange; data: Piece };
  'PUT /api/nft/{id}': { path: { id: string }; body: ListingChange; data: Listing };
  'PUT /api/queues/{queue}/groups/{group}/limits': {
    path: { queue: string; group: string };
    body: NewGroupLimits;
    data: LimitsOfGroup;
  };
  'PUT /api/queues/{queue}/limits': {
    path: { queue: string };
    body: NewQueueLimits;
    data: { queue: string; limits: QueueLimits };
  };
  'PUT /api/schedules/{id}': { path: { id: string }; body: ScheduleChange; data: Schedule };
  'PUT /api/user/profile': { body: ProfileChange; data: Account };
  'PUT /api/webhooks/{id}': { path: { id: string }; body: WebhookChange; data: Webhook };
}
