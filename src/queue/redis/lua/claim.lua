-- parts: base place claim
return claim_some()
