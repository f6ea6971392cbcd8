-- parts: base adds
-- later: state place flow tree
-- Of each tree its nodes; or its shape, if it is one plain job, with its id and its data.
local count, trees, tree, ids, data = number(), {}, {}, {}, {}
local h
local plain = {}  -- how many such jobs there are, of each queue
for _ = 1, count do
  local id, shape = ARGV[at + 1], ARGV[at + 2]
  at = at + 2
  if shape ~= '=' then h = shape_of(shape) end
  if h.plain then
    local n = #trees + 1
    at = at + 1
    trees[n], ids[n], data[n] = h, id, ARGV[at]
    plain[h.P] = (plain[h.P] or 0) + 1
  else
    local s = rest().read_node(id, h)
    tree[#tree + 1] = s
    if h.root then
      trees[#trees + 1] = tree
      tree = {}
    end
    plain.none = true
  end
end
while at < #ARGV do
  local id = arg()
  began[id] = arg()
end
local turns
if not plain.none then
  turns = {}
  for P, n in pairs(plain) do turns[P] = call('INCRBY', P .. 'id', n) - n end
end
if plain.none then
  local missing = rest().missing_parent(trees)
  if missing then return missing end
end
local replies, before = {}, {}
for n, nodes in ipairs(trees) do
  local s = nodes[#nodes] or nodes
  local of_queue = before[s.queue] or {}
  before[s.queue] = of_queue
  of_queue[s.priority] = of_queue[s.priority] or position_of(s)
end
for n, nodes in ipairs(trees) do
  if nodes.plain then
    insert_plain(nodes, ids[n], data[n], turns)
    replies[n] = before[nodes.queue][0] + n - 1
  else
    local s = nodes[#nodes]
    local known = rest().insert_tree(nodes)
    replies[n] = known and {known} or before[s.queue][s.priority] + n - 1
  end
end
fill_lists()
trim_events()
return replies
