"""A simulator of AWS, a demo, and a fake Pulumi engine for machines without the Pulumi CLI."""
