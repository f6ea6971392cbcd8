-- Arguments: queue max worker lease-ms token run-of ordinary(0/1) suspects(0 none, 1 if nothing else,
-- 2 at once). Replies how many suspects wait, when the next delayed job is due, and of each job its
-- id, its start and its fields as they were before it, or, of a job of this program that starts for
-- the first time and has no field that it could do without, its id, its start, its name, its data,
-- the time of its add, its priority, its user and its options; or -1 and the version of a fleet
-- whose layout is another.
local function read_claim()
  local c = {queue = arg(), most = number(), worker = arg(), lease_text = arg(), token = arg(),
             run_of = arg(), ordinary = arg() == '1', suspects = number(), active = {},
             leases = {}, locks = {}, aged = {}}
  c.P = lane_of(c.queue)
  c.lease_end = string.format('%.0f', now + tonumber(c.lease_text))
  return c, math.min(c.most, slice)
end

-- What is written for all that a call starts; c: P worker run_of token lease_text lease_end.
local function book_started(c, expires)
  local active = c.active
  if #active == 0 then return end
  call('LPUSH', c.P .. 'active', unpack(active))
  call('ZADD', c.P .. 's:leases', unpack(c.leases))
  if owned then call('MSET', unpack(c.locks)) end
  if expires then call('ZREM', c.P .. 's:exp', unpack(active)) end
  if #c.aged > 0 then call('ZREM', c.P .. 's:age', unpack(c.aged)) end
  c.active, c.leases, c.locks, c.aged = {}, {}, {}, {}
end

local function say_active(P, id, kind, prev)
  local stream = stream_of(P)
  if stream.told == 0 then return tell(P, 'active', id, kind, 'prev', prev) end
  stream.told = stream.told + 1
  call('XADD', stream.key, '*', 'event', 'active', 'jobId', id, 'kind', kind, 'prev', prev)
end

local function take_lease(c, id, key)
  local n = #c.active + 1
  c.active[n] = id
  c.leases[2 * n - 1], c.leases[2 * n] = c.lease_end, id
  if owned then
    c.locks[2 * n - 1], c.locks[2 * n] = key .. ':lock', c.token
  else
    call('SET', key .. ':lock', c.token, 'PX', c.lease_text)
  end
end

-- A job with the seven fields of every job of ours, perhaps a user and options, and no more has
-- nothing else to be asked for: its fields.
local function plain_fields(key)
  local size = redis.pcall('HLEN', key)
  if not (size == 7 or size == 8 or size == 9) then return nil end
  local f = call('HMGET', key, 'name', 'data', 'timestamp', 'xa', 'xu', 'xo')
  if not (f[1] and f[4]) then return nil end
  if size ~= 7 + (f[5] and 1 or 0) + (f[6] and 1 or 0) then return nil end
  return f
end

-- `score`: its place among those with a priority.
local function start_plain(c, id, key, f, score)
  if score then
    call('HSET', key, 'processedOn', now_text, 'pb', c.worker, 'ats', '1', 'xi', c.run_of, 'xs',
         score)
    if owned then c.aged[#c.aged + 1] = id end
  elseif c.run_of ~= '' then
    call('HSET', key, 'processedOn', now_text, 'pb', c.worker, 'ats', '1', 'xi', c.run_of)
  else
    call('HSET', key, 'processedOn', now_text, 'pb', c.worker, 'ats', '1')
  end
  take_lease(c, id, key)
  say_active(c.P, id, f[1], score and 'prioritized' or 'waiting')
  local priority = score and math.floor(tonumber(score) / two32) or '0'
  return {id, '1', f[1], f[2], f[3], priority, f[5] or '', f[6] or ''}
end

-- Of most queues and claims: nothing but the order of the list decides, and all that it holds are
-- plain jobs. Nothing, and nothing is written, where that is not so; `empty`: no job is ready.
local function claim_plain(empty)
  local c, most = read_claim()
  local P = c.P
  if not owned or not c.ordinary or c.suspects > 1 then return nil end
  -- Of most queues none of these is there, nor comes while this call goes on.
  if call('EXISTS', P .. 's:limits', P .. 's:gl', P .. 's:gp', P .. 's:v', P .. 's:exp',
          P .. 's:age', P .. 's:s', P .. 'delayed', P .. 'prioritized') > 0 then
    return nil
  end
  if empty then return {0, 0, {}} end
  local meta = call('HMGET', P .. 'meta', 'paused', 'concurrency', 'version')
  if meta[1] or meta[2] or meta[3] then return nil end
  local ids = call('LRANGE', P .. 'wait', -most, -1)
  local keys, fields = {}, {}
  for n, id in ipairs(ids) do
    keys[n] = P .. id
    if fields[id] then return nil end  -- it stands there twice
    fields[id] = plain_fields(keys[n])
    if not fields[id] then return nil end
  end
  local jobs, count = {}, #ids
  if count == 0 then return {0, 0, jobs} end
  call('LLEN', P .. 'active')  -- a key of another type there fails the call before jobs are taken
  call('RPOP', P .. 'wait', count)
  for n = count, 1, -1 do
    jobs[#jobs + 1] = start_plain(c, ids[n], keys[n], fields[ids[n]])
  end
  book_started(c, false)
  if count == most and call('EXISTS', P .. 'wait') == 1 then call('ZADD', P .. 'marker', 0, '0') end
  return {0, 0, jobs}
end

local function claim_all(empty)
  local from = at
  local claimed = claim_plain(empty)
  if claimed then return claimed end
  at = from
  return rest().claim_some()
end
