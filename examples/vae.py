"""Does a variational autoencoder reach the likelihood that it bounds, and how fast does the bound tighten?

Four things that theory says to the last digit, and one network for which it says only an order.

1. The linear VAE is probabilistic PCA with its posterior learned. Training reaches pPCA's maximum likelihood, known
   from the eigenvalues l_1 >= l_2 >= ... of the data's covariance, and there its ELBO is tight. Held at a wrong
   sigma^2 it uses only the coordinates with l_i > sigma^2; each used one then carries log(l_i / sigma^2) / 2 nats, and
   its posterior means vary by 1 - sigma^2 / l_i. The rest collapse. beta acts as beta sigma^2 would.
2. ELBO(x) = log p(x) - KL(q || p(z|x)), sample by sample.
3. L_K = E log of the mean of K weights w = p(x, z)/q(z|x) grows to log p(x). With v = Var(w)/p(x)^2 =
   chi^2(p(z|x) || q) and m_3 = E(w/p - 1)^3, where the moments exist,
       log p(x) - L_K = v/(2K) + (3 v^2/4 - m_3/3)/K^2 + O(1/K^3),
   by expanding the logarithm. What is averaged is r - 1 - log r, r = mean(w)/p(x): E r = 1 (checked apart), so that
   r - 1 only takes away noise.
4. q = N(m, s^2), log p(x|z) = log N(x; wz, V): E_q log p(x|z) has the slope w (x - wm)/V in m and
   -w^2 s^2/(2V) in log s^2, by both estimators. With z = m + s e each is a polynomial in e, and so is its variance.
5. On binarised digits: ELBO <= L_50 <= L_5000, and all above the best model with independent pixels.

Sources: Tipping and Bishop (1999), eqs. (7) and (8); Lucas et al. (2019), section 4; Burda et al. (2016), theorem 1 and
(for "active") section 5.2; Maddison et al., "Filtering variational objectives" (2017), proposition 1; Kingma and
Welling (2014). The digits are scikit-learn's, which come with it.

    python examples/vae.py [--quick] [--steps N] [--seed N] [--out DIR]
"""

from __future__ import annotations

import math
from functools import partial
from typing import Any, NamedTuple

import torch
from _experiment import Options, Report, Row, figure, flat
from _experiment import main as experiment
from torch import Tensor
from torch.optim import Adam

import divergences as dv
from models.metrics import estimate
from models.nets import MLP
from models.ppca import PPCA, LinearVAE, maximum_log_likelihood, spectrum
from models.train import Trained, cosine, train
from models.vae import GRADIENTS, VAE, Bernoulli, Posterior, empirical

TITLE = "VAE: the linear one against probabilistic PCA, the bounds against log p, the two gradients"
DIM, LATENT, ROWS = 8, 3, 1000
SCALES = (2.5, 1.5, 1.0)  # of W's columns; with the noise's variance the eigenvalues 6.5, 2.5, 1.25
NOISE = 0.25
GAP = 0.01  # nats a dimension
ERRORS = 4.0  # standard errors that a measured mean may be away from its expectation
ACTIVE = 0.01  # variance of a posterior mean over the data from which its coordinate counts as used
HELD = ((0.5, 1.0), (1.7, 1.0), (4.0, 1.0), (9.0, 1.0), (0.5, 3.4))  # sigma^2 held, beta
SAMPLES = tuple(2**i for i in range(11))  # K of IWAE
RATE = 3e-2  # of Adam, for the linear VAE
LARGE = 32  # from this K on the slope is fitted


def run(options: Options) -> Report:
    rng = torch.Generator().manual_seed(options.seed)
    truth = PPCA(
        orthogonal(rng) * torch.tensor(SCALES).double(), torch.randn(DIM, generator=rng), NOISE
    )
    x = truth.sample(ROWS, rng)

    reached, curve = linear(x, options)
    collapsed, units = collapse(x, options)
    growth = iwae_growth(rng, blocks=200 if options.quick else 16_000)
    gradients = gradient_rows(rng, n=50_000 if options.quick else 1_000_000)
    digits = digit_rows(options)
    rows = flat([reached, collapsed, identity_rows(truth, x, rng), growth.rows, gradients, digits])

    best = maximum_log_likelihood(spectrum(x)[0], LATENT)
    made, axes = figure(2)
    alt = draw_growth(axes[0], growth) + " " + draw_curve(axes[1], curve, best)
    notes = [
        f"Rows that are means of random draws are allowed {ERRORS:g} standard errors; the table of the bounds lists "
        "these errors.",
        "The maximum of the likelihood is an upper end: the trained decoder must stay below it, its ELBO below the "
        "decoder's likelihood.",
        "The blocks of K draws are nested, so that L_K <= L_2K holds in the sample too, by Jensen's inequality; the "
        "digits' bounds are from draws of their own.",
        "The fitted slope belongs to finite K; its theory is the same fit through the two terms of the expansion.",
    ]
    tables = {
        "IWAE: the gap log p - L_K": growth.table,
        "sigma^2 held: which coordinates are used": units,
    }
    return Report(rows=rows, alt=alt, notes=notes, tables=tables, figure=made)


# --- 1. the linear VAE ------------------------------------------------------------------------------------------------


def orthogonal(rng: torch.Generator) -> Tensor:
    """Orthonormal columns in a random direction, (DIM, LATENT)."""
    return torch.linalg.qr(torch.randn(DIM, LATENT, generator=rng, dtype=torch.float64))[0]


def trained(vae: VAE, part: str, options: Options, steps: int) -> Trained:
    ended = train(
        vae,
        steps,
        seed=options.seed,
        folder=options.checkpoints(part),
        fabric=options.device,
        decay=cosine,
        log_every=max(steps // 60, 1),
    )
    vae.cpu()  # what follows is measured there
    return ended


def linear(x: Tensor, options: Options) -> tuple[list[Row], Trained]:
    """Both posteriors, each in nats a dimension beside pPCA's maximum."""
    best = maximum_log_likelihood(spectrum(x)[0], LATENT)
    rows, curve = [], None
    for posterior in ("diagonal", "full"):
        vae = LinearVAE(
            DIM,
            LATENT,
            empirical(x.float()),
            posterior=posterior,
            held_out=x.float(),
            optimizer=partial(Adam, lr=RATE),
            theory={"elbo": best, "log_likelihood": best},
        )
        ended = trained(vae, f"linear-{posterior}", options, options.steps)
        curve = curve or ended
        last = ended.history[-1]
        log_p, elbo = last["log_likelihood"], last["elbo"]
        name = f"linear VAE, {posterior} posterior"
        rows += [
            Row(f"{name}: log p a dimension", best / DIM, log_p / DIM, GAP),
            Row(f"{name}: ELBO a dimension", best / DIM, elbo / DIM, GAP),
            Row(f"{name}: log p, at most the maximum", best, log_p, 0.0, "<="),
            Row(f"{name}: ELBO, at most log p", log_p, elbo, 0.0, "<="),
        ]
    variance = PPCA.fit(x, LATENT).variance
    rows.append(
        Row("learned sigma^2 (full posterior)", variance, vae.ppca.variance, 0.02 * variance)
    )
    assert curve is not None
    return rows, curve


def collapse(x: Tensor, options: Options) -> tuple[list[Row], list[dict[str, Any]]]:
    """sigma^2 held where it is wrong, one latent coordinate more than the data have; and beta instead."""
    eigenvalues, _ = spectrum(x)
    latent = LATENT + 1
    rows, table = [], []
    for variance, beta in HELD:
        vae = LinearVAE(
            DIM,
            latent,
            empirical(x.float()),
            variance=variance,
            learned=False,
            beta=beta,
            held_out=x.float(),
            optimizer=partial(Adam, lr=RATE),
        )
        trained(vae, f"held-{variance:g}-{beta:g}", options, options.steps)
        q = vae.posterior(x.float())
        ratio = (eigenvalues[:latent] / (beta * variance)).clamp(min=1)
        activity = q.mean.detach().double().var(0, correction=0).sort(descending=True).values
        used, kl = int((activity > ACTIVE).sum()), q.kl().mean().item()
        name = f"sigma^2 held at {variance:g}" + (f", beta {beta:g}" if beta != 1 else "")
        rows += [
            Row(f"{name}: coordinates used", float((ratio > 1).sum()), float(used), 0.0),
            Row(f"{name}: KL(q || prior)", float(ratio.log().sum() / 2), kl, 0.02),
        ]
        table += [
            {
                "sigma^2": variance,
                "beta": beta,
                "eigenvalue": float(eigenvalues[i]),
                "variance of the mean, theory": float(1 - 1 / ratio[i]),
                "measured": float(activity[i]),
            }
            for i in range(latent)
        ]
    return rows, table


# --- 2. the identity --------------------------------------------------------------------------------------------------


def identity_rows(model: PPCA, x: Tensor, rng: torch.Generator) -> list[Row]:
    """ELBO = log p - KL(q || p(z|x)), a random q for each x; and every weight is p(x) where q is the posterior."""
    means, covariance = model.posterior(x)
    mean = means + torch.randn(means.shape, generator=rng)
    root = torch.randn(len(x), LATENT, LATENT, generator=rng, dtype=torch.float64)
    q = root @ root.mT + 0.1 * torch.eye(LATENT)
    exact = model.log_prob(x) - dv.gaussian.kl(mean, q, means, covariance[None])
    error = (model.elbo(x, mean, q) - exact).abs().max().item()

    vae = LinearVAE(DIM, LATENT, empirical(x), posterior="full").double()
    vae.become(model)
    with torch.no_grad():
        off = (vae.log_weights(x, 16, rng) - model.log_prob(x)).abs().max().item()
    return [
        Row("ELBO = log p - KL(q||p(z|x)): largest error of 1000", 0.0, error, 1e-11),
        Row("q = p(z|x): |log w - log p|, largest of 16000", 0.0, off, 1e-11),
    ]


# --- 3. the growth of IWAE --------------------------------------------------------------------------------------------


class Growth(NamedTuple):
    rows: list[Row]
    table: list[dict[str, Any]]
    gaps: list[float]
    first: float  # v/2
    second: float  # 3 v^2/4 - m_3/3


def imperfect(model: PPCA, rng: torch.Generator) -> LinearVAE:
    """The posterior's means pulled in by a fifth and shifted, its deviations a fifth too wide, so that w is bounded."""
    vae = LinearVAE(
        len(model.mean), model.weight.shape[1], empirical(model.mean[None]), posterior="full"
    ).double()
    vae.become(model)
    with torch.no_grad():
        vae.encoder.mean.weight *= 0.8
        vae.encoder.mean.bias *= 0.8
        vae.encoder.mean.bias += 0.2
        vae.encoder.rest[: vae.latent] += 2 * math.log(1.2)  # log variances
        vae.encoder.rest[vae.latent :] *= 1.2
    return vae


def iwae_growth(rng: torch.Generator, blocks: int) -> Growth:
    """The gap at each K, from the same weights grouped into blocks of K; 8 data, 2 latent coordinates."""
    weight = torch.tensor([[1.0, 0.3], [-0.5, 0.8], [0.2, 0.6]]).double()
    model = PPCA(weight, torch.tensor([0.5, 0.0, -1.0]), 0.5)
    x = model.sample(8, rng)
    vae = imperfect(model, rng)
    log_p = model.log_prob(x)

    with torch.no_grad():
        q = vae.posterior(x)
    covariance = q.lower @ q.lower.mT
    means, exact = model.posterior(x)
    pair = (means, exact[None], q.mean, covariance)
    v = dv.gaussian.chi2(*pair)
    third = (2 * dv.gaussian.renyi(*pair, 3.0)).exp() - 3 * (1 + v) + 2  # E (w/p - 1)^3
    first, second = float(v.mean() / 2), float((3 * v**2 / 4 - third / 3).mean())

    rounds = 10
    top = SAMPLES[-1]
    gaps: dict[int, list[Tensor]] = {k: [] for k in SAMPLES}
    plain: dict[int, list[Tensor]] = {k: [] for k in SAMPLES}
    squares, ones = [], []
    for _ in range(blocks // rounds):
        many = x.repeat(rounds, 1)
        with torch.no_grad():
            log_r = vae.log_weights(many, top, rng) - log_p.repeat(rounds)  # (top, rounds * 8)
        r = log_r.exp()
        ones.append(r.mean())
        squares.append((r - 1).square().mean())
        for k in SAMPLES:
            mean = r.unflatten(0, (top // k, k)).mean(1)
            gaps[k].append((mean - 1 - mean.log()).mean())  # one value for each round of blocks
            plain[k].append(-mean.log().mean())

    found = {k: estimate(torch.stack(values)) for k, values in gaps.items()}
    rough = {k: estimate(torch.stack(values)) for k, values in plain.items()}
    mean_one, variance = estimate(torch.stack(ones)), estimate(torch.stack(squares))
    ks = torch.tensor([float(k) for k in SAMPLES if k >= LARGE]).double()
    each = torch.stack([torch.stack(gaps[int(k)]) for k in ks])  # (K, repetitions)
    slopes = slope(ks, each.unflatten(1, (10, -1)).mean(-1))
    fitted = slope(ks, each.mean(1, keepdim=True)).item()
    expected = slope(ks, (first / ks + second / ks**2)[:, None]).item()
    at_top, error = top * found[top].mean, top * found[top].standard_error
    one_term = float(dv.gaussian.kl(q.mean, covariance, means, exact[None]).mean())
    rows = [
        Row("E w / p(x)", 1.0, mean_one.mean, ERRORS * mean_one.standard_error),
        Row(
            "Var(w)/p^2 = chi^2(p(z|x)||q)",
            2 * first,
            variance.mean,
            ERRORS * variance.standard_error,
        ),
        Row(
            "log p - L_1 = KL(q||p(z|x))", one_term, found[1].mean, ERRORS * found[1].standard_error
        ),
        Row(
            "slope of log gap in log K, K >= 32",
            expected,
            fitted,
            ERRORS * estimate(slopes.flatten()).standard_error,
        ),
        Row("the same beside its limit", -1.0, fitted, 0.02),
        Row("K (log p - L_K) at K = 1024, beside v/2", first, at_top, 0.02 * first),
        Row("the same, with the second term", first + second / top, at_top, ERRORS * error),
        Row(
            "log p - L_K at K = 1024, without r - 1",
            first / top + second / top**2,
            rough[top].mean,
            ERRORS * rough[top].standard_error,
        ),
    ]
    table = [
        {
            "K": k,
            "v/(2K)": first / k,
            "with 1/K^2": first / k + second / k**2,
            "gap": found[k].mean,
            "error": found[k].standard_error,
            "without r - 1": rough[k].mean,
            "its error": rough[k].standard_error,
        }
        for k in SAMPLES
    ]
    return Growth(rows, table, [found[k].mean for k in SAMPLES], first, second)


def slope(k: Tensor, gaps: Tensor) -> Tensor:
    """Least-squares slopes of log gap on log K, one for each column of gaps (K, n)."""
    centred = k.log() - k.log().mean()
    return (centred[:, None] * gaps.log()).sum(0) / centred.square().sum()


# --- 4. the two gradients ---------------------------------------------------------------------------------------------

X, M, S, W, V = 1.5, 0.4, 0.7, 1.2, 0.5


class Moments(NamedTuple):
    mean: float
    variance: float


def exact_moments() -> dict[tuple[str, str], Moments]:
    """Mean and variance of one draw's gradient, by estimator and parameter.

    log p(x|z) = A + B e + C e^2 in e = (z - m)/s. Reparametrised, d/dm is (B + 2 C e)/s and d/dlog s^2 is (B e + 2 C
    e^2)/2; by the score function they are (A + B e + C e^2) times e/s and (e^2 - 1)/2. E e^2, e^4, ... = 1, 3, 15, 105.
    """
    u = X - W * M
    a = -(u**2 / V + math.log(2 * math.pi * V)) / 2
    b, c = W * S * u / V, -((W * S) ** 2) / (2 * V)
    score_m = a**2 + 6 * a * c + 2 * b**2 + 15 * c**2
    score_s = 2 * a**2 + 10 * (b**2 + 2 * a * c) + 78 * c**2 - (2 * c) ** 2
    return {
        ("reparametrised", "m"): Moments(b / S, (2 * c / S) ** 2),
        ("score_function", "m"): Moments(b / S, score_m / S**2),
        ("reparametrised", "log s^2"): Moments(c, b**2 / 4 + 2 * c**2),
        ("score_function", "log s^2"): Moments(c, score_s / 4),
    }


def gradient_rows(rng: torch.Generator, n: int) -> list[Row]:
    """n gradients of one draw each, by autograd through the estimators that the VAE trains with."""
    exact, rows, variances = exact_moments(), [], {}
    for name, estimator in GRADIENTS.items():
        mean = torch.full((n, 1), M, dtype=torch.float64, requires_grad=True)
        log_variance = torch.full((n, 1), 2 * math.log(S), dtype=torch.float64, requires_grad=True)

        def log_likelihood(z: Tensor) -> Tensor:
            return -((X - W * z) ** 2 / V + math.log(2 * math.pi * V)).sum(-1) / 2

        value = estimator(Posterior(mean, log_variance), log_likelihood, 1, rng)
        found = torch.autograd.grad(value.sum(), (mean, log_variance))
        for parameter, gradient in zip(("m", "log s^2"), found, strict=True):
            theory, label = exact[name, parameter], f"d/d{parameter}, {name.replace('_', ' ')}"
            average = estimate(gradient.flatten())
            spread = estimate((gradient.flatten() - theory.mean).square())
            variances[name, parameter] = spread
            rows += [
                Row(f"{label}: mean", theory.mean, average.mean, ERRORS * average.standard_error),
                Row(
                    f"{label}: variance",
                    theory.variance,
                    spread.mean,
                    ERRORS * spread.standard_error,
                ),
            ]
    for parameter in ("m", "log s^2"):
        score, path = (("score_function", parameter), ("reparametrised", parameter))
        theory = exact[score].variance / exact[path].variance
        ratio = variances[score].mean / variances[path].mean
        error = math.hypot(
            *(variances[key].standard_error / variances[key].mean for key in (score, path))
        )
        label = f"d/d{parameter}: variance, score / reparametrised"
        rows.append(Row(label, theory, ratio, ERRORS * error * ratio))
    return rows


# --- 5. digits --------------------------------------------------------------------------------------------------------


def digit_rows(options: Options) -> list[Row]:
    """8 x 8 digits, ink or no ink, 1397 to train and 400 to test."""
    from sklearn.datasets import load_digits

    rng = torch.Generator().manual_seed(options.seed)
    x = torch.tensor(load_digits().data >= 8).float()
    x = x[torch.randperm(len(x), generator=rng)]
    x, test = x[:-400], x[-400:]
    latent = 8
    vae = VAE(
        MLP(64, 2 * latent, (128,)),
        MLP(latent, 64, (128,)),
        empirical(x),
        latent,
        Bernoulli(),
        held_out=test,
        optimizer=partial(Adam, lr=2e-3),
    )
    trained(vae, "digits", options, options.steps)
    independent = (x.mean(0) * len(x) + 1) / (len(x) + 2)  # Laplace: no pixel is impossible
    without = torch.distributions.Bernoulli(independent).log_prob(test).sum(-1).mean().item()
    with torch.no_grad():
        elbo = vae.elbo(test, rng, samples=50).mean().item()
        fifty = vae.iwae(test, 50, rng).mean().item()
    many = 500 if options.quick else 5000
    log_p = vae.log_likelihood(test, many, rng).value.mean().item()
    return [
        Row("digits: ELBO, above independent pixels", without, elbo, 0.0, ">="),
        Row("digits: ELBO, at most L_50", fifty, elbo, 0.0, "<="),
        Row(f"digits: L_50, at most L_{many}", log_p, fifty, 0.0, "<="),
    ]


# --- the picture ------------------------------------------------------------------------------------------------------


def draw_growth(axis: Any, growth: Growth) -> str:
    k = torch.tensor(SAMPLES).double()
    axis.loglog(k, growth.first / k, color="0.6", label="v/(2K), v = Var(w)/p²")
    axis.loglog(k, growth.first / k + growth.second / k**2, "k--", lw=1, label="with the 1/K² term")
    axis.loglog(k, growth.gaps, "o", ms=4, color="C0", label="measured")
    axis.set(xlabel="K", ylabel="log p − L_K (nats)", title="IWAE's gap falls as 1/K")
    axis.legend(fontsize=8)
    return (
        f"Left, on logarithmic axes: the gap of the IWAE bound against K = 1 to {SAMPLES[-1]} falls from "
        f"{growth.gaps[0]:.2g} to {growth.gaps[-1]:.2g} nats and lies on the predicted line of slope -1 for large K."
    )


def draw_curve(axis: Any, curve: Trained, best: float) -> str:
    steps = [line["step"] for line in curve.history]
    for name, label in (("log_likelihood", "log p of the decoder"), ("elbo", "ELBO")):
        axis.semilogy(steps, [best - line[name] for line in curve.history], label=label)
    axis.axhline(GAP * DIM, color="0.6", ls=":", label=f"{GAP} nat a dimension")
    axis.set(
        xlabel="step", ylabel="below pPCA's maximum (nats)", title="The linear VAE reaches pPCA"
    )
    axis.legend(fontsize=8)
    start, last = curve.history[0], curve.history[-1]
    return (
        f"Right: in training, how far the linear VAE is below pPCA's maximum {best:.3f} nats: its ELBO from "
        f"{best - start['elbo']:.2g} to {best - last['elbo']:.2g}, its decoder's exact log-likelihood to "
        f"{best - last['log_likelihood']:.2g} nats, both under the dotted line at {GAP} nat a dimension."
    )


def main(arguments: list[str] | None = None) -> Report:
    return experiment("vae", TITLE, run, steps=4000, quick_steps=400, arguments=arguments)


if __name__ == "__main__":
    main()
