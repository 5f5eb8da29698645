"""The demo: the life of a stack, without an AWS account."""
