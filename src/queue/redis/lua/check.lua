-- parts: base state
-- Of runs (queue id fence each): whether they hold their jobs (1), whether a cancel was asked for,
-- and with `full` the fields of the job.
local full, replies = arg() == '1', {}
for n = 1, number() do
  local P, id, fence = lane_of(arg()), arg(), arg()
  if holds(P, id, fence) then
    replies[n] = {1, call('HEXISTS', P .. id, 'xc'), full and call('HGETALL', P .. id) or {}}
  else
    replies[n] = {0, 0, {}}
  end
end
return replies
