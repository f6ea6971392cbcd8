-- parts: base ends
-- later: state place stock flow last note finish
local replies = finish_all()
trim_events()
return replies
