-- Runs that end, one after the other. Each: id fence shape value, after a failure its message and
-- stack, then its last notes or its progress. The value is the result, or the error. The shape says
-- how runs end; most runs of a call have the same. Its words: to attempts stalls run-at flags
-- keep-count keep-age free-dedup queue. Flags: c cancelled, x exhausted, r released, s settled (the
-- domain knows already: a cancel that came since changes nothing), e there is an error, n there are
-- notes, p there is progress, o an ordinary job: when it began it had no group, parent, verdict,
-- deduplication, earlier failure or stall, and it was added by this program; - none.
-- Replies 0 if the job has ended; where it went and when it runs; -1 the run has lost the job; -2
-- somebody asked to cancel it.
local shapes = {}
local function shape_of(text)
  local s = shapes[text]
  if s then return s end
  local to, attempts, stalls, run_at, flags, count, age, free, queue = string.match(
    text, '^(%S+) (%S+) (%S+) (%S+) (%S+) (%S+) (%S+) (%S+) (%S+)$')
  local function has(what)
    return string.find(flags, what, 1, true) ~= nil
  end
  s = {P = lane_of(queue), to = to, attempts = attempts, stalls = tonumber(stalls),
       run_at = tonumber(run_at), cancelled = has('c'), exhausted = has('x'), released = has('r'),
       settled = has('s'), failed = has('e'), noted = has('n'), progress = has('p'),
       ordinary = has('o'), keep_count = tonumber(count), keep_age = tonumber(age),
       free = free == '1'}
  s.kept = s.keep_count > 0 and s.keep_age > 0
  shapes[text] = s
  return s
end

-- What is done once for all runs of the call that completed, of each queue: their ids, locks and
-- scores; what is to be trimmed; which job ended last.
local left, trims, last = {}, {}, {}
local function do_what_is_left()
  for P, l in pairs(left) do
    call('ZREM', P .. 's:leases', unpack(l.ids))
    call('DEL', unpack(l.locks))
    call('ZADD', P .. 'completed', unpack(l.scores))
  end
  left = {}
end

local function leave_later(P, id)
  local l = left[P]
  if not l then
    l = {ids = {}, locks = {}, scores = {}}
    left[P] = l
  end
  local n = #l.ids + 1
  l.ids[n], l.locks[n] = id, P .. id .. ':lock'
  l.scores[2 * n - 1], l.scores[2 * n] = now_text, id
  if n == slice then do_what_is_left() end
end

local function trim_later(P, s)
  trims[P] = trims[P] or {}
  trims[P][s] = true
end

local function leave_active(P, id, verdict, group)
  if call('LREM', P .. 'active', -1, id) == 0 then return false end
  if owned and group ~= '' and not (verdict and call('SREM', P .. 's:va', id) == 1) then
    if call('HINCRBY', P .. 's:ga', group, -1) <= 0 then call('HDEL', P .. 's:ga', group) end
  elseif verdict then
    call('SREM', P .. 's:va', id)
  end
  if not owned then call('SREM', P .. 'stalled', id) end
  return true
end

-- An end that the domain has committed holds wherever the job is by now: its lease has run out, and
-- nobody has started it since. Only a retry by hand (xf) comes after such an end.
local function leave_place(P, id, fence)
  local state = state_of(P, id)
  local over = tonumber(call('HGET', P .. id, 'xf') or 0)
  if ended_states[state] or over >= tonumber(fence) then return false end
  call('ZREM', P .. 'waiting-children', id)
  take_out(P, load(P, id))
  return true
end

local function drained(P)
  if call('LLEN', P .. 'active') > 0 or call('LLEN', P .. 'wait') > 0 then return false end
  if call('EXISTS', P .. 'prioritized') == 1 then return false end
  local lanes = call('HMGET', P .. 's:n', 'w', 'p')
  return tonumber(lanes[1] or 0) <= 0 and tonumber(lanes[2] or 0) <= 0
end

-- What a run has said last; the progress that is left to be written.
local function last_notes(P, id, kind, e)
  if e.progress then tell(P, 'progress', id, kind, 'data', e.progress) end
  return e.progress or e.notes and write_notes(P, id, kind, e.notes)
end

local function complete(P, id, fence, s, e)
  local key, f = P .. id, nil
  if s.ordinary then
    f = call('HMGET', key, 'ats', 'name', 'xc', 'xv')
  else
    f = call('HMGET', key, 'ats', 'name', 'xc', 'xv', 'failedReason', 'defa', 'parentKey', 'deid',
             'stc', 'xa', 'xg')
  end
  local kind, verdict, has_parent, dedup = f[2], f[4], f[7], f[8]
  if f[1] ~= fence or not kind then return -1 end
  if f[3] and not s.settled then return -2 end
  if not leave_active(P, id, verdict, f[11] or '') and
     not (s.settled and leave_place(P, id, fence)) then
    return -1
  end
  if f[9] then call('HSET', key, 'stc', s.stalls) end
  if not s.ordinary and not f[10] then give_sides(P) end
  local progress = last_notes(P, id, kind, e)
  if progress then
    call('HSET', key, 'finishedOn', now_text, 'returnvalue', e.value, 'atm', s.attempts,
         'progress', progress)
  else
    call('HSET', key, 'finishedOn', now_text, 'returnvalue', e.value, 'atm', s.attempts)
  end
  if verdict or f[5] or f[6] then call('HDEL', key, 'xe', 'failedReason', 'xv', 'defa') end
  tell(P, 'completed', id, kind, 'returnvalue', e.value, 'prev', 'active')
  last[P] = {id, kind}
  leave_later(P, id)
  if has_parent or not s.kept then do_what_is_left() end
  if has_parent then
    child_ended(P, id, {state = 'completed', result = e.value, error = '', message = ''})
  end
  if dedup then release_dedup(P, {id = id, dedup = dedup}, s.free) end
  count_end(P, 'completed')
  if s.kept then
    trim_later(P, s)
  else
    call('ZREM', P .. 'completed', id)
    forget(P, id)
  end
  return 0
end

local function run_failed(P, j, s, e)
  call('ZADD', P .. 'failed', now_text, j.id)
  call('HSET', P .. j.id, 'finishedOn', now_text, 'failedReason', e.message, 'stacktrace', e.stack,
       'xe', e.value, 'atm', s.attempts, 'stc', s.stalls)
  if j.verdict or j.deferred then call('HDEL', P .. j.id, 'xv', 'defa') end
  if s.cancelled then tell(P, 'cancelled', j.id, j.kind, 'prev', 'active') end
  if not s.cancelled or not owned then
    tell(P, 'failed', j.id, j.kind, 'failedReason', e.message, 'prev', 'active')
  end
  if s.exhausted then
    tell(P, 'retries-exhausted', j.id, j.kind, 'attemptsMade', s.attempts)
  end
  last[P] = {j.id, j.kind}
  if j.has_parent then
    child_ended(P, j.id, {state = 'failed', result = '', error = e.value, message = e.message})
  end
  if j.dedup then release_dedup(P, j, s.free) end
  count_end(P, 'failed')
  if s.kept then
    trim_later(P, s)
  else
    call('ZREM', P .. 'failed', j.id)
    forget(P, j.id)
  end
end

local function goes_on(P, j, s, e)
  call('HSET', P .. j.id, 'atm', s.attempts, 'stc', s.stalls)
  if s.failed then
    call('HSET', P .. j.id, 'failedReason', e.message, 'stacktrace', e.stack, 'xe', e.value)
  elseif j.failed_before then
    call('HDEL', P .. j.id, 'xe', 'failedReason')
  end
  j.stalls = s.stalls
  if s.to == 'waiting-children' then
    call('HDEL', P .. j.id, 'xd')
    call('ZADD', P .. 'waiting-children', now, j.id)
    tell(P, 'waiting-children', j.id, j.kind, 'prev', 'active')
    look_at_children(P, j.id)
  elseif s.to == 'delayed' then
    call('HSET', P .. j.id, 'delay', s.run_at - now)
    make_delayed(P, j, s.run_at)
    tell(P, 'delayed', j.id, j.kind, 'delay', s.run_at)
  else
    make_ready(P, j, s.released)
    tell(P, 'waiting', j.id, j.kind, 'prev', 'active')
  end
end

local function finish(id, fence, s, e)
  local P = s.P
  if s.to == 'completed' then return complete(P, id, fence, s, e) end
  local j = load(P, id)
  if not j or j.starts ~= tonumber(fence) then return -1 end
  if j.cancelled and not s.cancelled and not s.settled then return -2 end
  if not leave_active(P, id, j.verdict, j.group) and
     not (s.settled and leave_place(P, id, fence)) then
    return -1
  end
  do_what_is_left()
  call('ZREM', P .. 's:leases', id)
  call('DEL', P .. id .. ':lock')
  if j.arrival == 0 then give_sides(P) end
  local progress = last_notes(P, id, j.kind, e)
  if progress then call('HSET', P .. id, 'progress', progress) end
  if ended_states[s.to] then
    run_failed(P, j, s, e)
    return 0
  end
  goes_on(P, j, s, e)
  return {state_of(P, id), s.to == 'delayed' and s.run_at or 0}
end

local function finish_all()
  local replies = {}
  for n = 1, number() do
    local id, fence, s = arg(), arg(), shape_of(arg())
    local e = {value = arg()}
    if s.failed then e.message, e.stack = arg(), arg() end
    if s.noted then e.notes = read_notes() end
    if s.progress then e.progress = arg() end
    replies[n] = finish(id, fence, s, e)
  end
  do_what_is_left()
  for P, some in pairs(trims) do
    for s in pairs(some) do trim(P, s.to, s.keep_age, s.keep_count) end
  end
  for P, one in pairs(last) do
    if drained(P) then tell(P, 'drained', one[1], one[2]) end
  end
  write_metrics()
  return replies
end
