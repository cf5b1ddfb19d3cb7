"""Two Gaussians as they come in: one kind of array, shapes that fit, covariances that are covariances."""

from __future__ import annotations

from types import ModuleType
from typing import Any, NamedTuple

import array_api_compat
import numpy as np

from divergences._array import Array


class GaussianPair(NamedTuple):
    """Two Gaussians of one kind, checked; covariances both diagonal, (..., d), or both full, (..., d, d)."""

    xp: ModuleType
    mu0: Array
    cov0: Array
    lower0: Array  # Cholesky factors; None where diagonal
    mu1: Array
    cov1: Array
    lower1: Array

    @property
    def full(self) -> bool:
        return self.lower0 is not None

    def swapped(self) -> GaussianPair:
        return GaussianPair(self.xp, *self[4:], *self[1:4])


def gaussian_pair(mu0: Any, cov0: Any, mu1: Any, cov1: Any) -> GaussianPair:
    given = {"mu0": mu0, "cov0": cov0, "mu1": mu1, "cov1": cov1}
    xp, arrays = _one_kind(given)
    m0, c0, m1, c1 = (arrays[name] for name in given)
    m0, c0 = _shaped(xp, m0, c0, "0")
    m1, c1 = _shaped(xp, m1, c1, "1")
    if m0.shape[-1] != m1.shape[-1]:
        raise ValueError(
            f"`mu0` and `mu1` must have one dimension d. Got {m0.shape[-1]} and {m1.shape[-1]}"
        )
    try:
        np.broadcast_shapes(
            tuple(m0.shape),
            tuple(m1.shape),
            tuple(_variances(c0, m0).shape),
            tuple(_variances(c1, m1).shape),
        )
    except ValueError:
        shapes = ", ".join(f"{name} {tuple(array.shape)}" for name, array in arrays.items())
        raise ValueError(f"the batches must broadcast. Got shapes {shapes}") from None
    if c0.ndim == m0.ndim and c1.ndim == m1.ndim:
        return GaussianPair(xp, m0, c0, None, m1, c1, None)
    c0, c1 = _matrix(xp, c0, m0), _matrix(xp, c1, m1)
    return GaussianPair(xp, m0, c0, _cholesky(xp, c0, "cov0"), m1, c1, _cholesky(xp, c1, "cov1"))


def _one_kind(given: dict[str, Any]) -> tuple[ModuleType, dict[str, Array]]:
    """All four as floating arrays of one kind and dtype; Python's numbers and lists follow the arrays."""
    known = [a for a in given.values() if array_api_compat.is_array_api_obj(a)]
    try:
        xp = (
            array_api_compat.array_namespace(*known)
            if known
            else array_api_compat.array_namespace(np.zeros(()))
        )
    except TypeError:
        kinds = ", ".join(f"{name} {type(a).__name__}" for name, a in given.items())
        raise ValueError(f"all arguments must be arrays of one kind. Got {kinds}") from None
    for name, array in given.items():
        if array_api_compat.is_array_api_obj(array) and not xp.isdtype(
            array.dtype, "real floating"
        ):
            raise ValueError(f"`{name}` must have a floating dtype. Got {array.dtype}")
    options: dict[str, Any] = {"dtype": xp.result_type(*known) if known else xp.float64}
    if known and array_api_compat.is_torch_array(known[0]):
        options["device"] = known[0].device
    arrays = {}
    for name, value in given.items():
        if array_api_compat.is_array_api_obj(value):
            array = value if "device" in options else xp.asarray(value)  # torch: keep the graph
            array = xp.astype(array, options["dtype"])
        else:
            try:
                array = xp.asarray(np.asarray(value, dtype=np.float64).tolist(), **options)
            except (TypeError, ValueError):
                raise ValueError(f"`{name}` must be numbers in an array. Got {value!r}") from None
        if not bool(xp.all(xp.isfinite(array))):
            raise ValueError(f"`{name}` must be finite. Got {value!r}")
        arrays[name] = array
    return xp, arrays


def _shaped(xp: ModuleType, mu: Array, cov: Array, which: str) -> tuple[Array, Array]:
    """A mean (*batch, d) and its covariance, (*batch, d) or (*batch, d, d), with positive variances."""
    shapes = f"mu{which} {tuple(mu.shape)} and cov{which} {tuple(cov.shape)}"
    if mu.ndim == 0:
        mu = mu[None]
    d = mu.shape[-1]
    if cov.ndim == 0:
        cov = xp.broadcast_to(cov, (1,) * (mu.ndim - 1) + (d,))
    tail = tuple(cov.shape[mu.ndim - 1 :])
    if d == 0 or tail not in ((d,), (d, d)):
        raise ValueError(
            f"`cov{which}` must be a number, or as `mu{which}` (*batch, d) with shape (*batch, d) or (*batch, d, d). "
            f"Got {shapes}"
        )
    if tail == (d,) and not bool(xp.all(cov > 0)):
        raise ValueError(
            f"`cov{which}` must hold positive variances. Got {float(xp.min(still(cov)))!r}"
        )
    return mu, cov


def _variances(cov: Array, mu: Array) -> Array:
    return cov if cov.ndim == mu.ndim else cov[..., 0]


def _matrix(xp: ModuleType, cov: Array, mu: Array) -> Array:
    if cov.ndim > mu.ndim:
        return cov
    eye = xp.eye(cov.shape[-1], dtype=cov.dtype, device=array_api_compat.device(cov))
    return cov[..., None] * eye


def symmetric(xp: ModuleType, a: Array) -> Array:
    return (a + xp.matrix_transpose(a)) / 2


def _cholesky(xp: ModuleType, cov: Array, name: str) -> Array:
    fixed = still(cov)
    largest = float(xp.max(xp.abs(fixed)))
    skew = float(xp.max(xp.abs(fixed - xp.matrix_transpose(fixed))))
    if skew > 1000 * float(xp.finfo(cov.dtype).eps) * largest:
        raise ValueError(
            f"`{name}` must be symmetric. It differs from its transpose by up to {skew:.3g}"
        )
    try:
        return xp.linalg.cholesky(symmetric(xp, cov))
    except (np.linalg.LinAlgError, RuntimeError):
        smallest = float(xp.min(xp.linalg.eigvalsh(symmetric(xp, fixed))))
        raise ValueError(
            f"`{name}` must be positive definite. Its smallest eigenvalue is {smallest:.3g}"
        ) from None


def still(x: Array) -> Array:
    """The same numbers, without gradients."""
    return x.detach() if array_api_compat.is_torch_array(x) else x
