-- parts: base state
-- Jobs as a reader sees them: with logs (0/1), then queue and id of each. Of each nothing, or its
-- state, fields, how many children have not ended, when it is due, and its log.
local with_logs, views = arg() == '1', {}
for n = 1, number() do
  local P, id = lane_of(arg()), arg()
  local state = state_of(P, id)
  if state then
    local due = state == 'delayed' and call('ZSCORE', P .. 'delayed', id) or nil
    views[n] = {state, call('HGETALL', P .. id), call('SCARD', P .. id .. ':dependencies'),
                due and math.floor(tonumber(due) / 4096) or 0,
                with_logs and call('LRANGE', P .. id .. ':logs', 0, -1) or {}}
  else
    views[n] = {}
  end
end
return views
