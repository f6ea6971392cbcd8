-- Runs that end, one after the other. Each: id fence shape value, after a failure its message and
-- stack, then its last notes or its progress. The value is the result, or the error. The shape says
-- how runs end; most runs of a call have the same, and = stands for that of the one before. Its
-- words: to attempts stalls run-at flags
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
  s.plain = to == 'completed' and s.ordinary and s.kept and
            not (s.failed or s.noted or s.cancelled)
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
    if l.kind then last[P] = {l.ids[l.plain], l.kind} end
  end
  left = {}
end

local function left_of(P)
  left[P] = left[P] or {ids = {}, locks = {}, scores = {}}
  return left[P]
end

local function trim_later(P, s)
  trims[P] = trims[P] or {}
  trims[P][s] = true
end

local is_drained = {}  -- queues that these ends have left with nothing ready
local function drained(P)
  if call('LLEN', P .. 'active') > 0 or call('LLEN', P .. 'wait') > 0 then return false end
  if call('EXISTS', P .. 'prioritized') == 1 then return false end
  local lanes = call('HMGET', P .. 's:n', 'w', 'p')
  return tonumber(lanes[1] or 0) <= 0 and tonumber(lanes[2] or 0) <= 0
end

-- Of most runs: an ordinary job that completed. `complete` says the same of any.
local function complete_plain(id, fence, s, value, progress)
  local P = s.P
  local key = P .. id
  local f = call('HMGET', key, 'ats', 'xc', 'xv', 'name')
  local kind = f[4]
  if f[1] ~= fence or not kind then return -1 end
  if f[2] and not s.settled then return -2 end
  if f[3] or call('LREM', P .. 'active', -1, id) == 0 then
    if not (f[3] or s.settled) then return -1 end
    return rest().complete(P, id, fence, s, {value = value, progress = progress})
  end
  if not owned then call('SREM', P .. 'stalled', id) end
  local stream = streams[P] or stream_of(P)
  if progress then
    call('XADD', stream.key, '*', 'event', 'progress', 'jobId', id, 'kind', kind, 'data', progress)
    call('HSET', key, 'finishedOn', now_text, 'returnvalue', value, 'atm', s.attempts, 'progress',
         progress)
    stream.told = stream.told + 1
  else
    call('HSET', key, 'finishedOn', now_text, 'returnvalue', value, 'atm', s.attempts)
  end
  if stream.told < 3 then
    tell(P, 'completed', id, kind, 'returnvalue', value, 'prev', 'active')
  else
    call('XADD', stream.key, '*', 'event', 'completed', 'jobId', id, 'kind', kind, 'returnvalue',
         value, 'prev', 'active')
    stream.told = stream.told + 1
  end
  local l = left[P] or left_of(P)
  local n = #l.ids + 1
  l.ids[n], l.locks[n] = id, key .. ':lock'
  l.plain, l.kind = n, kind
  l.scores[2 * n - 1], l.scores[2 * n] = now_text, id
  if n == slice then do_what_is_left() end
  s.ended = (s.ended or 0) + 1
  return 0
end

-- Retention of the queue's ended jobs; most often nothing has to go.
local function trim_if_due(P, of)
  local key = P .. of.to
  local eldest = call('ZRANGE', key, 0, 0, 'WITHSCORES')[2]
  local too_old = eldest and tonumber(eldest) < now - of.keep_age
  if too_old or call('ZCARD', key) > of.keep_count then
    rest().trim(P, of.to, of.keep_age, of.keep_count)
  end
end

-- Ends by minute are counted if the fleet asks for them: then one of the two hashes is there.
local counts = {}
local function counts_ends(P)
  if counts[P] == nil then
    counts[P] = call('EXISTS', P .. 'metrics:completed', P .. 'metrics:failed') > 0
  end
  return counts[P]
end

local function finish_all()
  local replies, s = {}, nil
  for n = 1, number() do
    local id, fence, shape, value = ARGV[at + 1], ARGV[at + 2], ARGV[at + 3], ARGV[at + 4]
    at = at + 4
    if shape ~= '=' then s = shape_of(shape) end
    if s.plain then
      replies[n] = complete_plain(id, fence, s, value, s.progress and arg())
    else
      local e = {value = value}
      if s.failed then e.message, e.stack = arg(), arg() end
      if s.noted then e.notes = rest().read_notes() end
      if s.progress then e.progress = arg() end
      replies[n] = rest().finish(id, fence, s, e)
    end
  end
  do_what_is_left()
  for _, of in pairs(shapes) do
    if of.ended then
      if counts_ends(of.P) then rest().count_end(of.P, 'completed', of.ended) end
      trim_later(of.P, of)
    end
  end
  for P, some in pairs(trims) do
    for of in pairs(some) do trim_if_due(P, of) end
  end
  for P, one in pairs(last) do
    if drained(P) then
      is_drained[P] = true
      tell(P, 'drained', one[1], one[2])
    end
  end
  if more.write_metrics then more.write_metrics() end
  return replies
end
