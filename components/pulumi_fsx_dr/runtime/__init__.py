"""Objects that the calls of one process share: Regions, copy queues, pollers, retries and registries."""
