-- parts: base
-- New jobs of one queue that are ready at once; their ids were made for them, so one that is known
-- was told before and adds nothing. queue; how many shapes, then of each its name, stock options and
-- further options; how many jobs, then of each the number of its shape, id, user and data. Replies
-- how many were new.
local queue = arg()
local P, shapes = lane_of(queue), {}
for n = 1, number() do shapes[n] = {arg(), arg(), arg()} end
local count, first = number(), at
local ids, keys, fresh = {}, {}, {}
for n = 1, count do
  ids[n] = ARGV[first + 4 * n - 2]
  keys[n] = P .. ids[n]
end
call('SADD', base .. 's1k:queues', queue)
call('HSETNX', P .. 'meta', 'opts.maxLenEvents', events_max)
local any_known = call('EXISTS', unpack(keys)) > 0
local turn = call('INCRBY', P .. 'id', count) - count
for n = 1, count do
  local id, user, data = ids[n], ARGV[first + 4 * n - 1], ARGV[first + 4 * n]
  local shape = shapes[tonumber(ARGV[first + 4 * n - 3])]
  local name, more = shape[1], shape[3]
  if not any_known or call('EXISTS', keys[n]) == 0 then
    local arrival = string.format('%d', turn + n)
    if more == '' then
      call('HSET', keys[n], 'name', name, 'data', data, 'opts', shape[2], 'timestamp', now_text,
           'delay', '0', 'priority', '0', 'xa', arrival, 'xu', user)
    else
      call('HSET', keys[n], 'name', name, 'data', data, 'opts', shape[2], 'timestamp', now_text,
           'delay', '0', 'priority', '0', 'xa', arrival, 'xu', user, 'xo', more)
    end
    tell(P, 'added', id, name, 'name', name)
    tell(P, 'waiting', id, name)
    fresh[#fresh + 1] = id
  end
end
if #fresh > 0 then
  call('LPUSH', list_of(P), unpack(fresh))
  mark(P)
  trim_events()
end
return #fresh
