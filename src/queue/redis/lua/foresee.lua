-- parts: base state
-- What an add would find now: queue id dedup priority parent-queue parent. Replies whether something
-- stands in its way (1, and whose id; -1 the parent), and how many jobs are before it.
local P, id, dedup, priority = lane_of(arg()), arg(), arg(), number()
local parent_queue, parent = arg(), arg()
if parent ~= '' then
  local state = state_of(lane_of(parent_queue), parent)
  if not state or ended_states[state] then return {-1, '', 0} end
end
local before = call('LLEN', list_of(P)) + tonumber(call('HGET', P .. 's:n', 'w') or 0)
if priority > 0 then
  before = before + call('ZCOUNT', P .. 'prioritized', 0, '(' .. ((priority + 1) * two32))
end
if call('EXISTS', P .. id) == 1 then return {1, id, 0} end
local owner = dedup ~= '' and call('GET', P .. 'de:' .. dedup)
if owner then
  local ends = tonumber(call('HGET', P .. 's:de', dedup) or 0)
  local state = ends == 0 and state_of(P, owner)
  if ends > now or (ends == 0 and state and not ended_states[state]) then return {1, owner, 0} end
end
return {0, '', before}
