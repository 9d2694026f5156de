-- seal_drop
ALTER TABLE events DROP PARTITION ID '{partition}'
