-- parts: base state place
-- Arguments: queue, run-of, how often jobs of stock workers may stall. Jobs whose lease ran out wait again at their old place; with a run-of,
-- all that the process of this name had started, and the whole sweep is for it. Replies the fields
-- of each job as they were.
local P, run_of, stalls_max = lane_of(arg()), arg(), number()
promote(P)
-- Left by a resume that was broken off, or by a fleet of version 5.
if call('EXISTS', P .. 'paused') == 1 and not (fleet5 and is_paused(P)) and
   merge_paused(P, false) > 0 then
  mark(P)
end
local ids
if run_of == '' then
  ids = call('ZRANGEBYSCORE', P .. 's:leases', '-inf', now, 'LIMIT', 0, slice)
else
  ids = {}
  local all = call('LRANGE', P .. 'active', 0, -1)
  for n = #all, 1, -1 do
    if call('HGET', P .. all[n], 'xi') == run_of then ids[#ids + 1] = all[n] end
  end
end
-- A stock worker that has taken the job since then holds it by a lock of its own.
local function is_theirs(id)
  local lock = not owned and call('GET', P .. id .. ':lock')
  return lock and string.sub(lock, 1, 6) ~= 'son1k:'
end

local told = {}
local function lost(id)
  local j = load(P, id)
  if not j then return end
  if call('SREM', P .. 's:va', id) == 0 and owned and j.group ~= '' then
    call('HINCRBY', P .. 's:ga', j.group, -1)
  end
  j.stalls = call('HINCRBY', P .. id, 'stc', 1)
  make_ready(P, j, true)
  tell(P, 'stalled', id, j.kind)
  tell(P, 'waiting', id, j.kind, 'prev', 'active')
  told[#told + 1] = {id, call('HGETALL', P .. id)}
end

for _, id in ipairs(ids) do
  call('ZREM', P .. 's:leases', id)
  if not is_theirs(id) and call('LREM', P .. 'active', -1, id) == 1 then
    call('DEL', P .. id .. ':lock')
    call('SREM', P .. 'stalled', id)
    lost(id)
  end
end

-- Jobs that stock workers run: without a lock since the last sweep they have stalled. One sweep an
-- interval, whoever does it; ours is shorter than theirs, which their locks allow.
local function sweep_stock()
  for _, id in ipairs(call('SRANDMEMBER', P .. 'stalled', slice)) do
    call('SREM', P .. 'stalled', id)
    if call('EXISTS', P .. id .. ':lock') == 0 and call('LREM', P .. 'active', -1, id) > 0 then
      call('ZREM', P .. 's:leases', id)
      local j = load(P, id)
      if j then
        if call('HINCRBY', P .. id, 'stc', 1) > stalls_max then
          call('HSET', P .. id, 'defa', 'job stalled more than allowable limit')
        end
        call('RPUSH', list_of(P), id)
        mark(P)
        tell(P, 'stalled', id, j.kind)
        tell(P, 'waiting', id, j.kind, 'prev', 'active')
      end
    end
  end
  for _, id in ipairs(call('LRANGE', P .. 'active', 0, slice - 1)) do
    if not call('ZSCORE', P .. 's:leases', id) then call('SADD', P .. 'stalled', id) end
  end
end
if not owned and run_of == '' and
   call('SET', P .. 'stalled-check', string.format('%.0f', now), 'PX', 5000, 'NX') then
  sweep_stock()
end
return told
