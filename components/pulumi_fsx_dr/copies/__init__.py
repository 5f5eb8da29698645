"""What a copy is: its arguments, its owner, its tags, and its entry in the state. Nothing here calls AWS."""
