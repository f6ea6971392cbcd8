-- parts: base
-- What a run says of itself: queue id fence what value [more]. progress: JSON for readers · log: the
-- line, how many lines to keep · checkpoint: the JSON. 0: written; -1: the run has lost the job.
local queue, id, fence, what, value = arg(), arg(), arg(), arg(), arg()
local P = lane_of(queue)
if not holds(P, id, fence) then return -1 end
if what == 'progress' then
  call('HSET', P .. id, 'progress', value)
  tell(P, 'progress', id, call('HGET', P .. id, 'name'), 'data', value)
elseif what == 'log' then
  call('RPUSH', P .. id .. ':logs', value)
  call('LTRIM', P .. id .. ':logs', -number(), -1)
else
  call('HSET', P .. id, 'xp', value)
end
return 0
