"""Stand-ins for what is outside: the FSx service and, where the Pulumi CLI is absent, the engine."""
