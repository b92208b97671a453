"""A database on a PostgreSQL server that several servers share. No other package imports psycopg."""
