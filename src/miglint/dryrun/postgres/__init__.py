"""The dry run on PostgreSQL: servers, connections, catalogs, rows."""
