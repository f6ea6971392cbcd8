-- What workers of BullMQ do for the queue beside running jobs.

-- A new job as a stock client stores it. s: id name data opts due priority lifo more(fields).
local function insert_stock(P, s)
  local turn, delay = next_turn(P), math.max(s.due - now, 0)
  call('HSET', P .. s.id, 'name', s.name, 'data', s.data, 'opts', s.opts, 'timestamp', now, 'delay',
       delay, 'priority', s.priority, 'xt', turn, 'xr', now, unpack(s.more))
  tell(P, 'added', s.id, s.name, 'name', s.name)
  local j = {id = s.id, kind = s.name, priority = s.priority, group = '', turn = turn, stalls = 0,
             ready_at = now}
  if delay > 0 then
    make_delayed(P, j, s.due)
    tell(P, 'delayed', s.id, s.name, 'delay', s.due)
    return
  end
  if s.lifo and s.priority == 0 then
    call('RPUSH', list_of(P), s.id)
    mark(P)
  else
    place(P, j, false)
  end
  tell(P, 'waiting', s.id, s.name)
end

-- The run that a job scheduler waits for: without it the scheduler would stand still.
local function is_next_run(P, id)
  if string.sub(id, 1, 7) ~= 'repeat:' then return false end
  local scheduler = call('HGET', P .. id, 'rjk')
  local due = scheduler and call('ZSCORE', P .. 'repeat', scheduler)
  return due and id == 'repeat:' .. scheduler .. ':' .. due
end
