-- parts: base state
-- Of each queue: waiting prioritized delayed active waiting-children completed failed paused, since
-- when its oldest ready job waits, and whether anything is set about it.
local all = {}
for n = 1, number() do
  local P = lane_of(arg())
  local lanes = call('HMGET', P .. 's:n', 'w', 'p')
  local waiting = call('LLEN', P .. 'wait') + call('LLEN', P .. 'paused') + tonumber(lanes[1] or 0)
  local prioritized = call('ZCARD', P .. 'prioritized') + tonumber(lanes[2] or 0)
  local oldest = 0
  local function older(since)
    since = tonumber(since or 0) or 0
    if since > 0 and (oldest == 0 or since < oldest) then oldest = since end
  end
  local function age_of(id)
    if not id then return end
    local f = call('HMGET', P .. id, 'xr', 'timestamp')
    older(f[1] or f[2])
  end
  age_of(call('LINDEX', P .. 'wait', -1))
  age_of(call('LINDEX', P .. 'paused', -1))
  older(call('ZRANGE', P .. 's:age', 0, 0, 'WITHSCORES')[2])
  if not owned then age_of(call('ZRANGE', P .. 'prioritized', 0, 0)[1]) end
  local set = call('HEXISTS', P .. 'meta', 'concurrency') + call('EXISTS', P .. 's:limits') +
              call('EXISTS', P .. 's:gl')
  all[n] = {waiting, prioritized, call('ZCARD', P .. 'delayed'), call('LLEN', P .. 'active'),
            call('ZCARD', P .. 'waiting-children'), call('ZCARD', P .. 'completed'),
            call('ZCARD', P .. 'failed'), is_paused(P) and 1 or 0, oldest, set}
end
return all
