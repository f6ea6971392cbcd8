-- parts: base state place stock flow
-- The job and its children: what to cancel of them. Arguments: queue id do(0 looks only, 1 cancels),
-- then queue and id of those that ran when their domain was asked. Replies of each its queue, id,
-- whether it runs, its state and its fields.
local first_queue, first_id, act = arg(), arg(), arg() == '1'
local ran, found = {}, {}
for _ = 1, number() do ran[lane_of(arg()) .. arg()] = true end

local function children_of(P, id)
  local all = {}
  for _, entry in ipairs(call('LRANGE', P .. id .. ':kids', 0, -1)) do
    local cut = string.find(entry, '\n', 1, true)
    all[#all + 1] = {string.sub(entry, 1, cut - 1), string.sub(entry, cut + 1)}
  end
  return all
end

local function cancel(queue, id)
  local P = lane_of(queue)
  local state = state_of(P, id)
  if not state or ended_states[state] or #found >= 10 * slice then return end
  local children = children_of(P, id)
  local runs = state == 'active'
  found[#found + 1] = {queue, id, runs and 1 or 0, state, call('HGETALL', P .. id)}
  if act then
    if runs or ran[P .. id] then
      call('HSET', P .. id, 'xc', 1)
    end
    if not runs and ran[P .. id] then
      local j = load(P, id)
      take_out(P, j)
      call('ZREM', P .. 'waiting-children', id)
      make_ready(P, j, state == 'waiting' or state == 'prioritized')
    elseif not runs then
      local kind = call('HGET', P .. id, 'name')
      tell(P, 'cancelled', id, kind, 'prev', state)
      tell(P, 'removed', id, kind, 'prev', state)
      remove_job(P, id, state, 'cancelled', 'cancelled')
    end
  end
  for _, child in ipairs(children) do cancel(child[1], child[2]) end
end

-- The next run of a scheduler goes with its scheduler only.
local P = lane_of(first_queue)
if is_next_run(P, first_id) and not ended_states[state_of(P, first_id) or 'failed'] then return -8 end
cancel(first_queue, first_id)
return found
