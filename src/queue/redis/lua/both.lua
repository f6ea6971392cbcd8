-- parts: base ends start
-- later: state place stock flow last note finish claim
-- The words of finish, then those of claim.
local ended = finish_all()
local claimed = claim_all(is_drained[lane_of(ARGV[at + 1])])
trim_events()
return {ended, claimed}
