"""Operations run over a schema: steps, verdicts, variants, and who opens the transaction."""
