"""What the calls of one process share: Regions, slots, looks, time, and what is known of copies meanwhile."""
