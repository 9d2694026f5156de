-- retention_site_held
-- How many rows a table has of one site.
SELECT count() FROM {table} WHERE site = {site}
