"""The VAE and pPCA: their distributions, bounds and gradients against closed forms that do not share their code."""

import math
from functools import partial

import numpy as np
import pytest
import torch
from scipy import optimize, stats
from sklearn.decomposition import PCA
from torch import Tensor

import divergences as dv
from models.metrics import estimate
from models.nets import MLP
from models.ppca import PPCA, LinearVAE, maximum_log_likelihood, spectrum
from models.vae import (
    GRADIENTS,
    POSTERIORS,
    VAE,
    Bernoulli,
    Gaussian,
    Likelihood,
    Posterior,
    empirical,
)

D, K = 4, 2
close = partial(torch.testing.assert_close, rtol=1e-10, atol=1e-10)


@pytest.fixture
def rng() -> torch.Generator:
    return torch.Generator().manual_seed(7)


def gaussian(*shape: int, rng: torch.Generator) -> Tensor:
    return torch.randn(shape, generator=rng, dtype=torch.float64)


def posterior(name: str, n: int, latent: int, rng: torch.Generator) -> Posterior:
    row = POSTERIORS[name]
    return row.read(gaussian(n, row.width(latent), rng=rng), latent)


def model(rng: torch.Generator, d: int = D, k: int = K) -> PPCA:
    return PPCA(gaussian(d, k, rng=rng), gaussian(d, rng=rng), 0.3)


def network(name: str, likelihood: Likelihood, x: Tensor, **further: object) -> VAE:
    torch.manual_seed(1)
    width = POSTERIORS[name].width(K)
    return VAE(
        MLP(D, width, (5,), torch.nn.Tanh),
        MLP(K, D, (5,), torch.nn.Tanh),
        empirical(x),
        K,
        likelihood,
        posterior=name,
        **further,  # type: ignore[arg-type]
    ).double()


# --- posteriors -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", POSTERIORS)
def test_posterior_against_the_multivariate_normal(name: str, rng: torch.Generator) -> None:
    q = posterior(name, 6, 3, rng)
    covariance = q.lower @ q.lower.mT
    z = gaussian(5, 6, 3, rng=rng)
    oracle = torch.distributions.MultivariateNormal(q.mean, covariance)
    close(q.log_prob(z), oracle.log_prob(z))
    close(
        q.kl(),
        dv.gaussian.kl(q.mean, covariance, torch.zeros(6, 3).double(), torch.eye(3).double()[None]),
    )
    drawn = q.sample(4, torch.Generator().manual_seed(3))
    e = gaussian(4, 6, 3, rng=torch.Generator().manual_seed(3))
    close(drawn, q.mean + torch.einsum("nij,knj->kni", q.lower, e))


def test_full_posterior_has_no_entry_twice(rng: torch.Generator) -> None:
    q = posterior("full", 2, 4, rng)
    assert q.below is not None
    assert (q.below.triu() == 0).all()
    assert len(q.below[0].unique()) == 1 + 6  # zero, and six different entries


def test_kl_keeps_its_digits_beside_the_prior() -> None:
    tiny = torch.tensor([[1e-9]]).double()
    assert Posterior(tiny, 0 * tiny).kl().item() == pytest.approx(5e-19, rel=1e-12)
    assert Posterior(0 * tiny, 0 * tiny).kl().item() == 0
    assert Posterior(0 * tiny, 0 * tiny - math.inf).kl().item() == math.inf


# --- likelihoods ------------------------------------------------------------------------------------------------------


def test_likelihoods_against_torch_distributions(rng: torch.Generator) -> None:
    output, x = gaussian(3, 5, 1, 2, 2, rng=rng), gaussian(5, 1, 2, 2, rng=rng)
    normal = torch.distributions.Normal(output, math.sqrt(0.3))
    row = Gaussian(0.3).double()
    assert row.log_prob(x, output).shape == (3, 5)
    torch.testing.assert_close(
        row.log_prob(x, output), normal.log_prob(x).sum((2, 3, 4)), rtol=1e-7, atol=1e-6
    )
    ink = (x > 0).double()
    bernoulli = torch.distributions.Bernoulli(
        logits=40 * output
    )  # far beyond where sigmoid is 0 or 1
    close(Bernoulli().log_prob(ink, 40 * output), bernoulli.log_prob(ink).sum((2, 3, 4)))


def test_bernoulli_probabilities_sum_to_one(rng: torch.Generator) -> None:
    all_images = torch.cartesian_prod(*[torch.tensor([0.0, 1.0]).double()] * 4)
    log_p = Bernoulli().log_prob(all_images, gaussian(4, rng=rng).expand(1, 16, 4))
    assert log_p.exp().sum().item() == pytest.approx(1, abs=1e-14)


@pytest.mark.parametrize("learned", [True, False])
def test_variance_is_learned_or_not(learned: bool) -> None:
    row = Gaussian(0.3, learned=learned)
    assert row.variance == pytest.approx(0.3, rel=1e-6)
    assert len(list(row.parameters())) == learned
    assert "log_variance" in row.state_dict()


# --- pPCA -------------------------------------------------------------------------------------------------------------


def test_ppca_density_and_posterior(rng: torch.Generator) -> None:
    m = model(rng)
    x = m.sample(50, rng)
    w, c = m.weight.numpy(), m.weight.numpy() @ m.weight.numpy().T + 0.3 * np.eye(D)
    np.testing.assert_allclose(
        m.log_prob(x), stats.multivariate_normal(m.mean, c).logpdf(x), rtol=1e-10
    )
    means, covariance = m.posterior(x)  # against conditioning of the joint Gaussian of z and x
    gain = w.T @ np.linalg.inv(c)
    np.testing.assert_allclose(means, (x - m.mean).numpy() @ gain.T, rtol=1e-9, atol=1e-12)
    np.testing.assert_allclose(covariance, np.eye(K) - gain @ w, rtol=1e-9, atol=1e-12)


def test_samples_of_the_linear_vae_have_ppcas_covariance(rng: torch.Generator) -> None:
    m = model(rng)
    vae = LinearVAE(D, K, empirical(m.mean[None])).double()
    vae.become(m)
    n, c = 100_000, m.covariance
    for x in (vae.sample(n, rng), m.sample(n, rng)):
        error = ((c.diagonal()[:, None] * c.diagonal() + c**2) / n).sqrt()  # Isserlis
        assert ((torch.cov(x.T) - c).abs() < 5 * error).all()
        assert ((x.mean(0) - m.mean).abs() < 5 * (c.diagonal() / n).sqrt()).all()


def test_maximum_likelihood_against_scikit_learn(rng: torch.Generator) -> None:
    x = model(rng, 6, 3).sample(60, rng)
    ours = PPCA.fit(x, 3)
    theirs = PCA(3, svd_solver="full").fit(x.numpy())  # divides by n - 1
    np.testing.assert_allclose(
        ours.covariance, theirs.get_covariance() * 59 / 60, rtol=1e-9, atol=1e-12
    )
    assert ours.log_prob(x).mean().item() >= theirs.score(x.numpy())
    gram = ours.weight.mT @ ours.weight
    close(gram, torch.diag(gram.diagonal()))


@pytest.mark.parametrize(("variance", "used"), [(None, 2), (0.5, 2), (3.5, 1), (20.0, 0)])
def test_maximum_likelihood_against_a_search(variance: float | None, used: int) -> None:
    """A quasi-Newton search from several starts finds the closed form's maximum, and nothing above it."""
    rng = torch.Generator().manual_seed(0)
    w = torch.tensor([[2.0, 0.0], [1.0, 1.0], [0.0, 1.0], [0.5, -1.0]]).double()
    x = PPCA(w, torch.zeros(4), 0.3).sample(200, rng)
    sample_covariance = np.cov(x.numpy().T, bias=True)

    def minus_log_likelihood(parameters: np.ndarray) -> tuple[float, np.ndarray]:
        p = torch.tensor(parameters, requires_grad=True)
        s = p[8].exp() if variance is None else torch.tensor(variance).double()
        c = p[:8].view(4, 2) @ p[:8].view(4, 2).T + s * torch.eye(4)
        inner = torch.linalg.solve(c, torch.tensor(sample_covariance)).trace()
        value = (4 * math.log(2 * math.pi) + torch.logdet(c) + inner) / 2
        value.backward()
        assert p.grad is not None
        return value.item(), p.grad.numpy()

    starts = gaussian(5, 9, rng=rng).numpy()
    best = min(
        optimize.minimize(minus_log_likelihood, start, jac=True, tol=1e-10).fun for start in starts
    )
    fitted = PPCA.fit(x, 2, variance)
    assert fitted.log_prob(x).mean().item() == pytest.approx(-best, abs=1e-7)
    assert maximum_log_likelihood(spectrum(x)[0], 2, variance) == pytest.approx(-best, abs=1e-7)
    assert int((fitted.weight.norm(dim=0) > 0).sum()) == used


def test_spectrum_with_fewer_rows_than_columns(rng: torch.Generator) -> None:
    x = gaussian(3, 5, rng=rng)
    values, vectors = spectrum(x)
    close(vectors.mT @ vectors, torch.eye(5).double())
    close(vectors * values @ vectors.mT, torch.cov(x.T, correction=0))


# --- bounds -----------------------------------------------------------------------------------------------------------


def test_elbo_is_log_p_minus_the_divergence_from_the_posterior(rng: torch.Generator) -> None:
    m = model(rng)
    x = m.sample(100, rng)
    means, covariance = m.posterior(x)
    q = posterior("full", 100, K, rng)
    own = q.lower @ q.lower.mT
    expected = m.log_prob(x) - dv.gaussian.kl(q.mean, own, means, covariance[None])
    torch.testing.assert_close(m.elbo(x, q.mean, own), expected, rtol=1e-11, atol=1e-11)


def test_every_bound_is_log_p_at_the_true_posterior(rng: torch.Generator) -> None:
    m = model(rng)
    x = m.sample(20, rng)
    vae = LinearVAE(D, K, empirical(x), posterior="full").double()
    vae.become(m)
    log_p = m.log_prob(x)
    close(vae.ppca.log_prob(x), log_p)
    close(vae.log_weights(x, 9, rng), log_p.expand(9, -1))  # no variance at all
    close(vae.iwae(x, 9, rng), log_p)
    close(vae.exact_elbo(x), log_p)
    found = vae.log_likelihood(x, 9, rng, chunk=4)
    close(found.value, log_p)
    assert found.standard_error.max().item() < 1e-6


@pytest.mark.parametrize("name", POSTERIORS)
def test_the_diagonal_posterior_is_exact_at_the_maximum_only(
    name: str, rng: torch.Generator
) -> None:
    m = model(rng)
    x = m.sample(200, rng)
    vae = LinearVAE(D, K, empirical(x), posterior=name).double()
    vae.become(PPCA.fit(x, K))  # orthogonal columns
    close(vae.exact_elbo(x), vae.ppca.log_prob(x))
    vae.become(m)  # columns that are not
    gap = (vae.ppca.log_prob(x) - vae.exact_elbo(x)).mean().item()
    assert gap == pytest.approx(0, abs=1e-12) if name == "full" else gap > 0.01
    best = vae.exact_elbo(x).mean().item()
    for parameter in vae.encoder.parameters():  # and no other encoder of its kind is better
        for sign in (1, -1):
            with torch.no_grad():
                parameter += sign * 1e-2
            assert vae.exact_elbo(x).mean().item() < best
            with torch.no_grad():
                parameter -= sign * 1e-2


@pytest.mark.parametrize("name", POSTERIORS)
def test_sampled_bounds_against_their_expectations(name: str, rng: torch.Generator) -> None:
    """E of the ELBO is exact_elbo; L_1 too; E w = p(x); and log_likelihood's error is sqrt(chi^2(p(z|x)||q) / K)."""
    m = model(rng)
    vae = LinearVAE(D, K, empirical(m.mean[None]), posterior=name).double()
    vae.become(m)
    with torch.no_grad():
        vae.encoder.mean.bias += 0.3
        vae.encoder.rest[:K] = (
            1.5 * torch.linalg.eigvalsh(m.posterior(m.mean[None])[1]).max()
        ).log()
        vae.encoder.rest[K:] = 0.05
    x = m.sample(1, rng)
    many = x.expand(50_000, D)
    log_p, exact = m.log_prob(x).item(), vae.exact_elbo(x).item()
    with torch.no_grad():
        elbo, l_1 = estimate(vae.elbo(many, rng)), estimate(vae.iwae(many, 1, rng))
        weight = estimate((vae.log_weights(many, 1, rng)[0] - log_p).exp())
        l_5, l_10 = (estimate(vae.iwae(many, k, rng)) for k in (5, 10))
    for found, expected in ((elbo, exact), (l_1, exact), (weight, 1.0)):
        assert abs(found.mean - expected) < 5 * found.standard_error
    assert exact < l_5.mean < l_10.mean < log_p  # gaps of some 0.1 nats, errors of some 0.002
    found = vae.log_likelihood(x, 100_000, rng, chunk=10_000)
    assert abs(found.value.item() - log_p) < 5 * found.standard_error.item()
    with torch.no_grad():
        q = vae.posterior(x)
    means, covariance = m.posterior(x)
    wider = torch.linalg.eigvalsh(q.lower[0] @ q.lower[0].mT - covariance)
    assert wider.min() > 0  # in every direction: the weights are bounded, all their moments exist
    chi2 = dv.gaussian.chi2(means, covariance[None], q.mean, q.lower @ q.lower.mT).item()
    assert found.standard_error.item() == pytest.approx(math.sqrt(chi2 / 100_000), rel=0.03)


def test_chunks_change_no_more_than_the_draws(rng: torch.Generator) -> None:
    x = gaussian(6, D, rng=rng)
    vae = network("diagonal", Gaussian(), x)
    with torch.no_grad():
        whole = vae.iwae(x, 50, torch.Generator().manual_seed(2))
    close(vae.log_likelihood(x, 50, torch.Generator().manual_seed(2), chunk=50).value, whole)
    twice = torch.Generator().manual_seed(2)
    with torch.no_grad():
        parts = torch.cat([vae.log_weights(x, k, twice) for k in (20, 20, 10)])
    found = vae.log_likelihood(x, 50, torch.Generator().manual_seed(2), chunk=20)
    close(found.value, parts.logsumexp(0) - math.log(50))
    w = parts.exp()
    close(found.standard_error, w.std(0) / w.mean(0) / math.sqrt(50))


# --- gradients --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", POSTERIORS)
@pytest.mark.parametrize("bound", ["elbo", "iwae"])
@pytest.mark.parametrize("likelihood", [Gaussian, Bernoulli])
def test_gradient_against_finite_differences(
    name: str, bound: str, likelihood: type[Likelihood], rng: torch.Generator
) -> None:
    """The same draws at the moved parameters: the bound is a smooth function of them."""
    x = (gaussian(7, D, rng=rng) > 0).double()
    vae = network(name, likelihood(), x)
    parameters = list(vae.parameters())
    direction = [gaussian(*p.shape, rng=rng) for p in parameters]

    def value() -> Tensor:
        draws = torch.Generator().manual_seed(5)
        return (vae.elbo(x, draws, 3) if bound == "elbo" else vae.iwae(x, 3, draws)).mean()

    def moved(step: float) -> float:
        with torch.no_grad():
            for p, d in zip(parameters, direction, strict=True):
                p += step * d
            result = value().item()
            for p, d in zip(parameters, direction, strict=True):
                p -= step * d
        return result

    gradients = torch.autograd.grad(value(), parameters)
    slope = sum((g * d).sum().item() for g, d in zip(gradients, direction, strict=True))
    h = 1e-4
    assert slope == pytest.approx((moved(h) - moved(-h)) / (2 * h), rel=1e-6, abs=1e-8)


@pytest.mark.parametrize("name", POSTERIORS)
@pytest.mark.parametrize("estimator", GRADIENTS)
def test_both_estimators_against_the_exact_gradient(
    name: str, estimator: str, rng: torch.Generator
) -> None:
    """E_q f for f(z) = -|x - Wz|^2/2: d/dmean = W'(x - W mean), d/dL = -W'W L, lower triangle."""
    n, w, x = 200_000, gaussian(3, K, rng=rng), gaussian(3, rng=rng)
    row = POSTERIORS[name]
    one = 0.5 * gaussian(1, row.width(K), rng=rng)
    output = one.repeat(n, 1).requires_grad_()
    q = row.read(output, K)

    def f(z: Tensor) -> Tensor:
        return -(x - z @ w.T).square().sum(-1) / 2

    value = GRADIENTS[estimator](q, f, 1, torch.Generator().manual_seed(1))
    close(value, f(q.sample(1, torch.Generator().manual_seed(1))))
    (found,) = torch.autograd.grad(value.sum(), output)
    at = row.read(one, K)
    by_lower = -(w.T @ w @ at.lower[0])
    exact = [*(w.T @ (x - w @ at.mean[0])), *(by_lower.diagonal() * at.lower[0].diagonal() / 2)]
    exact += [by_lower[1, 0]] if name == "full" else []
    for column, expected in zip(found.T, exact, strict=True):
        mean = estimate(column)
        assert abs(mean.mean - expected.item()) < 5 * mean.standard_error


def test_score_function_gives_the_decoder_its_own_gradient(rng: torch.Generator) -> None:
    """The same draws: the value is the same, and so is the decoder's gradient."""
    x = gaussian(7, D, rng=rng)
    results = []
    for name in GRADIENTS:
        vae = network("diagonal", Gaussian(), x, gradient=name)
        elbo = vae.elbo(x, torch.Generator().manual_seed(5)).mean()
        decoder = torch.autograd.grad(elbo, list(vae.decoder.parameters()))
        results.append([elbo.detach(), *decoder])
    for a, b in zip(*results, strict=True):
        close(a, b)


def test_beta_is_a_variance(rng: torch.Generator) -> None:
    """The loss at (variance, beta) is beta times the one at (beta variance, 1), up to a constant."""
    x, beta = gaussian(64, D, rng=rng), 3.0
    gradients = []
    for variance, weight in ((0.2, beta), (0.2 * beta, 1.0)):
        vae = network("diagonal", Gaussian(variance, learned=False), x, beta=weight)
        loss = vae.loss("model", torch.Generator().manual_seed(5))
        gradients.append(torch.autograd.grad(loss, list(vae.parameters())))
    for a, b in zip(*gradients, strict=True):
        torch.testing.assert_close(a, beta * b, rtol=1e-6, atol=1e-8)


# --- data and wrong input ---------------------------------------------------------------------------------------------


def test_empirical_draws_each_row_as_often(rng: torch.Generator) -> None:
    x = torch.arange(10.0)[:, None]
    counts = empirical(x)(10_000, rng).flatten().long().bincount(minlength=10)
    assert stats.chisquare(counts.numpy()).pvalue > 1e-4


def test_held_out_data_are_no_part_of_a_checkpoint(rng: torch.Generator) -> None:
    x = gaussian(5, D, rng=rng)
    vae = network("diagonal", Gaussian(), x, held_out=x)
    assert "held_out" not in vae.state_dict()
    assert set(vae.measure(rng)) == {"elbo", "kl"}


def tiny(**changes: object) -> VAE:
    arguments: dict[str, object] = {"latent": K, "likelihood": Gaussian()} | changes
    networks = [
        arguments.pop("encoder", MLP(D, 2 * K, ())),
        arguments.pop("decoder", MLP(K, D, ())),
    ]
    return VAE(*networks, empirical(torch.zeros(1, D)), **arguments)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"latent": 0}, "`latent` must be a positive integer"),
        ({"samples": 2.0}, "`samples`"),
        ({"batch": True}, "`batch`"),
        ({"beta": -1.0}, "`beta` must be finite and not negative"),
        ({"beta": math.nan}, "`beta`"),
        ({"posterior": "ful"}, "one of diagonal, full. Got 'ful'"),
        ({"gradient": "reinforce"}, "one of reparametrised, score_function"),
    ],
)
def test_wrong_settings(changes: dict[str, object], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        tiny(**changes)


@pytest.mark.parametrize(
    ("changes", "x", "words"),
    [
        ({}, [[0.0] * D], "floating tensor.*Got list"),
        ({}, torch.zeros(3, D, dtype=torch.long), "int64"),
        ({}, torch.zeros(D), r"Got torch.float32 \(4,\)"),
        ({}, torch.zeros(0, D), "n at least 1"),
        ({}, torch.zeros(3, D).double(), "must be torch.float32 as the networks are"),
        ({}, torch.full((3, D), math.nan), "finite"),
        ({}, torch.zeros(3, D + 1), "cannot take an input of shape"),
        ({"decoder": MLP(K, 1, ())}, torch.zeros(3, D), r"decoder must return \(4,\).*Got \(1,\)"),
        ({"posterior": "full"}, torch.zeros(3, D), r"encoder must return the shape \(3, 5\)"),
        (
            {"likelihood": Bernoulli()},
            torch.full((3, D), 0.5),
            "make grey values binary.* 12 of 12",
        ),
        (
            {"likelihood": Bernoulli()},
            torch.full((3, D), 255.0),
            "0 or 1.*neither, the first is 255",
        ),
        ({"likelihood": Bernoulli()}, torch.full((3, D), math.nan), "0 or 1.*nan"),
    ],
)
def test_wrong_data(
    changes: dict[str, object], x: Tensor, words: str, rng: torch.Generator
) -> None:
    vae = tiny(**changes)
    for method in (vae.elbo, partial(vae.log_likelihood, samples=2), partial(vae.iwae, k=2)):
        with pytest.raises(ValueError, match=words):
            method(x, rng=rng)


def test_wrong_counts(rng: torch.Generator) -> None:
    vae, x = tiny(), torch.zeros(2, D)
    for call in (
        lambda: vae.iwae(x, 0, rng),
        lambda: vae.elbo(x, rng, samples=0),
        lambda: vae.log_likelihood(x, 1, rng),
        lambda: vae.log_likelihood(x, 5, rng, chunk=0),
        lambda: vae.sample(0, rng),
        lambda: empirical(torch.zeros(0, 2)),
        lambda: Gaussian(0.0),
        lambda: Gaussian(math.inf),
    ):
        with pytest.raises(ValueError, match="Got"):
            call()


@pytest.mark.parametrize(
    ("x", "latent", "variance", "words"),
    [
        (torch.zeros(5), 1, None, "floating tensor"),
        (torch.full((5, 3), math.inf), 1, None, "finite"),
        (torch.eye(3), 3, None, "below the dimension 3"),
        (torch.eye(3), 4, 1.0, "at most the dimension 3"),
        (torch.eye(3), 0, None, "positive integer"),
        (torch.eye(3), 1, -1.0, "`variance` must be positive"),
        (torch.eye(3), 2, None, "rank 2 or less.*unbounded"),  # three points lie in a plane
        (torch.ones(5, 3), 1, None, "rank 1 or less"),
    ],
)
def test_wrong_fit(x: Tensor, latent: int, variance: float | None, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        PPCA.fit(x, latent, variance)


def test_wrong_ppca(rng: torch.Generator) -> None:
    m = model(rng)
    vae = LinearVAE(D, K + 1, empirical(m.mean[None]))
    for call in (
        lambda: PPCA(torch.zeros(3, 2), torch.zeros(2), 1.0),
        lambda: PPCA(torch.zeros(3, 2), torch.zeros(3), 0.0),
        lambda: m.log_prob(torch.zeros(5, D + 1)),
        lambda: m.posterior(torch.zeros(D)),
        lambda: m.elbo(torch.zeros(5, D), torch.zeros(5, K + 1), torch.eye(K)),
        lambda: m.sample(0, rng),
        lambda: vae.become(m),
        lambda: LinearVAE(D, K, empirical(m.mean[None]), posterior="none"),
    ):
        with pytest.raises(ValueError, match="Got"):
            call()
