"""What this package knows of Pulumi's engine and of its plugin host; nothing else here does."""
