-- retention_site_delete
-- All of one site, in whatever partition: they are written anew without it.
ALTER TABLE {table} DELETE WHERE site = {site} SETTINGS mutations_sync = 2
