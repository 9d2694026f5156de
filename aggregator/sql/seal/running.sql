-- seal_running
-- Statements of an earlier attempt that ClickHouse is still busy with: they go on after their client is gone.
SELECT count() FROM system.processes WHERE startsWith(query_id, {prefix:String})
