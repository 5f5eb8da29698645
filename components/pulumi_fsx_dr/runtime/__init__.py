"""What the calls of one process share: Regions, copy queues, polls, retries and registries."""
