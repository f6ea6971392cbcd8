-- What the end of a job does for clients of BullMQ: the payload that was kept for later becomes a
-- job, and the minute is counted.

-- The job no longer stands for its deduplication id; free: nor does its time to live, if it has one.
local function release_dedup(P, j, free)
  local owner = P .. 'de:' .. j.dedup
  if call('GET', owner) ~= j.id then return end
  if free or call('PTTL', owner) == -1 then free_owner(P, j) end
  local kept = P .. 'dn:' .. j.dedup
  local f = call('HMGET', kept, 'name', 'data', 'opts', 'jid', 'pk', 'pd', 'pdk', 'rjk')
  if not f[1] then return end
  local known, opts = pcall(cjson.decode, f[3] or '')
  if not known or type(opts) ~= 'table' then opts = {} end
  local id = f[4] or tostring(next_turn(P))
  call('DEL', kept)
  if call('EXISTS', P .. id) == 1 then return end
  local de = type(opts.de) == 'table' and opts.de or {}
  local ttl = not de.keepLastIfActive and tonumber(de.ttl) or 0
  if ttl > 0 then call('SET', owner, id, 'PX', ttl) else call('SET', owner, id) end
  local more = {'deid', j.dedup}
  for n, field in pairs({[5] = 'parentKey', [6] = 'parent', [8] = 'rjk'}) do
    if f[n] then
      more[#more + 1] = field
      more[#more + 1] = f[n]
    end
  end
  insert_stock(P, {id = id, name = f[1], data = f[2] or '{}', opts = f[3] or '{}', more = more,
                   due = now + (tonumber(opts.delay) or 0), priority = tonumber(opts.priority) or 0,
                   lifo = opts.lifo})
  if f[7] then call('SADD', f[7], P .. id) end
end

local counted = {}
local function count_end(P, state, n)
  if not counts_ends(P) then return end
  counted[P] = counted[P] or {}
  counted[P][state] = (counted[P][state] or 0) + (n or 1)
end

local function write_minutes(key, n)
  local before = call('HINCRBY', key, 'count', n) - n
  local f = call('HMGET', key, 'prevTS', 'prevCount', 'xmax')
  if not f[1] then
    call('HSET', key, 'prevTS', now, 'prevCount', 0)
    return
  end
  local most = tonumber(f[3] or 20160)
  local passed = math.min(math.floor(now / 60000) - math.floor(tonumber(f[1]) / 60000), most)
  if passed <= 0 then return end
  local minutes = {before - tonumber(f[2] or 0)}
  for m = 2, passed do minutes[m] = 0 end
  for m = 1, passed, slice do
    call('LPUSH', key .. ':data', unpack(minutes, m, math.min(m + slice - 1, passed)))
  end
  call('LTRIM', key .. ':data', 0, most - 1)
  call('HSET', key, 'prevTS', now, 'prevCount', before)
end

local function write_metrics()
  for P, c in pairs(counted) do
    for state, n in pairs(c) do write_minutes(P .. 'metrics:' .. state, n) end
  end
end
