-- Lease-ms, then queue id fence of each: which are no longer held.
local lease_ms, gone = number(), {}
for _ = 1, number() do
  local queue, id, fence = arg(), arg(), arg()
  local P = lane_of(queue)
  if holds(P, id, fence) then
    call('ZADD', P .. 's:leases', now + lease_ms, id)
    call('PEXPIRE', P .. id .. ':lock', lease_ms)
    call('SREM', P .. 'stalled', id)
  else
    gone[#gone + 1] = id
  end
end
return gone
