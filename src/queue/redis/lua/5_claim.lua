-- Claims of queues, or by workers, of which more is to be known than the order of a list.
local function claim_some()
  local c = read_claim()
  local P, most, ordinary, suspects, run_of = c.P, c.most, c.ordinary, c.suspects, c.run_of

  local settings = call('HMGET', P .. 'meta', 'paused', 'concurrency', 'max', 'duration',
                        'version')
  if settings[5] then
    local major = tonumber(string.match(settings[5], '^bullmq:(%d+)'))
    if major and (major < 5 or (major == 5) ~= fleet5) then return {-1, settings[5]} end
  end
  local extra = call('HMGET', P .. 's:limits', 'ageing', 'each', 'rate_max', 'rate_per')
  local ageing = owned and tonumber(extra[1] or 600000) or 0
  local each = extra[2] and cjson.decode(extra[2]) or nil
  -- Of most queues none of these is there, nor comes while this call goes on.
  local some_extras = call('EXISTS', P .. 's:gl', P .. 's:gp', P .. 's:v', P .. 's:exp', P .. 's:age',
                           P .. 's:s', P .. 'delayed') > 0
  local function extra_there(name)
    return some_extras and call('EXISTS', P .. name) == 1
  end
  local grouped = owned and (each or extra_there('s:gl'))

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

  if some_extras then promote(P) end
  -- What may only end while this call goes on.
  local has_groups = owned and extra_there('s:gp')
  local has_verdicts = owned and extra_there('s:v')
  local expires = extra_there('s:exp')
  local eldest = some_extras and ageing > 0 and
                 tonumber(call('ZRANGE', P .. 's:age', 0, 0, 'WITHSCORES')[2])
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
        rank = rank_of(P, '', turn_of(P, id))
      end
      local other = best_group(level, rank)
      if other then id, priority = other, level end
      if id then break end
    end
    if not id or ageing == 0 or not (has_groups or may_age) then return id end
    -- Only what is ready that long can go before it.
    local ready_at = ready_since(P, id)
    local aged = call('ZRANGEBYSCORE', P .. 's:age', '-inf', ready_at - ageing, 'LIMIT', 0, 100)
    local oldest = call('LINDEX', P .. 'wait', -1)
    if oldest and oldest ~= id and not blocked('') then
      local since = ready_since(P, oldest)
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

  -- `taken`: it is out of its list or set already, where its place was `score`.
  local function start(id, taken, score)
    local key = P .. id
    local plain = taken and plain_fields(key)
    if plain then return start_plain(c, id, key, plain, score) end
    local fields, f = redis.pcall('HGETALL', key), {}
    for n = 1, #fields, 2 do f[fields[n]] = fields[n + 1] end
    if not f.name then  -- a list entry without a job; a key that is somebody else's
      if not taken then
        call('LREM', P .. 'wait', -1, id)
        call('ZREM', P .. 'prioritized', id)
      end
      return nil
    end
    local priority, group, starts, lane = f.priority or '0', f.xg or '', f.ats, f.xl
    if not taken then
      local j = {id = id, priority = tonumber(priority) or 0, group = group, lane = lane}
      if not lane and j.priority > 0 then score = call('ZSCORE', P .. 'prioritized', id) end
      if lane or score or not from_right[id] then
        take_out(P, j)
      else
        call('RPOP', P .. 'wait')
      end
    elseif score and owned then
      c.aged[#c.aged + 1] = id
    end
    if starts or score or run_of ~= '' then
      starts = (tonumber(starts or 0) or 0) + 1
      call('HSET', key, 'processedOn', now_text, 'pb', c.worker, 'ats', starts, 'xi', run_of,
           'progress', '0')
      if score then call('HSET', key, 'xs', score) end
    else
      starts = '1'
      call('HSET', key, 'processedOn', now_text, 'pb', c.worker, 'ats', '1')
    end
    take_lease(c, id, key)
    if f.xn then call('HDEL', key, 'xn') end
    if f.xv then
      call('SADD', P .. 's:va', id)
    else
      count_start(group)
      if owned and group ~= '' then call('HINCRBY', P .. 's:ga', group, 1) end
    end
    say_active(P, id, f.name, priority == '0' and 'waiting' or 'prioritized')
    return {id, starts, fields}
  end

  local jobs, tries, all_taken = {}, 0, false
  -- Nothing but the order of the list and of the set decides: as many as there is room for at once.
  if ordinary and suspects < 2 and not (settings[1] or grouped or has_groups or has_verdicts or
     may_age or extra[3] or (not owned and settings[3])) then
    local room, limit = math.min(most, slice), tonumber(settings[2] or 0) or 0
    if limit > 0 then
      room = math.min(room, limit - (call('LLEN', P .. 'active') - call('SCARD', P .. 's:va')))
    end
    call('LLEN', P .. 'active')  -- a key of another type there fails the call before jobs are taken
    local first = room > 0 and call('RPOP', P .. 'wait', room) or {}
    for _, id in ipairs(first) do jobs[#jobs + 1] = start(id, true) end
    if room > #first then
      local then_ = call('ZPOPMIN', P .. 'prioritized', room - #first)
      for n = 1, #then_, 2 do jobs[#jobs + 1] = start(then_[n], true, then_[n + 1]) end
      all_taken = suspects == 0 and #first + #then_ / 2 < room
    end
    book_started(c, expires)
  end
  while not all_taken and #jobs < most and tries < most + slice do
    tries = tries + 1
    local id, alone = pick(#jobs == 0)
    if not id then break end
    jobs[#jobs + 1] = start(id)
    book_started(c, expires)
    if alone then break end
  end
  if #jobs > 0 and not all_taken and
     (call('LLEN', P .. 'wait') > 0 or call('EXISTS', P .. 'prioritized') == 1) then
    mark(P)
  end
  if not some_extras then return {0, 0, jobs} end
  local next_due = call('ZRANGE', P .. 'delayed', 0, 0, 'WITHSCORES')
  local due_at = next_due[2] and math.floor(tonumber(next_due[2]) / 4096) or 0
  return {call('ZCARD', P .. 's:s'), due_at, jobs}
end
more.claim_some = claim_some
