-- The beginning of every script. KEYS[1] is what all keys begin with; ARGV[1] the time, ARGV[2]
-- whether only workers of this program serve the queues (then the whole order of docs/queue.md
-- holds), ARGV[3] the fleet's version of the layout. A script's own arguments begin at ARGV[4].
local call = redis.call
local now_text = ARGV[1]
local base, now, owned, fleet5 = KEYS[1], tonumber(ARGV[1]), ARGV[2] == '1', ARGV[3] == '5'
local at = 3
local function arg()
  at = at + 1
  return ARGV[at]
end
local function number()
  return tonumber(arg())
end

local events_max = '10000'
local slice = 1000
local two32 = 4294967296
local ended_states = {completed = true, failed = true}

local function lane_of(queue)
  return base .. queue .. ':'
end

-- The first entry of a call trims the stream, now and then another, and the end of calls that tell
-- of many jobs. Where a script tells of many it writes entries itself and counts them.
local streams = {}
local function stream_of(P)
  local stream = streams[P]
  if not stream then
    stream = {key = P .. 'events', told = 0, trimmed = false}
    streams[P] = stream
  end
  return stream
end

local function tell(P, event, id, kind, ...)
  local stream = streams[P] or stream_of(P)
  stream.told = stream.told + 1
  if stream.trimmed and stream.told % 100 ~= 1 then
    call('XADD', stream.key, '*', 'event', event, 'jobId', id, 'kind', kind, ...)
    return
  end
  stream.trimmed = true
  call('XADD', stream.key, 'MAXLEN', '~', events_max, '*', 'event', event, 'jobId', id, 'kind',
       kind, ...)
end

local function trim_events()
  for _, stream in pairs(streams) do
    if stream.told > 20 then call('XTRIM', stream.key, 'MAXLEN', '~', events_max) end
  end
end

local function next_turn(P)
  return call('INCR', P .. 'id')
end

local function is_paused(P)
  return call('HEXISTS', P .. 'meta', 'paused') == 1
end

-- Where jobs without a priority wait. Fleets of version 5 move them aside while paused.
local function list_of(P)
  if fleet5 and is_paused(P) then return P .. 'paused' end
  return P .. 'wait'
end

local function mark(P)
  if not is_paused(P) then call('ZADD', P .. 'marker', 0, '0') end
end

-- What few calls need is in parts that the second line of a script names (later): they are defined
-- when something asks for them, which is dearer than most of what a call does.
local more, later = {}, nil
local function rest()
  if later then
    later()
    later = nil
  end
  return more
end
