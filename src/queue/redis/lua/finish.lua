-- parts: base place flow note finish
local replies = finish_all()
trim_events()
return replies
