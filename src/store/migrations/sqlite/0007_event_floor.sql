-- Ids of events below `floor` may have been given: the one row of it is what the next process begins
-- at. A floor is written some billions of ids ahead, so hardly ever.
CREATE TABLE job_event_floor (
  only_row BIGINT PRIMARY KEY,
  floor BIGINT NOT NULL
);
