-- The pieces that wait for their jobs, for who looks whether Redis still has these.
create index generation_owed on generation (id) where status in ('pending', 'processing');
