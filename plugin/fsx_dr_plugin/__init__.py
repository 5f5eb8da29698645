"""The provider plugin for programs in every Pulumi language: the second host of the core in `pulumi_fsx_dr`."""
