"""What runs in the user's program: what it looks up, what it declares, and what it records once the state holds it."""
