"""The model of a copy: arguments, ownership, tags and state entry. Nothing in this package calls AWS."""
