"""The same functions on every array kind that is installed, with numpy as the oracle."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import divergences as dv

Convert = Callable[[np.ndarray], Any]


def _torch(device: str) -> Convert:
    torch = pytest.importorskip("torch", reason="torch is not installed")
    if device == "cuda" and not torch.cuda.is_available():
        pytest.skip("torch sees no CUDA device")
    return lambda a: torch.tensor(a, device=device)


def _jax() -> Convert:
    jax = pytest.importorskip("jax", reason="jax is not installed")
    jax.config.update("jax_enable_x64", True)
    return jax.numpy.asarray


def _cupy() -> Convert:
    cupy = pytest.importorskip("cupy", reason="cupy is not installed")
    return cupy.asarray


def _dask(*chunks: int) -> Convert:
    da = pytest.importorskip("dask.array", reason="dask is not installed")
    return lambda a: da.from_array(a, chunks=chunks[-a.ndim :])


BACKENDS: dict[str, Callable[[], Convert]] = {
    "torch": lambda: _torch("cpu"),
    "torch-cuda": lambda: _torch("cuda"),
    "jax": _jax,
    "cupy": _cupy,
    "dask, whole rows": lambda: _dask(2, 7),
    "dask, cut rows": lambda: _dask(3, 2),
}

FUNCTIONS: dict[str, Callable[..., Any]] = {
    "kl": dv.kl,
    "js": dv.js,
    "total_variation": dv.total_variation,
    "squared_hellinger": dv.squared_hellinger,
    "chi2": dv.chi2,
    "neyman_chi2": dv.neyman_chi2,
    "jeffreys": dv.jeffreys,
    "le_cam": dv.le_cam,
    "alpha": lambda p, q, **k: dv.alpha(p, q, 0.3, **k),
    "renyi": lambda p, q, **k: dv.renyi(p, q, 2.5, **k),
    "renyi of order inf": lambda p, q, **k: dv.renyi(p, q, float("inf"), **k),
    "an expression": lambda p, q, **k: dv.f_divergence("(u-1)**2/(u+1)", p, q, **k),
    "arithmetic-geometric": lambda p, q, **k: dv.f_divergence("arithmetic_geometric", p, q, **k),
}


def _pair(kind: str) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(1951)
    p, q = rng.dirichlet(np.ones(7), size=(2, 5))
    if kind == "near":
        q = p * (1 + 1e-6 * rng.standard_normal(p.shape))
        q /= q.sum(-1, keepdims=True)
    if kind == "zeros":
        p[0, :3] = q[1, 2:] = 0
        p[2] = q[2]
        p, q = p / p.sum(-1, keepdims=True), q / q.sum(-1, keepdims=True)
        p[2] = q[2]
    return p, q


@pytest.fixture(params=BACKENDS)
def convert(request: pytest.FixtureRequest) -> Convert:
    return BACKENDS[request.param]()


def _numbers(array: Any) -> np.ndarray:
    return np.asarray(
        array.get() if hasattr(array, "get") else getattr(array, "cpu", lambda: array)()
    )


@pytest.mark.parametrize("kind", ["far", "near", "zeros"])
@pytest.mark.parametrize("name", FUNCTIONS)
def test_the_same_numbers_in_the_same_kind(convert: Convert, name: str, kind: str) -> None:
    p, q = _pair(kind)
    expected = FUNCTIONS[name](p, q)
    found = FUNCTIONS[name](convert(p), convert(q))
    assert type(found) is type(convert(expected))
    np.testing.assert_allclose(_numbers(found), expected, rtol=2e-13, atol=0)
    if kind == "zeros":
        assert _numbers(found)[2] == 0


@pytest.mark.parametrize("name", ["kl", "js", "renyi"])
def test_other_axes_and_broadcasting(convert: Convert, name: str) -> None:
    p, q = _pair("far")
    by_column = FUNCTIONS[name](convert(p.T.copy()), convert(q.T.copy()), axis=0)
    np.testing.assert_allclose(_numbers(by_column), FUNCTIONS[name](p, q), rtol=2e-13)
    one = FUNCTIONS[name](convert(p), convert(q[0]))
    np.testing.assert_allclose(_numbers(one), FUNCTIONS[name](p, q[0]), rtol=2e-13)


def test_normalize(convert: Convert) -> None:
    p, q = _pair("far")
    found = dv.kl(convert(3 * p), convert(0.2 * q), normalize=True)
    np.testing.assert_allclose(_numbers(found), dv.kl(3 * p, 0.2 * q, normalize=True), rtol=2e-13)


BAD = {
    "a negative entry": ((1, 2), -0.1, r"`p` must have no negative entries: p\[1, 2\] = -0.1"),
    "nan": ((3, 4), np.nan, r"`p` must .*: p\[3, 4\] = nan"),
    "a sum that is not 1": ((4, 6), 0.9, r"`p` must sum to 1 along axis -1 .*p\[4, :\] sums to"),
}


@pytest.mark.parametrize("what", BAD)
def test_bad_entries_are_named(convert: Convert, what: str) -> None:
    """Dask says so when it computes; the others at once."""
    index, value, message = BAD[what]
    p, q = _pair("far")
    p[index] = value
    with pytest.raises(ValueError, match=message):
        _numbers(dv.kl(convert(p), convert(q)))


def test_two_kinds_are_refused(convert: Convert) -> None:
    p, q = _pair("far")
    with pytest.raises(ValueError, match="one kind"):
        dv.kl(convert(p), q)


def test_a_dask_cluster_gives_the_same_numbers() -> None:
    distributed = pytest.importorskip("distributed", reason="dask.distributed is not installed")
    da = pytest.importorskip("dask.array")
    p, q = _pair("zeros")
    with distributed.Client(
        processes=False, n_workers=2, threads_per_worker=1, dashboard_address=None
    ):
        found = dv.js(da.from_array(p, chunks=(2, 3)), da.from_array(q, chunks=(1, 7))).compute()
    np.testing.assert_allclose(found, dv.js(p, q), rtol=2e-13, atol=0)


STREAMED = """
import resource
import dask.array as da
import divergences as dv

def vectors(seed):
    r = da.random.default_rng(seed).random((40_000, 1000), chunks=(2_000, 1000))
    return r / r.sum(-1, keepdims=True)

before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
p, q = vectors(0), vectors(1)
assert p.nbytes + q.nbytes == 640_000_000
dv.kl(p, q).mean().compute()
print((resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) // 1024)
"""


def test_dask_streams_in_bounded_memory() -> None:
    """640 MB of p and q in chunks of 16 MB: a few chunks' worth of memory, not the whole."""
    pytest.importorskip("dask.array", reason="dask is not installed")
    run = subprocess.run(
        [sys.executable, "-c", STREAMED], capture_output=True, text=True, check=True
    )
    assert int(run.stdout) < 320


def test_dask_is_lazy() -> None:
    da = pytest.importorskip("dask.array", reason="dask is not installed")
    calls = []

    def looked_at(block: np.ndarray) -> np.ndarray:
        calls.append(block.shape)
        return block

    p, q = _pair("far")
    lazy = dv.kl(
        da.map_blocks(looked_at, da.from_array(p), meta=np.empty((0, 0))), da.from_array(q)
    )
    assert calls == []
    lazy.compute()
    assert calls
