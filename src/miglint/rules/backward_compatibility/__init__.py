"""Rules about the application that runs while a migration is applied."""
