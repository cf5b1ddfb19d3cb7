"""The command line `fenchel`."""
