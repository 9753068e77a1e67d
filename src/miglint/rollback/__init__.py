"""The rollback manager: which rollbacks there are, where new ones are written and what they say, and the way back."""
