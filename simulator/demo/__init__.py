"""`python -m simulator demo`: a whole stack lifecycle, without an AWS account."""
