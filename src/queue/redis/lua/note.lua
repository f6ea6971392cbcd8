-- parts: base state note
-- Of each run its queue, id, fence and notes. Replies of each 0: written; -1: it has lost the job.
local replies = {}
for n = 1, number() do
  local P, id, fence, notes = lane_of(arg()), arg(), arg(), read_notes()
  local f = call('HMGET', P .. id, 'ats', 'name')
  if f[1] == fence and call('ZSCORE', P .. 's:leases', id) then
    local progress = write_notes(P, id, f[2], notes)
    if progress then call('HSET', P .. id, 'progress', progress) end
    replies[n] = 0
  else
    replies[n] = -1
  end
end
trim_events()
return replies
