r"""Lower bounds on divergences from a critic's values on samples: pure functions of those values.

A critic T, any function of x (usually a network), turns samples of P and Q into a lower bound on a divergence between
them. Each function here takes T's values on x ~ P and on x ~ Q, in any shape, averages over all of them, and returns
a scalar in nats of the same kind (numpy, or torch with gradients) and dtype. Maximise it over the critic and it
approaches the divergence; the maximiser is written with each bound.

What holds for expectations does not hold for averages: an average of n values scatters by its standard error, and a
critic fitted to the samples that it is judged on is rated too high. Use fresh samples for a number to report.

Sums are taken in float64 where the backend has it. A bound that overflows is -inf, still a lower bound.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from types import ModuleType
from typing import TYPE_CHECKING, Any, NamedTuple

import array_api_compat
import numpy as np

from divergences._array import Array
from divergences._critics import canonical, generator
from divergences._gaussian_pair import still
from divergences._samples import Arrays, common, require_finite

if TYPE_CHECKING:
    from divergences.fdivergence import FDivergence

__all__ = [
    "CanonicalCritic",
    "canonical_critic",
    "donsker_varadhan",
    "infonce",
    "lower_bound",
    "nwj",
]


def lower_bound(
    f: str | FDivergence, critic_on_p: Array, critic_on_q: Array, *, raw: bool = False
) -> Array:
    r"""The f-divergence bound, D_f(P||Q) >= E_P T - E_Q f*(T), tight at T = f'(p/q).

    Unbiased for its expectation, which is a lower bound for every T. Its standard error is that of two independent
    averages; where f* grows exponentially (KL, Pearson) the second one is ruled by a few large values of T on Q, and
    its variance at the optimal KL critic is chi^2(P||Q) / n, exponential in the divergence.

    Args:
        f: A catalogue name ("kl", "alpha(0.5)"), an `FDivergence`, or an expression in u ("(u-1)**2/(u+1)").
        critic_on_p: The critic on samples of P, any shape (n,), (n, 1), ..., at least one value.
        critic_on_q: The same on samples of Q; the numbers of samples may differ.
        raw: False: the values are T itself, which must lie in dom f*; where one on Q does not, f* is infinite and the
            bound is -inf. True: they are raw outputs v, any real numbers, and T = f'(e^v), the canonical critic, for
            which the optimum is v = log p/q whatever f is. For "gan" v is then the discriminator's logit.

    Returns:
        A scalar of the arguments' kind and dtype, in nats. For a generator with f(1) != 0 ("gan") it bounds D_f as
        the generator has it, 2 JS - log 4.

    Raises:
        ValueError: Empty arrays, nan or infinite entries, arrays of two kinds, dtypes that are not real numbers, an
            `f` that is no divergence, a `raw` that is no bool.

    Source:
        Nguyen, Wainwright and Jordan, Estimating divergence functionals and the likelihood ratio by convex risk
        minimization, 2010, Lemma 1; Nowozin, Cseke and Tomioka, f-GAN, 2016, eq. (4).

    Example:
        >>> import numpy as np
        >>> v = np.zeros(3)  # a discriminator that cannot tell P from Q: log 1/2 + log 1/2
        >>> round(float(lower_bound("gan", v, v, raw=True)), 12)
        -1.38629436112
    """
    if not isinstance(raw, bool):
        raise ValueError(f"`raw` must be True or False. Got {raw!r}")
    critic = canonical(f) if raw else None
    conjugate = None if raw else generator(f).conjugate_at
    given = _outputs(critic_on_p=critic_on_p, critic_on_q=critic_on_q)
    xp, (on_p, on_q) = given.xp, given.values
    with _quiet(xp):
        if critic is not None:
            on_p, on_q = critic.activation(xp, on_p), critic.conjugate(xp, on_q)
        elif conjugate is not None:
            on_q = conjugate(on_q)
        return _as_given(given, xp.mean(on_p) - xp.mean(on_q))


class CanonicalCritic(NamedTuple):
    """The two functions of a raw output v: T = f'(e^v), averaged over P, and f*(T), averaged over Q."""

    activation: Callable[[Array], Array]
    conjugate: Callable[[Array], Array]


def canonical_critic(f: str | FDivergence) -> CanonicalCritic:
    r"""What `lower_bound(f, ..., raw=True)` averages, sample by sample: for losses that take the means themselves.

    Both keep the shape, dtype, device and gradient of a numpy, torch, jax or cupy array of floats. Where f is piecewise
    linear (total variation) the activation is a step, and its gradient zero.

    Raises:
        ValueError: An `f` that is no divergence.

    Example:
        >>> import numpy as np
        >>> critic = canonical_critic("kl")  # T = v + 1, f*(T) = e^v
        >>> critic.activation(np.asarray([0.0, 1.0])).tolist()
        [1.0, 2.0]
    """
    critic = canonical(f)

    def on(function: Callable[[ModuleType, Array], Array]) -> Callable[[Array], Array]:
        def apply(v: Array) -> Array:
            xp = array_api_compat.array_namespace(v)
            with _quiet(xp):
                return function(xp, v)

        return apply

    return CanonicalCritic(on(critic.activation), on(critic.conjugate))


def donsker_varadhan(critic_on_p: Array, critic_on_q: Array) -> Array:
    r"""The Donsker-Varadhan bound, KL(P||Q) >= E_P T - log E_Q e^T, tight at T = log p/q + any constant.

    At least the bound of `nwj` for every T. Biased on samples: the logarithm of an average is on average below the
    logarithm of the expectation (Jensen), so the estimate lies above its own bound, by about Var_Q(e^T) / (2 n
    (E_Q e^T)^2), and its gradient over a small batch is biased too. It can never exceed max T - min T over the samples.

    Args and errors: as for `lower_bound`, without `f` and `raw`. Adding a constant to T changes nothing.

    Source:
        Donsker and Varadhan, Asymptotic evaluation of certain Markov process expectations for large time, IV, 1983;
        Belghazi et al., Mutual information neural estimation, 2018, Theorem 1 and Section 3.2 (the gradient's bias).
    """
    given = _outputs(critic_on_p=critic_on_p, critic_on_q=critic_on_q)
    xp, (on_p, on_q) = given.xp, given.values
    flat = on_q.reshape(-1)
    log_mean = _logsumexp(xp, flat) - math.log(flat.shape[0])
    return _as_given(given, xp.mean(on_p) - log_mean)


def nwj(critic_on_p: Array, critic_on_q: Array) -> Array:
    r"""The bound of Nguyen, Wainwright and Jordan, KL(P||Q) >= E_P T - E_Q e^(T - 1), tight at T = 1 + log p/q.

    `lower_bound("kl", ...)` by its formula, without sympy. Unbiased for its expectation; the variance of the second
    average is chi^2(P||Q) / n at the optimal critic, exponential in the divergence.

    Args and errors: as for `lower_bound`, without `f` and `raw`.

    Source:
        Nguyen, Wainwright and Jordan, Estimating divergence functionals and the likelihood ratio by convex risk
        minimization, 2010; Poole et al., On variational bounds of mutual information, 2019, eq. (5).
    """
    given = _outputs(critic_on_p=critic_on_p, critic_on_q=critic_on_q)
    xp, (on_p, on_q) = given.xp, given.values
    with _quiet(xp):
        return _as_given(given, xp.mean(on_p) - xp.mean(xp.exp(on_q - 1)))


def infonce(scores: Array) -> Array:
    r"""The InfoNCE bound, I(X;Y) >= log K + (1/K) sum_i log(e^s_ii / sum_j e^s_ij), in nats; never above log K.

    Its expectation over K independent pairs (x_i, y_i) is a lower bound on the mutual information for every critic.
    Low variance, bought with bias: it saturates at log K however large the information is. The best critic is s(x, y) =
    log p(y|x)/p(y) + any function of x.

    Args:
        scores: The critic on all pairs, shape (K, K): s_ij = s(x_i, y_j), the true pairs on the diagonal.

    Returns:
        A scalar of the argument's kind and dtype.

    Raises:
        ValueError: `scores` is not a square matrix with at least one row, or has nan or infinite entries.

    Source:
        van den Oord, Li and Vinyals, Representation learning with contrastive predictive coding, 2018, eq. (4) and
        appendix A.1; Poole et al., On variational bounds of mutual information, 2019, eq. (10).
    """
    given = _outputs(scores=scores)
    xp, (s,) = given.xp, given.values
    if s.ndim != 2 or s.shape[0] != s.shape[1]:
        raise ValueError(
            f"`scores` must be a square matrix (K, K) with the true pairs on its diagonal. Got shape {tuple(s.shape)}"
        )
    count = s.shape[0]
    true = s[xp.arange(count), xp.arange(count)]
    return _as_given(given, xp.mean(true - _logsumexp(xp, s)) + math.log(count))


def _outputs(**arrays: Array) -> Arrays:
    """A critic's values, brought to one kind and checked."""
    given = common(**arrays)
    for name, values in zip(arrays, given.values, strict=True):
        if array_api_compat.size(values) == 0:
            raise ValueError(
                f"`{name}` must hold at least one value. Got shape {tuple(values.shape)}"
            )
        require_finite(given.xp, still(values), name)
    return given


def _logsumexp(xp: ModuleType, x: Array) -> Array:
    """log sum_j e^x_j over the last axis; the largest is taken out and put back."""
    top = xp.max(x, axis=-1, keepdims=True)
    return xp.log(xp.sum(xp.exp(x - top), axis=-1)) + top[..., 0]


def _as_given(given: Arrays, value: Array) -> Array:
    """The scalar in the dtype that came in; numpy's own scalar for numpy."""
    if given.xp is np:
        return value.astype(given.dtype)
    return value if value.dtype == given.dtype else given.xp.astype(value, given.dtype)


def _quiet(xp: ModuleType) -> AbstractContextManager[Any]:
    """Overflow to infinity is a value here."""
    return np.errstate(over="ignore") if xp is np else nullcontext()
