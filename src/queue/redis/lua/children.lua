-- parts: base state
-- Queue and id: of each child its queue, id, state, result and error; nothing if there is no such job.
local P, id = lane_of(arg()), arg()
if call('EXISTS', P .. id) == 0 then return false end
local all, seen = {}, {}
local function child(queue, name)
  local key = lane_of(queue) .. name
  if seen[key] then return end
  seen[key] = true
  local f = call('HMGET', P .. id .. ':kid', key .. '|s', key .. '|r', key .. '|e')
  local result = f[2] or call('HGET', P .. id .. ':processed', key) or ''
  local alive = state_of(lane_of(queue), name)
  local ended = f[1] or (result ~= '' and 'completed') or 'waiting'
  all[#all + 1] = {queue, name, alive or ended, result, f[3] or ''}
end
for _, entry in ipairs(call('LRANGE', P .. id .. ':kids', 0, -1)) do
  local cut = string.find(entry, '\n', 1, true)
  child(string.sub(entry, 1, cut - 1), string.sub(entry, cut + 1))
end
local function stock(keys)
  for _, key in ipairs(keys) do
    if string.sub(key, 1, #base) == base then
      local queue, name = string.match(string.sub(key, #base + 1), '^([^:]+):(.+)$')
      if queue then child(queue, name) end
    end
  end
end
stock(call('SMEMBERS', P .. id .. ':dependencies'))
stock(call('HKEYS', P .. id .. ':processed'))
return all
