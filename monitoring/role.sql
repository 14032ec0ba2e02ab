-- A role for `nextval status`: it reads every sequence and every table, and changes nothing.
-- Run this as a superuser, once per server. PostgreSQL 14 and later.
create role nextval_monitor login bypassrls connection limit 4;

-- SELECT on all tables and sequences, and USAGE on all schemas, also on those that are created later.
grant pg_read_all_data to nextval_monitor;

-- Without BYPASSRLS, policies could hide rows, and status would say that it has not compared the column.
-- The role is not a superuser: reading a table runs code of its owner with the rights of the reading role.
alter role nextval_monitor set default_transaction_read_only = on;
alter role nextval_monitor set statement_timeout = '60s';

-- Set its password with \password nextval_monitor in psql, so that it is in no log.
