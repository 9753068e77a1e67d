"""Operations run over a schema: steps, verdicts, variants, and the owner of the transaction."""
