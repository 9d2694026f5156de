-- seal_count
SELECT count() FROM events WHERE closes_at = {closes_at:DateTime('UTC')}
