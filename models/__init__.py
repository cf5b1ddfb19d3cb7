"""Small generative models in torch, one idea a file, each to be measured against the theory of `divergences`."""
