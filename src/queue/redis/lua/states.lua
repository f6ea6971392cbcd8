-- parts: base state
-- Of jobs (queue id each): empty where there is no such job, how it has ended, or "waiting" for all
-- that have not.
local states = {}
for n = 1, number() do
  local P, id = lane_of(arg()), arg()
  if call('HEXISTS', P .. id, 'name') == 0 then
    states[n] = ''
  elseif call('ZSCORE', P .. 'completed', id) then
    states[n] = 'completed'
  elseif call('ZSCORE', P .. 'failed', id) then
    states[n] = 'failed'
  else
    states[n] = 'waiting'
  end
end
return states
