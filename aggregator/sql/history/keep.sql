-- history_keep
-- The backstop of `events` goes by the day's end: without this, rows of a day two weeks back are gone before they are sealed.
SYSTEM STOP TTL MERGES events
