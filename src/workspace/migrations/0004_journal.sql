-- What a step said beside its outputs, which is said again where it is reused: curves, notes and warnings as JSON, and
-- the run to which its process logged through the protocol. NULL where there was nothing.
ALTER TABLE step_cache ADD COLUMN journal TEXT;
ALTER TABLE step_cache ADD COLUMN logged_run TEXT;
