-- parts: base
-- Of jobs (queue id each): the state of each, empty where there is no such job.
local states = {}
for n = 1, number() do
  local P, id = lane_of(arg()), arg()
  states[n] = state_of(P, id) or ''
end
return states
