-- parts: base place claim
local reply = claim_some()
trim_events()
return reply
