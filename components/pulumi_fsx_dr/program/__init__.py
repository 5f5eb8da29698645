"""The part that runs in the user's program: its lookups, and the registration of its copies."""
