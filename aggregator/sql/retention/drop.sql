-- retention_drop
ALTER TABLE {table} DROP PARTITION ID '{partition}'
