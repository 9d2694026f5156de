-- retention_delete
-- The days of some sites, where others keep theirs for longer: the partition is written anew without them.
ALTER TABLE {table} DELETE IN PARTITION ID '{partition}' WHERE {which} SETTINGS mutations_sync = 2
