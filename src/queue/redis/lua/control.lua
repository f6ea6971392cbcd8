-- parts: base state
-- Of a whole queue: pause (1/0) · limits (field value …) · group (name, JSON or nothing) · forget:
-- what is left of an obliterated queue · cleaned (count) · meet: a worker is there, which counts
-- ends by minute (minutes to keep; 0: only if others do). After a pause or resume `merge` is called
-- until it replies 0.
local queue, what = arg(), arg()
local P = lane_of(queue)
if what == 'pause' then
  local paused = arg() == '1'
  if is_paused(P) == paused then return 0 end
  if paused then
    call('HSET', P .. 'meta', 'paused', 1)
    if fleet5 and call('EXISTS', P .. 'paused') == 0 and call('EXISTS', P .. 'wait') == 1 then
      call('RENAME', P .. 'wait', P .. 'paused')
    end
    call('DEL', P .. 'marker')
  else
    call('HDEL', P .. 'meta', 'paused')
    mark(P)
  end
  tell(P, paused and 'paused' or 'resumed', '', '')
elseif what == 'merge' then
  local aside = is_paused(P)
  if aside and not fleet5 then return 0 end
  local moved = merge_paused(P, aside)
  if moved > 0 then mark(P) end
  return moved
elseif what == 'limits' then
  call('DEL', P .. 's:limits')
  call('HDEL', P .. 'meta', 'concurrency', 'max', 'duration')
  local concurrency, max, per, each, ageing = number(), number(), number(), arg(), number()
  if concurrency > 0 then call('HSET', P .. 'meta', 'concurrency', concurrency) end
  if max > 0 then
    call('HSET', P .. 's:limits', 'rate_max', max, 'rate_per', per)
    if not owned then call('HSET', P .. 'meta', 'max', max, 'duration', per) end
  end
  if each ~= '' then call('HSET', P .. 's:limits', 'each', each) end
  if ageing ~= 600000 then call('HSET', P .. 's:limits', 'ageing', ageing) end
  mark(P)
elseif what == 'group' then
  local group, limits = arg(), arg()
  if limits == '' then
    call('HDEL', P .. 's:gl', group)
  else
    call('HSET', P .. 's:gl', group, limits)
  end
  mark(P)
elseif what == 'meet' then
  local minutes = number()
  call('SADD', base .. 's1k:queues', queue)
  for _, state in ipairs(minutes > 0 and {'completed', 'failed'} or {}) do
    call('HSET', P .. 'metrics:' .. state, 'xmax', minutes)
  end
elseif what == 'cleaned' then
  tell(P, 'cleaned', '', '', 'count', arg())
else
  for _, scheduler in ipairs(call('ZRANGE', P .. 'repeat', 0, 10 * slice)) do
    call('DEL', P .. 'repeat:' .. scheduler)
  end
  call('DEL', P .. 'repeat', P .. 'metrics:completed', P .. 'metrics:completed:data',
       P .. 'metrics:failed', P .. 'metrics:failed:data')
  call('DEL', P .. 'meta', P .. 'id', P .. 'pc', P .. 'marker', P .. 'wait', P .. 'paused',
       P .. 'active', P .. 'prioritized', P .. 'delayed', P .. 'waiting-children', P .. 'completed',
       P .. 'failed', P .. 'stalled', P .. 'stalled-check', P .. 'limiter', P .. 's:leases',
       P .. 's:n', P .. 's:v', P .. 's:s', P .. 's:gp', P .. 's:age', P .. 's:exp', P .. 's:de',
       P .. 's:starts', P .. 's:ga', P .. 's:gl', P .. 's:va', P .. 's:limits', P .. 's:rate',
       P .. 's:front', P .. 's:side')
end
return 1
