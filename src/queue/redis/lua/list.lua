-- parts: base state
-- The ids of a page: queue state offset limit; one more than the page shows that there is another.
local P, state, offset, limit = lane_of(arg()), arg(), number(), number()
local ids = {}

local function take(some)
  for _, id in ipairs(some) do
    if #ids <= limit then ids[#ids + 1] = id end
  end
end

-- A list whose first job stands on the right.
local function from_right(key)
  local size = call('LLEN', key)
  local from = math.min(offset, size)
  if from < size then
    local some = call('LRANGE', key, -(from + limit + 1), -(from + 1))
    for n = #some, 1, -1 do take({some[n]}) end
  end
  offset = math.max(offset - size, 0)
end

local function from_set(key, reverse)
  local size = call('ZCARD', key)
  if offset < size then
    take(call(reverse and 'ZREVRANGE' or 'ZRANGE', key, offset, offset + limit))
  end
  offset = math.max(offset - size, 0)
end

local function from_lanes(has_priority)
  local found = {}
  local function look(some)
    for _, id in ipairs(some) do
      local priority = tonumber(call('HGET', P .. id, 'priority') or 0) or 0
      if (priority > 0) == has_priority then found[#found + 1] = id end
    end
  end
  look(call('ZRANGE', P .. 's:v', 0, 10 * slice))
  look(call('ZRANGE', P .. 's:s', 0, 10 * slice))
  for _, level in ipairs(call('ZRANGE', P .. 's:gp', 0, -1)) do
    if (tonumber(level) > 0) == has_priority then
      for _, group in ipairs(call('ZRANGE', P .. 's:g:' .. level, 0, -1)) do
        if #found > offset + limit then return found end
        look(call('ZRANGE', P .. 's:r:' .. level .. ':' .. group, 0, offset + limit))
      end
    end
  end
  return found
end

if state == 'waiting' or state == 'prioritized' then
  if state == 'waiting' then
    from_right(P .. 'wait')
    if fleet5 then from_right(P .. 'paused') end
  else
    from_set(P .. 'prioritized')
  end
  if #ids <= limit and call('EXISTS', P .. 's:n') == 1 then
    local found = from_lanes(state == 'prioritized')
    for n = offset + 1, #found do take({found[n]}) end
  end
elseif state == 'active' then
  from_right(P .. 'active')
elseif state == 'completed' or state == 'failed' then
  from_set(P .. state, true)
else
  from_set(P .. state)
end
return ids
