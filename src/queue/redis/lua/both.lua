-- parts: base place stock flow last note finish claim
-- The words of finish, then those of claim.
local ended = finish_all()
local claimed = claim_some()
trim_events()
return {ended, claimed}
