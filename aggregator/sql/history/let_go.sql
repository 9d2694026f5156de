-- history_let_go
SYSTEM START TTL MERGES events
