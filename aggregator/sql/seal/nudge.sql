-- seal_nudge
-- Drops nothing: no day ends in 1970. It makes the table delete the files of parts that are no longer in use now, instead
-- of when its background task next wakes.
ALTER TABLE {table} DROP PARTITION ID '0'
