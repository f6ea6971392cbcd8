-- Runs that end, one after the other. Each: queue id fence to attempts stalls run-at result error
-- message stack flags keep-count keep-age free-dedup. Flags: c cancelled, x exhausted, r released,
-- s settled (the domain knows already: a cancel that came since changes nothing).
-- Replies 0 and where the job went; -1 the run has lost the job; -2 somebody asked to cancel it.
local function leave_active(P, j)
  if call('LREM', P .. 'active', -1, j.id) == 0 then return false end
  call('ZREM', P .. 's:leases', j.id)
  call('DEL', P .. j.id .. ':lock')
  if j.verdict then
    call('SREM', P .. 's:va', j.id)
  elseif owned and j.group ~= '' and call('HINCRBY', P .. 's:ga', j.group, -1) <= 0 then
    call('HDEL', P .. 's:ga', j.group)
  end
  if not owned then call('SREM', P .. 'stalled', j.id) end
  return true
end

local function drained(P)
  if call('LLEN', P .. 'active') > 0 or call('LLEN', P .. 'wait') > 0 then return false end
  if call('EXISTS', P .. 'prioritized') == 1 then return false end
  local lanes = call('HMGET', P .. 's:n', 'w', 'p')
  return tonumber(lanes[1] or 0) <= 0 and tonumber(lanes[2] or 0) <= 0
end

local function has(flags, what)
  return string.find(flags, what, 1, true) ~= nil
end

-- What is to be trimmed once all runs of the call have ended.
local trims = {}

local function run_ended(P, j, e)
  local cancelled = has(e.flags, 'c')
  call('ZADD', P .. e.to, now, j.id)
  if e.to == 'completed' then
    call('HSET', P .. j.id, 'finishedOn', now, 'returnvalue', e.result, 'atm', e.attempts, 'stc',
         e.stalls)
    if j.failed_before or j.verdict or j.deferred then
      call('HDEL', P .. j.id, 'xe', 'failedReason', 'xv', 'defa')
    end
    tell(P, 'completed', j.id, j.kind, 'returnvalue', e.result, 'prev', 'active')
  else
    call('HSET', P .. j.id, 'finishedOn', now, 'failedReason', e.message, 'stacktrace', e.stack,
         'xe', e.error, 'atm', e.attempts, 'stc', e.stalls)
    if j.verdict or j.deferred then call('HDEL', P .. j.id, 'xv', 'defa') end
    if cancelled then
      tell(P, 'cancelled', j.id, j.kind, 'prev', 'active')
    end
    if not cancelled or not owned then
      tell(P, 'failed', j.id, j.kind, 'failedReason', e.message, 'prev', 'active')
    end
    if has(e.flags, 'x') then
      tell(P, 'retries-exhausted', j.id, j.kind, 'attemptsMade', e.attempts)
    end
  end
  if drained(P) then tell(P, 'drained', j.id, j.kind) end
  if j.has_parent then
    child_ended(P, j.id, {state = e.to, result = e.result, error = e.error, message = e.message})
  end
  if e.free then free_owner(P, j) end
  if e.keep_count == 0 or e.keep_age == 0 then
    call('ZREM', P .. e.to, j.id)
    forget(P, j.id)
  else
    trims[table.concat({P, e.to, e.keep_age, e.keep_count}, ' ')] = {P, e}
  end
end

local function goes_on(P, j, e)
  call('HSET', P .. j.id, 'atm', e.attempts, 'stc', e.stalls)
  if e.message ~= '' then
    call('HSET', P .. j.id, 'failedReason', e.message, 'stacktrace', e.stack, 'xe', e.error)
  elseif j.failed_before then
    call('HDEL', P .. j.id, 'xe', 'failedReason')
  end
  j.stalls = e.stalls
  if e.to == 'waiting-children' then
    call('HDEL', P .. j.id, 'xd')
    call('ZADD', P .. 'waiting-children', now, j.id)
    tell(P, 'waiting-children', j.id, j.kind, 'prev', 'active')
    look_at_children(P, j.id)
  elseif e.to == 'delayed' then
    call('HSET', P .. j.id, 'delay', e.run_at - now)
    make_delayed(P, j, e.run_at)
    tell(P, 'delayed', j.id, j.kind, 'delay', e.run_at)
  else
    make_ready(P, j, has(e.flags, 'r'))
    tell(P, 'waiting', j.id, j.kind, 'prev', 'active')
  end
end

local function finish(e)
  local P = lane_of(e.queue)
  local j = load(P, e.id)
  if not j or j.starts ~= tonumber(e.fence) then return {-1} end
  if j.cancelled and not has(e.flags, 'c') and not has(e.flags, 's') then return {-2} end
  if not leave_active(P, j) then return {-1} end
  if ended_states[e.to] then
    run_ended(P, j, e)
    return {0, e.to, 0}
  end
  goes_on(P, j, e)
  return {0, state_of(P, e.id), e.to == 'delayed' and e.run_at or 0}
end

local function finish_all()
  local replies = {}
  for n = 1, number() do
    replies[n] = finish({queue = arg(), id = arg(), fence = arg(), to = arg(), attempts = arg(),
                         stalls = number(), run_at = number(), result = arg(), error = arg(),
                         message = arg(), stack = arg(), flags = arg(), keep_count = number(),
                         keep_age = number(), free = arg() == '1'})
  end
  for _, one in pairs(trims) do trim(one[1], one[2].to, one[2].keep_age, one[2].keep_count) end
  return replies
end
