"""SQL from schemas: statements that create their objects, and those that lead from one schema to another."""
