-- A row may be about many jobs of a queue: then `job` is the first of their ids in the order of
-- texts and this the last.
ALTER TABLE queue_outbox ADD COLUMN job_last TEXT;
