"""What happens to one copy, from the check of its arguments to its deletion: the core, which knows no host."""
