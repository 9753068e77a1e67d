"""Definitions as PostgreSQL stores them: each constant of the type that its place gives it, each cast written out.

The server reads `big IN (1, 2)` as `big = ANY (ARRAY[1::bigint, 2::bigint])`, and `f = 't'` as `f = true`. A stored
form is a value of tuples that is equal for all texts of one definition, as far as `pg_get_constraintdef` and its like
print them alike.
"""
