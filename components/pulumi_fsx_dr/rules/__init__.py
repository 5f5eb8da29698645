"""Pure functions: which copies are declared, kept and deleted, and which permissions are needed."""
