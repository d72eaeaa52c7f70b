-- Run by a superuser in the audit log's database before its migrations: lets the owner change the log's tables.
-- `after.sql` puts the guard back. See docs/decisions/0033.
DROP EVENT TRIGGER IF EXISTS log_guard_changes;
DROP EVENT TRIGGER IF EXISTS log_guard_rewrites;
DROP SCHEMA IF EXISTS log_guard CASCADE;
