-- parts: base place flow finish
return finish_all()
