"""The checks of `fsx-dr doctor`: facts from AWS, and findings about the first `pulumi up`."""
