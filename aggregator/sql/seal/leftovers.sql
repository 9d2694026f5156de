-- seal_leftovers
-- Rows of an attempt that was cut off. Nobody has seen them: they are not published.
ALTER TABLE {table} DELETE WHERE closes_at = {closes_at:DateTime('UTC')} AND revision = {revision:UInt16}
SETTINGS mutations_sync = 2
