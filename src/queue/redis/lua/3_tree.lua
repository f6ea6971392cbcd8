-- Jobs that come with anything: options, a parent, children, an id that may be known.
local no_children = {}
local function read_node(id, h)
  local s = {queue = h.queue, P = h.P, id = id, h = h, priority = h.priority, delay = h.delay,
             ttl = h.ttl, name = h.name, data = arg(), opts = h.opts, user = h.user and arg(), group = h.group and arg() or '', options = h.options and arg(),
             dedup = h.dedup and arg() or '', parent_queue = h.parent and arg(),
             parent = h.parent and arg() or '', policy = h.parent and arg(),
             trace = h.trace and arg(), children = h.children > 0 and {} or no_children}
  for n = 1, h.children do s.children[n] = {arg(), arg(), arg()} end
  return s
end

local function owner_of(s)
  if s.dedup == '' then return nil end
  local owner = call('GET', s.P .. 'de:' .. s.dedup)
  if not owner then return nil end
  local ends = tonumber(call('HGET', s.P .. 's:de', s.dedup) or 0)
  if ends > 0 then return ends > now and owner or nil end
  local state = state_of(s.P, owner)
  if owned and (not state or ended_states[state]) then return nil end
  if not state and call('PTTL', s.P .. 'de:' .. s.dedup) == -1 then return nil end
  return owner
end

local function own(s)
  local key = s.P .. 'de:' .. s.dedup
  if s.ttl > 0 then
    call('SET', key, s.id, 'PX', owned and s.ttl + 60000 or s.ttl)
    call('HSET', s.P .. 's:de', s.dedup, now + s.ttl)
  else
    call('SET', key, s.id)
    call('HDEL', s.P .. 's:de', s.dedup)
  end
end

local function list_later(s)
  local key = s.list
  local l = lists[key]
  if not l then
    l = {P = s.P, ids = {}}
    lists[key] = l
  end
  l.ids[#l.ids + 1] = s.id
  if #l.ids == slice then fill_lists() end
end

local function refused(s, owner)
  fill_lists()
  if s.h.extend and s.ttl > 0 and call('HEXISTS', s.P .. 's:de', s.dedup) == 1 then
    local id = s.id
    s.id = owner
    own(s)
    s.id = id
  end
  local j = load(s.P, owner)
  if not j then return end
  tell(s.P, 'deduplicated', owner, j.kind, 'deduplicationId', s.dedup, 'deduplicatedJobId', s.id)
  local due = call('ZSCORE', s.P .. 'delayed', owner)
  if not s.h.replace or not due then return end
  call('HSET', s.P .. owner, 'data', s.data, 'delay', s.delay)
  if s.delay > 0 and math.floor(tonumber(due) / 4096) == now + s.delay then return end
  take_out(s.P, j)
  if s.delay > 0 then
    make_delayed(s.P, j, now + s.delay)
  else
    make_ready(s.P, j, false)
    tell(s.P, 'waiting', owner, j.kind, 'prev', 'delayed')
  end
end

local function known_already(s)
  if not s.h.fresh and call('EXISTS', s.P .. s.id) == 1 then
    tell(s.P, 'duplicated', s.id, s.name)
    return s.id
  end
  local owner = owner_of(s)
  if owner then refused(s, owner) end
  return owner
end

local function adopt(s, PP, parent, child_queue, child, policy)
  local key = lane_of(child_queue) .. child
  give_sides(PP)
  call('RPUSH', PP .. parent .. ':kids', child_queue .. '\n' .. child)
  call('HSET', PP .. parent .. ':kid', key .. '|f', policy)
  call('SADD', PP .. parent .. ':dependencies', key)
end

local function fields_of(s, arrival)
  local f = {'name', s.name, 'data', s.data, 'opts', s.opts, 'timestamp', now_text, 'delay',
             s.h.delay_text, 'priority', s.h.priority_text, 'xa', arrival}
  local function field(name, value)
    f[#f + 1] = name
    f[#f + 1] = value
  end
  if began[s.id] then field('ats', began[s.id]) end
  if s.user then field('xu', s.user) end
  if s.group ~= '' then field('xg', s.group) end
  if s.options then field('xo', s.options) end
  if s.trace then field('xw', s.trace) end
  if s.dedup ~= '' then field('deid', s.dedup) end
  if s.parent ~= '' then
    field('xq', s.parent_queue)
    field('xk', s.parent)
    field('parentKey', lane_of(s.parent_queue) .. s.parent)
    field('parent', cjson.encode({id = s.parent, queueKey = base .. s.parent_queue}))
  end
  if s.delay > 0 and #s.children > 0 then field('xd', now + s.delay) end
  return f
end

local function insert(s)
  local P, turn = s.P, next_turn(s.P)
  call('HSET', P .. s.id, unpack(fields_of(s, string.format('%d', turn))))
  if s.h.expires > 0 then call('ZADD', P .. 's:exp', now + s.h.expires, s.id) end
  if s.dedup ~= '' then own(s) end
  tell(P, 'added', s.id, s.name, 'name', s.name)
  if s.delay == 0 and s.priority == 0 and #s.children == 0 and not (owned and s.group ~= '') then
    s.list = lists_of[P] or list_of(P)
    lists_of[P] = s.list
    list_later(s)
    tell(P, 'waiting', s.id, s.name)
    return
  end
  fill_lists()
  local j = {id = s.id, kind = s.name, priority = s.priority, group = s.group, turn = turn,
             stalls = 0, ready_at = now, starts = 0, arrival = turn}
  if #s.children > 0 then
    for _, child in ipairs(s.children) do adopt(s, P, s.id, child[1], child[2], child[3]) end
    call('ZADD', P .. 'waiting-children', now, s.id)
    tell(P, 'waiting-children', s.id, s.name)
    -- A child that was known from before may have ended already.
    for _, child in ipairs(s.children) do
      local CP = lane_of(child[1])
      local known = state_of(CP, child[2])
      if known and ended_states[known] then
        local e = call('HMGET', CP .. child[2], 'returnvalue', 'xe', 'failedReason')
        child_ended(CP, child[2], {state = known, result = e[1] or '', error = e[2] or '',
                                   message = e[3] or ''})
      end
    end
  elseif s.delay > 0 then
    make_delayed(P, j, now + s.delay)
    tell(P, 'delayed', s.id, s.name, 'delay', now + s.delay)
  else
    place(P, j, false)
    tell(P, 'waiting', s.id, s.name)
  end
end

-- The number of the first tree whose parent is missing.
local function missing_parent(trees)
  for n, nodes in ipairs(trees) do
    local s = nodes[#nodes]
    if s and s.parent ~= '' then
      local state = state_of(lane_of(s.parent_queue), s.parent)
      if not state or ended_states[state] then return n end
    end
  end
end

-- Replies the id that was there, if there was one.
local function insert_tree(nodes)
  local s = nodes[#nodes]
  local known = known_already(s)
  if not known then
    for _, node in ipairs(nodes) do
      if (node == s or node.h.fresh) or call('EXISTS', node.P .. node.id) == 0 then insert(node) end
    end
    if s.parent ~= '' then
      fill_lists()
      adopt(s, lane_of(s.parent_queue), s.parent, s.queue, s.id, s.policy)
    end
  end
  return known
end
more.read_node, more.missing_parent, more.insert_tree = read_node, missing_parent, insert_tree
