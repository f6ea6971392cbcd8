-- What is known of a job and of its queue.
-- The queue's name, from the beginning of its keys.
local function queue_of(P)
  return string.sub(P, #base + 1, -2)
end

local function ready_state(priority)
  return priority == 0 and 'waiting' or 'prioritized'
end

-- Jobs that a fleet of version 5 had put aside wait again, or (aside) those that still wait are put
-- there too; in their order, a bounded part at a time: how many.
local function merge_paused(P, aside)
  local from, to, side, other = P .. 'paused', P .. 'wait', 'LEFT', 'RIGHT'
  if aside then from, to, side, other = to, from, other, side end
  local moved = 0
  while moved < slice and call('LMOVE', from, to, side, other) do moved = moved + 1 end
  return moved
end

local function mark_delayed(P)
  local first = call('ZRANGE', P .. 'delayed', 0, 0, 'WITHSCORES')
  if first[2] then
    call('ZADD', P .. 'marker', math.floor(tonumber(first[2]) / 4096), '1')
  else
    call('ZREM', P .. 'marker', '1')
  end
end

-- A job has a turn and a time of its own once they differ from those of its arrival.
local function turn_of(P, id)
  local f = call('HMGET', P .. id, 'xt', 'xa')
  return tonumber(f[1] or f[2] or 0)
end

local function ready_since(P, id)
  local f = call('HMGET', P .. id, 'xr', 'timestamp')
  return tonumber(f[1] or f[2] or 0) or 0
end

-- What the placing of a job depends on; nothing if there is no such job.
local function load(P, id)
  local f = call('HMGET', P .. id, 'name', 'priority', 'xg', 'xt', 'xs', 'stc', 'xv', 'xc', 'xr',
                 'ats', 'xa', 'xl', 'deid', 'defa', 'failedReason',
                 'parentKey', 'xn', 'timestamp')
  if not f[1] then return nil end
  return {id = id, kind = f[1], priority = tonumber(f[2] or 0) or 0, group = f[3] or '',
          turn = tonumber(f[4] or f[11] or 0), score = tonumber(f[5] or nil), stalls = tonumber(f[6] or 0),
          verdict = f[7], cancelled = f[8], ready_at = tonumber(f[9] or f[18] or 0) or 0,
          starts = tonumber(f[10] or 0), arrival = tonumber(f[11] or 0), lane = f[12],
          dedup = f[13], deferred = f[14], failed_before = f[15], has_parent = f[16],
          proceeds = f[17]}
end

local function state_of(P, id)
  local f = call('HMGET', P .. id, 'name', 'xl', 'priority')
  if not f[1] then return nil end
  if f[2] then return ready_state(tonumber(f[3]) or 0) end
  if call('ZSCORE', P .. 'completed', id) then return 'completed' end
  if call('ZSCORE', P .. 'failed', id) then return 'failed' end
  if call('ZSCORE', P .. 'delayed', id) then return 'delayed' end
  if call('ZSCORE', P .. 'waiting-children', id) then return 'waiting-children' end
  if call('ZSCORE', P .. 'prioritized', id) then return 'prioritized' end
  if call('ZSCORE', P .. 's:leases', id) or call('LPOS', P .. 'active', id) then return 'active' end
  return 'waiting'
end

-- Whether the run with this fence still has the job.
local function holds(P, id, fence)
  return call('ZSCORE', P .. 's:leases', id) and call('HGET', P .. id, 'ats') == fence
end

local function verdict_of(code, message)
  return cjson.encode({code = code, message = message, retryable = false})
end
