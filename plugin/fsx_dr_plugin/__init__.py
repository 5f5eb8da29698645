"""Provider plugin for programs in every Pulumi language. It uses the modules of `pulumi_fsx_dr`."""
