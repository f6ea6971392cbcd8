-- parts: base state place stock flow
-- For clean and obliterate. look: queue states(n) newest(ms) limit → ids and states of jobs that are
-- in these states since then, but for the next runs of schedulers; all: with these. remove: queue, and id and state of each → how many went.
local P, what = lane_of(arg()), arg()
if what == 'remove' then
  local gone, loud = 0, arg() == '1'
  for _ = 1, number() do
    local id, state = arg(), arg()
    if state_of(P, id) == state then
      if loud then tell(P, 'removed', id, call('HGET', P .. id, 'name'), 'prev', state) end
      remove_job(P, id, state, 'removed', 'removed')
      gone = gone + 1
    end
  end
  return gone
end
local states = {}
for n = 1, number() do states[n] = arg() end
local newest, limit, found = number(), number(), {}

local function take(some, state, old)
  for _, id in ipairs(some) do
    if #found >= 2 * limit then return end
    local since = old and 0 or tonumber(call('HGET', P .. id, 'timestamp') or 0)
    if since <= newest and (what == 'all' or old or not is_next_run(P, id)) then
      found[#found + 1] = id
      found[#found + 1] = state
    end
  end
end

local function lanes(has_priority, state)
  local rows = {'s:v', 's:s'}
  for _, level in ipairs(call('ZRANGE', P .. 's:gp', 0, -1)) do
    for _, group in ipairs(call('ZRANGE', P .. 's:g:' .. level, 0, -1)) do
      rows[#rows + 1] = 's:r:' .. level .. ':' .. group
    end
  end
  for _, row in ipairs(rows) do
    for _, id in ipairs(call('ZRANGE', P .. row, 0, limit)) do
      if (tonumber(call('HGET', P .. id, 'priority') or 0) > 0) == has_priority then
        take({id}, state)
      end
    end
  end
end

for _, state in ipairs(states) do
  if ended_states[state] then
    take(call('ZRANGEBYSCORE', P .. state, '-inf', newest, 'LIMIT', 0, limit), state, true)
  elseif state == 'waiting' then
    for _, key in ipairs({'wait', 'paused'}) do
      local some = call('LRANGE', P .. key, -limit, -1)
      for n = #some, 1, -1 do take({some[n]}, state) end
    end
    lanes(false, state)
  elseif state == 'active' then
    take(call('LRANGE', P .. 'active', 0, limit - 1), state)
  else
    take(call('ZRANGE', P .. state, 0, limit - 1), state)
    if state == 'prioritized' then lanes(true, state) end
  end
end
return found
