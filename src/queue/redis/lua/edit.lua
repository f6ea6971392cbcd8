-- parts: base state place stock flow
-- Arguments: queue what priority n, then ids. Of each: 0, -1 no such job, -8 it is the next run of a
-- scheduler, or the state in which the edit has no meaning.
local queue, what, priority = arg(), arg(), number()
local P = lane_of(queue)
local ready = {waiting = true, prioritized = true}

local function fits(state)
  if what == 'retry' then return ended_states[state] end
  if what == 'promote' then return state == 'delayed' end
  if what == 'priority' then return state ~= 'active' and not ended_states[state] end
  if what == 'to_front' or what == 'to_back' then return ready[state] end
  return state ~= 'active' and state ~= 'waiting-children'
end

local function retry(j, state)
  call('ZREM', P .. state, j.id)
  call('HDEL', P .. j.id, 'xe', 'xv', 'xc', 'returnvalue', 'failedReason', 'finishedOn', 'progress',
       'stacktrace', 'defa', 'processedOn')
  call('HSET', P .. j.id, 'atm', 0, 'stc', 0, 'xf', j.starts)
  j.stalls, j.verdict, j.cancelled = 0, nil, nil
  make_ready(P, j, false)
  tell(P, 'waiting', j.id, j.kind, 'prev', state)
end

local function new_priority(j, state)
  if ready[state] then
    local since = j.ready_at
    take_out(P, j)
    j.priority = priority
    make_ready(P, j, false, since)
  end
  call('HSET', P .. j.id, 'priority', priority)
end

local function edit(id)
  local state = state_of(P, id)
  if not state then return -1 end
  if not fits(state) then return state end
  local j = load(P, id)
  if what == 'retry' then
    retry(j, state)
  elseif what == 'promote' then
    take_out(P, j)
    call('HSET', P .. id, 'delay', 0)
    make_ready(P, j, false)
    tell(P, 'waiting', id, j.kind, 'prev', state)
    mark_delayed(P)
  elseif what == 'priority' then
    new_priority(j, state)
  elseif what == 'remove' then
    if not ended_states[state] and is_next_run(P, id) then return -8 end
    tell(P, 'removed', id, j.kind, 'prev', state)
    remove_job(P, id, state, 'removed', 'removed')
  else
    take_out(P, j)
    j.score = nil
    j.turn = what == 'to_front' and call('DECR', P .. 's:front') or next_turn(P)
    call('HSET', P .. id, 'xt', j.turn)
    call('HDEL', P .. id, 'xs')
    if what == 'to_front' and j.priority == 0 then
      place(P, j, true)
    else
      place(P, j, false)
    end
  end
  return 0
end

local replies = {}
for n = 1, number() do replies[n] = edit(arg()) end
return replies
