-- Where ready and delayed jobs stand. Jobs without a group stand where stock clients look for them;
-- on a queue that is not shared with such, side lanes hold what has an order of its own: v verdicts,
-- s suspects, g rows of groups.
local function rank_of(P, group, turn)
  if turn <= 0 then return turn end
  return math.max(turn, tonumber(call('HGET', P .. 's:starts', group) or 0))
end

local function row_key(P, j)
  return P .. 's:r:' .. j.priority .. ':' .. j.group
end

local function rank_row(P, j)
  local head = call('ZRANGE', row_key(P, j), 0, 0, 'WITHSCORES')
  local groups = P .. 's:g:' .. j.priority
  if head[1] then
    call('ZADD', groups, rank_of(P, j.group, tonumber(head[2])), j.group)
    call('ZADD', P .. 's:gp', j.priority, j.priority)
  else
    call('ZREM', groups, j.group)
    if call('EXISTS', groups) == 0 then call('ZREM', P .. 's:gp', j.priority) end
  end
end

local function lane_of_job(j)
  if not owned then return nil end
  if j.verdict then return 'v' end
  if j.stalls >= 2 then return 's' end
  if j.group ~= '' then return 'g' end
end

-- Into the list at the place that its turn gives it: only jobs that came back stand before it.
local function list_insert(list, P, j)
  local passed = {}
  while #passed < slice do
    local last = call('LINDEX', list, -1)
    if not last then break end
    if turn_of(P, last) > j.turn then break end
    passed[#passed + 1] = call('RPOP', list)
  end
  call('RPUSH', list, j.id)
  for n = #passed, 1, -1 do call('RPUSH', list, passed[n]) end
end

local function place(P, j, old)
  j.lane = lane_of_job(j)
  if owned and (j.lane or j.priority > 0) then call('ZADD', P .. 's:age', j.ready_at, j.id) end
  if j.lane then
    call('HSET', P .. j.id, 'xl', j.lane)
    call('HINCRBY', P .. 's:n', j.priority == 0 and 'w' or 'p', 1)
    if j.lane == 'v' then
      call('ZADD', P .. 's:v', j.arrival, j.id)
    elseif j.lane == 's' then
      call('ZADD', P .. 's:s', j.stalls * 2 ^ 42 + j.turn, j.id)
    else
      call('ZADD', row_key(P, j), j.turn, j.id)
      rank_row(P, j)
    end
  elseif j.verdict then
    call('RPUSH', list_of(P), j.id)
  elseif j.priority > 0 then
    local score = old and j.score
    if not score then
      score = j.priority * two32 + (j.turn <= 0 and 0 or call('INCR', P .. 'pc') % two32)
    end
    call('ZADD', P .. 'prioritized', score, j.id)
  elseif old then
    list_insert(list_of(P), P, j)
  else
    call('LPUSH', list_of(P), j.id)
  end
  mark(P)
end

-- Ready from now on, or again at its old place.
local function make_ready(P, j, old, ready_at)
  if not old then
    j.turn, j.score = next_turn(P), nil
    j.ready_at = ready_at or now
    call('HSET', P .. j.id, 'xt', j.turn, 'xr', j.ready_at)
    call('HDEL', P .. j.id, 'xs')
  end
  if not j.verdict and j.cancelled then j.verdict = verdict_of('cancelled', 'cancelled') end
  if not j.verdict and j.stalls >= 5 then
    j.verdict = verdict_of('stalled', 'its worker died again and again while it ran')
  end
  if j.verdict then
    call('HSET', P .. j.id, 'xv', j.verdict)
    if not owned then call('HSET', P .. j.id, 'defa', cjson.decode(j.verdict).message) end
  end
  place(P, j, old)
end

local function make_delayed(P, j, run_at)
  local low = run_at * 4096
  local top = call('ZREVRANGEBYSCORE', P .. 'delayed', low + 4095, low, 'WITHSCORES', 'LIMIT', 0, 1)
  local score = low
  if top[2] then score = math.min(tonumber(top[2]) + 1, low + 4095) end
  call('ZADD', P .. 'delayed', string.format('%.0f', score), j.id)
  mark_delayed(P)
end

-- Out of where it is ready or delayed.
local function take_out(P, j)
  if owned then call('ZREM', P .. 's:age', j.id) end
  if j.lane then
    call('HDEL', P .. j.id, 'xl')
    call('HINCRBY', P .. 's:n', j.priority == 0 and 'w' or 'p', -1)
    if j.lane == 'v' then
      call('ZREM', P .. 's:v', j.id)
    elseif j.lane == 's' then
      call('ZREM', P .. 's:s', j.id)
    else
      call('ZREM', row_key(P, j), j.id)
      rank_row(P, j)
    end
    j.lane = nil
  elseif call('ZREM', P .. 'delayed', j.id) == 0 and call('ZREM', P .. 'prioritized', j.id) == 0 then
    if call('LREM', P .. 'wait', 1, j.id) == 0 and fleet5 then
      call('LREM', P .. 'paused', 1, j.id)
    end
  end
end

-- Delayed jobs whose time has come, and those that waited longer than they may.
local function promote(P)
  local due = call('ZRANGEBYSCORE', P .. 'delayed', 0, string.format('%.0f', now * 4096 + 4095),
                   'WITHSCORES', 'LIMIT', 0, slice)
  for n = 1, #due, 2 do
    local j = load(P, due[n])
    call('ZREM', P .. 'delayed', due[n])
    if j then
      make_ready(P, j, false, math.min(math.floor(tonumber(due[n + 1]) / 4096), now))
      call('HSET', P .. j.id, 'delay', 0)
      tell(P, 'waiting', j.id, j.kind, 'prev', 'delayed')
    end
  end
  if #due > 0 then mark_delayed(P) end
  for _, id in ipairs(call('ZRANGEBYSCORE', P .. 's:exp', 0, now, 'LIMIT', 0, slice)) do
    call('ZREM', P .. 's:exp', id)
    local j = load(P, id)
    local state = j and state_of(P, id)
    if j and j.starts == 0 and not j.verdict and
       (state == 'delayed' or state == 'waiting' or state == 'prioritized') then
      take_out(P, j)
      j.verdict = verdict_of('expired', 'it waited longer than it may')
      make_ready(P, j, state ~= 'delayed')
      if state == 'delayed' then tell(P, 'waiting', id, j.kind, 'prev', 'delayed') end
    end
  end
end
