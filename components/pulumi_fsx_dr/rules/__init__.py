"""What is decided: which copies are declared, kept and let go, and what is allowed. Pure: facts in, decisions out."""
