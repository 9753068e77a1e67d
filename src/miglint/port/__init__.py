"""A migration for one engine written as one for the other: `choices` (types), `expressions` (by sqlglot), `objects` and
`changes` (what a statement does to the other schema), `script` (a whole migration), `placement` (where it goes)."""
