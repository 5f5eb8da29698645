"""What a copy is: its arguments, whose it is, its tags, and how the state describes it; pure, it asks nobody."""
