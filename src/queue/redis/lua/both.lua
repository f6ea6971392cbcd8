-- parts: base place flow finish claim
-- The words of finish, then those of claim.
local ended = finish_all()
return {ended, claim_some()}
