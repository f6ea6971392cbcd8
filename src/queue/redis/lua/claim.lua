-- parts: base start
-- later: state place claim
local reply = claim_all(false)
trim_events()
return reply
