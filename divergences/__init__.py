"""Divergences between distributions, and what convex analysis says of them: numbers in, numbers out.

Natural logarithms; ``D(p, q)`` is D(P||Q), P the data. Importing this package loads neither sympy nor torch nor
scipy: what needs them is loaded when it is first named.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from divergences.discrete import (
    alpha,
    chi2,
    f_divergence,
    jeffreys,
    js,
    kl,
    le_cam,
    neyman_chi2,
    renyi,
    squared_hellinger,
    total_variation,
)

if TYPE_CHECKING:
    from divergences import gaussian
    from divergences.continuous import between
    from divergences.densities import Mixture
    from divergences.fdivergence import FDivergence
    from divergences.generators import catalogue
    from divergences.samples import classifier_divergence, knn_kl
    from divergences.transport import optimal_transport
    from divergences.variational import (
        canonical_critic,
        donsker_varadhan,
        infonce,
        lower_bound,
        nwj,
    )
    from divergences.wasserstein import sliced_wasserstein1, wasserstein1

__all__ = [
    "FDivergence",
    "Mixture",
    "alpha",
    "between",
    "canonical_critic",
    "catalogue",
    "chi2",
    "classifier_divergence",
    "donsker_varadhan",
    "f_divergence",
    "gaussian",
    "infonce",
    "jeffreys",
    "js",
    "kl",
    "knn_kl",
    "le_cam",
    "lower_bound",
    "neyman_chi2",
    "nwj",
    "optimal_transport",
    "renyi",
    "sliced_wasserstein1",
    "squared_hellinger",
    "total_variation",
    "wasserstein1",
]

# Loaded when first named: the name, its module, and the attribute there (None: the module itself).
_LAZY: dict[str, tuple[str, str | None]] = {
    "FDivergence": ("divergences.fdivergence", "FDivergence"),
    "Mixture": ("divergences.densities", "Mixture"),
    "between": ("divergences.continuous", "between"),
    "canonical_critic": ("divergences.variational", "canonical_critic"),
    "catalogue": ("divergences.generators", "catalogue"),
    "classifier_divergence": ("divergences.samples", "classifier_divergence"),
    "donsker_varadhan": ("divergences.variational", "donsker_varadhan"),
    "gaussian": ("divergences.gaussian", None),
    "infonce": ("divergences.variational", "infonce"),
    "knn_kl": ("divergences.samples", "knn_kl"),
    "lower_bound": ("divergences.variational", "lower_bound"),
    "nwj": ("divergences.variational", "nwj"),
    "optimal_transport": ("divergences.transport", "optimal_transport"),
    "sliced_wasserstein1": ("divergences.wasserstein", "sliced_wasserstein1"),
    "wasserstein1": ("divergences.wasserstein", "wasserstein1"),
}


def __getattr__(name: str) -> Any:
    if name not in _LAZY:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    module, attribute = _LAZY[name]
    value = import_module(module)
    if attribute is not None:
        value = getattr(value, attribute)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
