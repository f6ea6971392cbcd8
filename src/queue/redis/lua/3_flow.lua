-- What the end of a job means for those that wait for it, and how a job leaves.
local function parent_of(P, id)
  local f = call('HMGET', P .. id, 'xq', 'xk', 'parent')
  if f[1] and f[2] then return lane_of(f[1]), f[2] end
  if not f[3] then return nil end
  local known, parent = pcall(cjson.decode, f[3])
  if known and parent.queueKey and parent.id then return parent.queueKey .. ':', parent.id end
end

-- What a child's failure does, as the stock options say it.
local function stock_policy(P, id)
  local known, opts = pcall(cjson.decode, call('HGET', P .. id, 'opts') or '{}')
  if not known then return 'hold' end
  if opts.fpof then return 'fail' end
  if opts.cpof then return 'proceed' end
  if opts.idof or opts.rdof then return 'ignore' end
  return 'hold'
end

-- Whether a job of the queue may have more keys than its hash and its log: it is or was somebody's
-- parent, or a client of BullMQ has added it.
local sides = {}
local function has_sides(P)
  if sides[P] == nil then sides[P] = not owned or call('EXISTS', P .. 's:side') == 1 end
  return sides[P]
end

local function give_sides(P)
  if has_sides(P) then return end
  call('SET', P .. 's:side', 1)
  sides[P] = true
end

-- Nobody runs them: they have no locks.
local side_keys = {':dependencies', ':processed', ':failed', ':unsuccessful', ':kids', ':kid'}
local function forget_all(P, ids)
  local keys, sides_too = {}, has_sides(P)
  for _, id in ipairs(ids) do
    local key, n = P .. id, #keys
    keys[n + 1], keys[n + 2] = key, key .. ':logs'
    if sides_too then
      for i, name in ipairs(side_keys) do keys[n + 2 + i] = key .. name end
    end
    if n > slice then
      call('DEL', unpack(keys))
      keys = {}
    end
  end
  if #keys > 0 then call('DEL', unpack(keys)) end
end

local function forget(P, id)
  forget_all(P, {id})
end

local function children_left(P, id)
  return call('SCARD', P .. id .. ':dependencies')
end

local function look_at_children(P, id)
  if not call('ZSCORE', P .. 'waiting-children', id) then return end
  local j = load(P, id)
  local more = call('HMGET', P .. id, 'xn', 'xd')
  if not (j.verdict or more[1] or j.cancelled or children_left(P, id) == 0) then return end
  call('ZREM', P .. 'waiting-children', id)
  local run_at = tonumber(more[2] or 0)
  if not j.verdict and run_at > now then
    make_delayed(P, j, run_at)
    tell(P, 'delayed', id, j.kind, 'delay', run_at)
    return
  end
  make_ready(P, j, false)
  tell(P, 'waiting', id, j.kind, 'prev', 'waiting-children')
end

-- how: state, result, error (JSON), message, removed, ended (it had ended before it was removed)
local function child_ended(P, id, how)
  local PP, pid = parent_of(P, id)
  if not PP or call('EXISTS', PP .. pid) == 0 then return end
  if call('ZSCORE', PP .. 'completed', pid) or call('ZSCORE', PP .. 'failed', pid) then return end
  local key, kid = P .. id, PP .. pid .. ':kid'
  give_sides(PP)
  local policy = call('HGET', kid, key .. '|f') or stock_policy(P, id)
  local open = call('SISMEMBER', PP .. pid .. ':dependencies', key) == 1
  local done = not open
  if how.removed and how.ended then
    done = true
  else
    call('HSET', kid, key .. '|s', how.state, key .. '|r', how.result or '', key .. '|e',
         how.error or '')
    if how.state == 'completed' then
      done = true
      call('HSET', PP .. pid .. ':processed', key, how.result)
    else
      done = done or how.removed or policy ~= 'hold'
      if policy == 'ignore' then call('HSET', PP .. pid .. ':failed', key, how.message) end
      if policy == 'proceed' then call('HSET', PP .. pid, 'xn', 1) end
    end
  end
  if done then call('SREM', PP .. pid .. ':dependencies', key) end
  if open and policy == 'fail' and how.state == 'failed' and not (how.removed and how.ended) then
    local verdict = verdict_of('child_failed', 'child ' .. id .. ': ' .. how.message)
    call('HSET', PP .. pid, 'xv', verdict)
    local state = state_of(PP, pid)
    if state == 'waiting' or state == 'prioritized' or state == 'delayed' then
      local j = load(PP, pid)
      if state == 'delayed' then tell(PP, 'waiting', pid, j.kind, 'prev', 'delayed') end
      take_out(PP, j)
      make_ready(PP, j, state ~= 'delayed')
    end
  end
  look_at_children(PP, pid)
end

local function free_owner(P, j)
  if call('GET', P .. 'de:' .. j.dedup) ~= j.id then return false end
  call('DEL', P .. 'de:' .. j.dedup)
  call('HDEL', P .. 's:de', j.dedup)
  return true
end

-- The job leaves without a trace; why: code and message of one that had not ended.
local function remove_job(P, id, state, code, message)
  local j = load(P, id)
  if j.arrival == 0 then give_sides(P) end
  if ended_states[state] then
    call('ZREM', P .. state, id)
  elseif state == 'waiting-children' then
    call('ZREM', P .. 'waiting-children', id)
  elseif state == 'active' then
    call('LREM', P .. 'active', -1, id)
    call('ZREM', P .. 's:leases', id)
    call('DEL', P .. id .. ':lock')
  else
    take_out(P, j)
  end
  call('ZREM', P .. 's:exp', id)
  if j.dedup and free_owner(P, j) then call('DEL', P .. 'dn:' .. j.dedup) end
  local ended = ended_states[state]
  child_ended(P, id, {state = 'failed', error = verdict_of(code, message), message = message,
                      removed = true, ended = ended})
  forget(P, id)
end

local function trim(P, state, age_ms, count)
  local key = P .. state
  local old = call('ZRANGEBYSCORE', key, 0, '(' .. (now - age_ms), 'LIMIT', 0, slice)
  if #old > 0 then
    call('ZREM', key, unpack(old))
    forget_all(P, old)
  end
  local beyond = math.min(call('ZCARD', key) - count, slice)
  if beyond <= 0 then return end
  local first = call('ZRANGE', key, 0, beyond - 1)
  call('ZREMRANGEBYRANK', key, 0, beyond - 1)
  forget_all(P, first)
end
