"""`python -m simulator demo`: the whole life of a stack, without an AWS account."""
