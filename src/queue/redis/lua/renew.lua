-- parts: base state
-- Lease-ms, then queue id fence of each: which are no longer held.
local lease_ms, gone = number(), {}
for _ = 1, number() do
  local queue, id, fence = arg(), arg(), arg()
  local P = lane_of(queue)
  if holds(P, id, fence) then
    call('ZADD', P .. 's:leases', now + lease_ms, id)
    if not owned then
      if call('PEXPIRE', P .. id .. ':lock', lease_ms) == 0 then
        call('SET', P .. id .. ':lock', 'son1k:', 'PX', lease_ms)
      end
      call('SREM', P .. 'stalled', id)
    end
  else
    gone[#gone + 1] = id
  end
end
return gone
