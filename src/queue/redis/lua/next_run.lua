-- parts: base state place stock
-- The next run of a job scheduler of BullMQ, made when one starts. look: queue id → the scheduler's
-- name, the time of its last run, the started job's options and the scheduler's fields; nothing if
-- the run has been followed up already. add: queue id, scheduler, its last and next time, options,
-- name, data, priority, lifo → 1 if it was added.
local P, id, what = lane_of(arg()), arg(), arg()
local scheduler = call('HGET', P .. id, 'rjk')
local last = scheduler and call('ZSCORE', P .. 'repeat', scheduler)
if not last or id ~= 'repeat:' .. scheduler .. ':' .. last then return {} end
local key = P .. 'repeat:' .. scheduler
if what == 'look' then
  return {scheduler, last, call('HGET', P .. id, 'opts') or '', call('HGETALL', key)}
end
local due = arg()
local next_id = 'repeat:' .. scheduler .. ':' .. due
if arg() ~= last or call('EXISTS', key) == 0 then return {} end
call('ZADD', P .. 'repeat', due, scheduler)
call('HINCRBY', key, 'ic', 1)
call('HSET', P .. id, 'nrjid', next_id)
if call('EXISTS', P .. next_id) == 0 then
  insert_stock(P, {id = next_id, due = tonumber(due), opts = arg(), name = arg(), data = arg(),
                   priority = number(), lifo = arg() == '1', more = {'rjk', scheduler}})
end
return {1}
