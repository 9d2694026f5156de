-- seal_left
SELECT count() FROM {table} WHERE closes_at = {closes_at:DateTime('UTC')} AND revision = {revision:UInt16}
