"""What PostgreSQL finds wrong with an expression or a query before it runs: names, types, volatility.

`entry` reads SQL over an `Environment`, which says what is known of the relations, types and functions around it.
What is not known has the type `?`, which fits everywhere: only what is certain is reported.
"""
