-- parts: base
-- New jobs of one queue that are ready at once; their ids were made for them, so one that is known
-- was told before and adds nothing. queue; how many shapes, then of each its name, stock options and
-- further options; how many jobs, then of each the number of its shape, id, user and data. Replies
-- how many were new.
local queue = arg()
local P, shapes = lane_of(queue), {}
for n = 1, number() do
  local name, options, more = arg(), arg(), arg()
  local priority = cjson.decode(options).priority or 0
  shapes[n] = {name = name, options = options, more = more, priority = priority,
               priority_text = string.format('%d', priority)}
end
local count, first = number(), at
local ids, keys = {}, {}
for n = 1, count do
  ids[n] = ARGV[first + 4 * n - 2]
  keys[n] = P .. ids[n]
end
call('SADD', base .. 's1k:queues', queue)
call('HSETNX', P .. 'meta', 'opts.maxLenEvents', events_max)
local any_known = call('EXISTS', unpack(keys)) > 0
local turn = call('INCRBY', P .. 'id', count) - count
local plain, ranked = {}, {}  -- those without a priority, in order; and of each with one, its own
for n = 1, count do
  local id, user, data = ids[n], ARGV[first + 4 * n - 1], ARGV[first + 4 * n]
  local shape = shapes[tonumber(ARGV[first + 4 * n - 3])]
  local name, more = shape.name, shape.more
  if not any_known or call('EXISTS', keys[n]) == 0 then
    local arrival = string.format('%d', turn + n)
    if more == '' then
      call('HSET', keys[n], 'name', name, 'data', data, 'opts', shape.options, 'timestamp',
           now_text, 'delay', '0', 'priority', shape.priority_text, 'xa', arrival, 'xu', user)
    else
      call('HSET', keys[n], 'name', name, 'data', data, 'opts', shape.options, 'timestamp',
           now_text, 'delay', '0', 'priority', shape.priority_text, 'xa', arrival, 'xu', user,
           'xo', more)
    end
    tell(P, 'added', id, name, 'name', name)
    tell(P, 'waiting', id, name)
    if shape.priority == 0 then
      plain[#plain + 1] = id
    else
      ranked[#ranked + 1] = {id = id, priority = shape.priority}
    end
  end
end
if #plain > 0 then call('LPUSH', list_of(P), unpack(plain)) end
-- As place() does it, for many at once.
if #ranked > 0 then
  local order = call('INCRBY', P .. 'pc', #ranked) - #ranked
  local scores, ages = {}, {}
  for n, job in ipairs(ranked) do
    scores[2 * n - 1] = job.priority * two32 + (order + n) % two32
    scores[2 * n] = job.id
    ages[2 * n - 1] = now_text
    ages[2 * n] = job.id
  end
  call('ZADD', P .. 'prioritized', unpack(scores))
  if owned then call('ZADD', P .. 's:age', unpack(ages)) end
end
if #plain + #ranked > 0 then
  mark(P)
  trim_events()
end
return #plain + #ranked
