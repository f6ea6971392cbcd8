-- Trees of jobs, all or none. A node: id shape data and what its shape says there is. The shape (=
-- that of the node before) says what many jobs have in common: root priority delay expires ttl flags children (in words), and in a
-- line each the queue, the name and the stock options. Flags and their words: u user, g group, o
-- options, d dedup, p parent-queue parent-id on_failure, t trace; x extend, r replace, n the id was
-- made for this call, - none. Then of each child its queue id policy.
-- The children of a tree come before its root (root 1). Replies the position of each root, or of one
-- that adds nothing the id that was there (in a list); or the number of the tree whose parent is
-- missing. After the trees, of jobs that Redis had lost: id and newest start of each.
local began = {}
local shapes = {}
local function shape_of(text)
  local known = shapes[text]
  if known then return known end
  local root, priority, delay, expires, ttl, flags, children, queue, name, opts = string.match(
    text, '^(%S+) (%S+) (%S+) (%S+) (%S+) (%S+) (%S+)\n(%S+)\n([^\n]+)\n(.*)$')
  local function has(what)
    return string.find(flags, what, 1, true) ~= nil
  end
  known = {queue = queue, P = lane_of(queue), name = name, opts = opts, root = root == '1', priority = tonumber(priority), priority_text = priority,
           delay = tonumber(delay), delay_text = delay, expires = tonumber(expires),
           ttl = tonumber(ttl), children = tonumber(children), user = has('u'), group = has('g'),
           options = has('o'), dedup = has('d'), parent = has('p'), trace = has('t'),
           extend = has('x'), replace = has('r'), fresh = has('n')}
  known.plain = known.root and flags == 'n' and priority == '0' and delay == '0' and
                expires == '0' and children == '0'
  shapes[text] = known
  return known
end

local function position_of(s)
  local n = call('LLEN', list_of(s.P))
  local lanes = call('HMGET', s.P .. 's:n', 'w', 'p')
  n = n + (tonumber(lanes[1] or 0) or 0)
  if s.priority > 0 then
    n = n + (tonumber(lanes[2] or 0) or 0) + call('ZCOUNT', s.P .. 'prioritized', 0, '(' .. ((s.priority + 1) * two32))
  end
  return n
end

-- Jobs for the lists that nothing has been done with since.
local lists = {}
local function fill_lists()
  for key, l in pairs(lists) do
    call('LPUSH', key, unpack(l.ids))
    mark(l.P)
  end
  lists = {}
end

local lists_of = {}
-- Of a new job without any option. `turns`: of each queue, if all jobs of the call are such.
local function insert_plain(h, id, data, turns)
  local P, turn = h.P, nil
  if turns then
    turn = turns[P] + 1
    turns[P] = turn
  else
    turn = next_turn(P)
  end
  call('HSET', P .. id, 'name', h.name, 'data', data, 'opts', h.opts, 'timestamp', now_text,
       'delay', '0', 'priority', '0', 'xa', turn)
  local stream = streams[P] or stream_of(P)
  if stream.told < 3 then
    tell(P, 'added', id, h.name, 'name', h.name)
  else
    call('XADD', stream.key, '*', 'event', 'added', 'jobId', id, 'kind', h.name, 'name', h.name)
    stream.told = stream.told + 1
  end
  call('XADD', stream.key, '*', 'event', 'waiting', 'jobId', id, 'kind', h.name)
  stream.told = stream.told + 1
  local list = lists_of[P] or list_of(P)
  lists_of[P] = list
  local l = lists[list]
  if not l then
    l = {P = P, ids = {}}
    lists[list] = l
  end
  local n = #l.ids + 1
  l.ids[n] = id
  if n == slice then fill_lists() end
end
