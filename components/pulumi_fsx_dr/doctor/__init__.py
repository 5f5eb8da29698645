"""The checks of `fsx-dr doctor`: facts from AWS, and what they mean for the first `pulumi up`."""
