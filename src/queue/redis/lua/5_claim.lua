-- Arguments: queue max worker lease-ms token run-of ordinary(0/1) suspects(0 none, 1 if nothing else,
-- 2 at once). Replies how many suspects wait, when the next delayed job is due, and the jobs.
local function claim_some()
  local queue, most, worker, lease_ms = arg(), number(), arg(), number()
  local token, run_of, ordinary, suspects = arg(), arg(), arg() == '1', number()
  local P = lane_of(queue)

  local settings = call('HMGET', P .. 'meta', 'paused', 'concurrency', 'max', 'duration')
  local extra = call('HMGET', P .. 's:limits', 'ageing', 'each', 'rate_max', 'rate_per')
  local ageing = owned and tonumber(extra[1] or 600000) or 0
  local each = extra[2] and cjson.decode(extra[2]) or nil
  local grouped = owned and (each or call('EXISTS', P .. 's:gl') == 1)

  -- Starts of the window that still count, oldest first, are in the list.
  local function spent(key, limit_max, per)
    if not limit_max then return false end
    local nth = call('LINDEX', key, -tonumber(limit_max))
    return nth and tonumber(nth) > now - tonumber(per)
  end

  local function book(key, limit_max)
    if not limit_max then return end
    call('RPUSH', key, now)
    call('LTRIM', key, -tonumber(limit_max), -1)
  end

  local function limits_of(group)
    local own = call('HGET', P .. 's:gl', group)
    return own and cjson.decode(own) or each
  end

  local function active_of(group)
    if group ~= '' then return tonumber(call('HGET', P .. 's:ga', group) or 0) end
    local others = 0
    for _, n in ipairs(call('HVALS', P .. 's:ga')) do others = others + tonumber(n) end
    return call('LLEN', P .. 'active') - call('SCARD', P .. 's:va') - others
  end

  local function blocked(group)
    if not grouped then return false end
    local l = limits_of(group)
    if not l then return false end
    if l.concurrency and l.concurrency > 0 and active_of(group) >= l.concurrency then return true end
    return l.max and spent(P .. 's:rg:' .. group, l.max, l.per)
  end

  local function head_of_row(priority, group)
    local head = call('ZRANGE', P .. 's:r:' .. priority .. ':' .. group, 0, 0, 'WITHSCORES')
    return head[1], tonumber(head[2])
  end

  -- The best of the groups that wait at a priority: id, rank, and whether it beats `best`.
  local function best_group(priority, best)
    local found
    local some = call('ZRANGE', P .. 's:g:' .. priority, 0, slice - 1, 'WITHSCORES')
    for n = 1, #some, 2 do
      if best and tonumber(some[n + 1]) >= best then break end
      if not blocked(some[n]) then
        local id, turn = head_of_row(priority, some[n])
        local rank = rank_of(P, some[n], turn)
        if rank > tonumber(some[n + 1]) then call('ZADD', P .. 's:g:' .. priority, rank, some[n]) end
        if not best or rank < best then best, found = rank, id end
      end
    end
    return found
  end

  local from_right = {}  -- the job that was seen last at the end of the list
  local function stock_head()
    local id = call('LINDEX', P .. 'wait', -1)
    if id then
      from_right = {[id] = true}
      return id, 0
    end
    local first = call('ZRANGE', P .. 'prioritized', 0, 0, 'WITHSCORES')
    if first[1] then return first[1], math.floor(tonumber(first[2]) / two32) end
  end

  promote(P)
  -- What may only end while this call goes on.
  local has_groups = owned and call('EXISTS', P .. 's:gp') == 1
  local has_verdicts = owned and call('EXISTS', P .. 's:v') == 1
  local expires = call('EXISTS', P .. 's:exp') == 1
  local eldest = ageing > 0 and tonumber(call('ZRANGE', P .. 's:age', 0, 0, 'WITHSCORES')[2])
  local may_age = eldest and eldest <= now - ageing

  local function pick_by_turn()
    local id, priority
    if not blocked('') then id, priority = stock_head() end
    local groups = has_groups and call('ZRANGE', P .. 's:gp', 0, slice - 1) or {}
    for _, level in ipairs(groups) do
      level = tonumber(level)
      if id and level > priority then break end
      local rank
      if id and level == priority then
        rank = rank_of(P, '', tonumber(call('HGET', P .. id, 'xt') or 0))
      end
      local other = best_group(level, rank)
      if other then id, priority = other, level end
      if id then break end
    end
    if not id or ageing == 0 or not (has_groups or may_age) then return id end
    -- Only what is ready that long can go before it.
    local ready_at = tonumber(call('HGET', P .. id, 'xr') or 0)
    local aged = call('ZRANGEBYSCORE', P .. 's:age', '-inf', ready_at - ageing, 'LIMIT', 0, 100)
    local oldest = call('LINDEX', P .. 'wait', -1)
    if oldest and oldest ~= id and not blocked('') then
      local since = tonumber(call('HGET', P .. oldest, 'xr') or 0)
      local first = aged[1] and tonumber(call('ZSCORE', P .. 's:age', aged[1]))
      if since > 0 and since <= ready_at - ageing and (not first or since < first) then
        return oldest
      end
    end
    for _, old in ipairs(aged) do
      local f = call('HMGET', P .. old, 'xl', 'xg')
      if (f[1] == 'g' or not f[1]) and not blocked(f[1] and f[2] or '') then return old end
    end
    return id
  end

  local function pick(first)
    if settings[1] then return nil end
    if has_verdicts then
      local condemned = call('ZRANGE', P .. 's:v', 0, 0)
      if condemned[1] then return condemned[1] end
    end
    local limit = tonumber(settings[2] or 0) or 0
    if limit > 0 and call('LLEN', P .. 'active') - call('SCARD', P .. 's:va') >= limit then
      return nil
    end
    if spent(P .. 's:rate', extra[3], extra[4]) then return nil end
    if not owned and settings[3] and
       tonumber(call('GET', P .. 'limiter') or 0) >= tonumber(settings[3]) then
      return nil
    end
    local turn = pick_by_turn()
    if first and (suspects == 2 or (suspects == 1 and not turn)) then
      for _, id in ipairs(call('ZRANGE', P .. 's:s', 0, slice - 1)) do
        if not blocked(call('HGET', P .. id, 'xg') or '') then return id, true end
      end
    end
    return ordinary and turn or nil
  end

  local wanted = {'name', 'data', 'xo', 'opts', 'priority', 'atm', 'timestamp', 'xr', 'xu', 'xg',
                  'xv', 'xp', 'stc', 'defa', 'deid', 'xw', 'ats', 'delay', 'xa'}

  local function count_start(group)
    book(P .. 's:rate', extra[3])
    if owned and (group ~= '' or has_groups) then
      call('HSET', P .. 's:starts', group, next_turn(P))
    end
    local l = grouped and limits_of(group)
    if l and l.max then book(P .. 's:rg:' .. group, l.max) end
    if not owned and settings[3] and call('INCR', P .. 'limiter') == 1 then
      call('PEXPIRE', P .. 'limiter', settings[4])
    end
  end

  local function start(id)
    local j = load(P, id)
    if not j then  -- a list entry without a job
      call('LREM', P .. 'wait', -1, id)
      call('ZREM', P .. 'prioritized', id)
      return nil
    end
    local score
    if not j.lane and j.priority > 0 then score = call('ZSCORE', P .. 'prioritized', id) end
    if j.lane or score or not from_right[id] then
      take_out(P, j)
    else
      call('RPOP', P .. 'wait')
    end
    if score then call('HSET', P .. id, 'xs', score) end
    call('LPUSH', P .. 'active', id)
    call('ZADD', P .. 's:leases', now + lease_ms, id)
    call('SET', P .. id .. ':lock', token, 'PX', lease_ms)
    call('HSET', P .. id, 'processedOn', now, 'pb', worker, 'ats', j.starts + 1, 'xi', run_of,
         'progress', '0')
    if j.proceeds then call('HDEL', P .. id, 'xn') end
    if expires then call('ZREM', P .. 's:exp', id) end
    if j.verdict then
      call('SADD', P .. 's:va', id)
    else
      count_start(j.group)
      if owned and j.group ~= '' then call('HINCRBY', P .. 's:ga', j.group, 1) end
    end
    tell(P, 'active', id, j.kind, 'prev', ready_state(j.priority))
    local job = call('HMGET', P .. id, unpack(wanted))
    job[#wanted + 1] = id
    return job
  end

  local jobs, tries = {}, 0
  while #jobs < most and tries < most + slice do
    tries = tries + 1
    local id, alone = pick(#jobs == 0)
    if not id then break end
    jobs[#jobs + 1] = start(id)
    if alone then break end
  end
  if #jobs > 0 and (call('LLEN', P .. 'wait') > 0 or call('EXISTS', P .. 'prioritized') == 1) then
    mark(P)
  end
  local next_due = call('ZRANGE', P .. 'delayed', 0, 0, 'WITHSCORES')
  local due_at = next_due[2] and math.floor(tonumber(next_due[2]) / 4096) or 0
  return {call('ZCARD', P .. 's:s'), due_at, jobs}
end
