"""The verifier: claims with derivations, two routes that check each step, the ledger, and the command `fenchel`."""
