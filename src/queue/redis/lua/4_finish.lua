-- Ends that are not those of ordinary jobs that completed.
local function leave_later(P, id)
  local l = left_of(P)
  local n = #l.ids + 1
  l.ids[n], l.locks[n] = id, P .. id .. ':lock'
  l.scores[2 * n - 1], l.scores[2 * n] = now_text, id
  if n == slice then do_what_is_left() end
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
more.complete, more.finish, more.trim = complete, finish, trim
more.read_notes, more.count_end, more.write_metrics = read_notes, count_end, write_metrics
