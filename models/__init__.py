"""Small generative models in torch, one idea a file, each to be measured against the theory of `divergences`.

Import from the files: `nets` (perceptron, DCGAN's convolutions), `losses` and `penalties` (pure functions of scores
and of a critic), `estimator` (a critic between fixed distributions), `gan`, `fgan`, `dirac_gan`, `vae`, `ppca`, `flow`
with its layers (`transforms`, `coupling`, `spline`, `residual`), `ebm` with `langevin` and `score_matching`, `toy`
(densities whose truth is known), `metrics` (what is measured on a trained model), `train` and `checkpoint` (the one
loop).
"""
