return claim_some()
