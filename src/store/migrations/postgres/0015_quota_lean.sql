-- Counters change with every commit: with room on their pages a change writes no index.
ALTER TABLE quota_use SET (fillfactor = 50);
