"""torch in, torch out: the same numbers as numpy, the right gradients, zeros included."""

import math
import subprocess
import sys

import numpy as np
import pytest

from divergences import discrete
from divergences.discrete import alpha, f_divergence, kl, renyi

torch = pytest.importorskip("torch")

MEMBERS = {
    name: getattr(discrete, name)
    for name in [
        "kl",
        "js",
        "total_variation",
        "squared_hellinger",
        "chi2",
        "neyman_chi2",
        "jeffreys",
        "le_cam",
    ]
}
MEMBERS |= {f"alpha({a})": lambda p, q, a=a: alpha(p, q, a) for a in (-1.5, 0, 0.3, 0.5, 1, 2, 3.5)}
MEMBERS |= {
    f"renyi({a})": lambda p, q, a=a: renyi(p, q, a) for a in (0.3, 0.5, 1, 2, 3.5, 50, math.inf)
}
MEMBERS |= {
    name: lambda p, q, name=name: f_divergence(name, p, q)
    for name in [
        "reverse_kl",
        "arithmetic_geometric",
        "gan",
        "jensen_shannon_weighted(0.3)",
        "hockey_stick(1.2)",
    ]
}
members = pytest.mark.parametrize("name", MEMBERS)


def pair(seed, shape=(4, 7), scale=2.0):
    make = torch.Generator().manual_seed(seed)
    return tuple(
        torch.softmax(scale * torch.randn(shape, generator=make, dtype=torch.float64), -1)
        for _ in range(2)
    )


def leaves(*values):
    return [torch.tensor(v, dtype=torch.float64, requires_grad=True) for v in values]


@members
def test_same_numbers_as_numpy(name):
    p, q = pair(0)
    near = p * (1 + 1e-7 * torch.linspace(-1, 1, 7, dtype=torch.float64))
    for other in (q, near / near.sum(-1, keepdim=True), q[:1]):
        ours = MEMBERS[name](p, other)
        assert isinstance(ours, torch.Tensor) and ours.dtype == torch.float64
        np.testing.assert_allclose(
            ours.numpy(), MEMBERS[name](p.numpy(), other.numpy()), rtol=1e-12
        )


@members
def test_gradient_against_central_differences(name):
    """Along tangents that keep the sums, by an 8th-order difference in the directions themselves."""
    d = MEMBERS[name]
    p, q = (x[0].clone().requires_grad_() for x in pair(3))
    d(p, q).backward()
    make = torch.Generator().manual_seed(1)
    weights = [(1, 4 / 5), (2, -1 / 5), (3, 4 / 105), (4, -1 / 280)]
    with torch.no_grad():
        for x, at in ((p, lambda step: d(p + step, q)), (q, lambda step: d(p, q + step))):
            way = torch.randn(7, generator=make, dtype=torch.float64)
            way = (way - way.mean()) * x.min() / 40
            slope = sum(w * (at(k * way) - at(-k * way)) for k, w in weights)
            assert torch.isclose(x.grad @ way, slope, rtol=1e-9, atol=1e-14)


@pytest.mark.parametrize(
    "name", ["kl", "js", "jeffreys", "chi2", "alpha(0.3)", "alpha(3.5)", "le_cam"]
)
def test_gradient_is_right_next_to_equality(name):
    """f'(u) - f'(1) ~ f''(1)(u - 1): relative 1e-6 at a distance of 1e-8, where difference quotients see noise."""
    curvature = {"js": 0.25, "jeffreys": 2.0, "chi2": 2.0}.get(name, 1.0)
    p, q = leaves([0.5 + 1e-8, 0.2 - 1e-8, 0.3], [0.5, 0.2, 0.3])
    MEMBERS[name](p, q).backward()
    want = curvature * (p - q) / q
    torch.testing.assert_close(p.grad, want.detach(), rtol=1e-6, atol=1e-15)
    torch.testing.assert_close(q.grad, -want.detach(), rtol=1e-6, atol=1e-15)


def test_gradients_at_zeros_by_hand():
    """d/dq KL = 1 - p/q, that is 1 where p = 0; d/dp chi2 = 2 (p - q)/q = -2 there; d/dp alpha(a > 1) = -1/(a - 1)."""
    p, q = leaves([0.5, 0.5, 0.0], [0.25, 0.25, 0.5])
    kl(p, q).backward()
    torch.testing.assert_close(
        q.grad, torch.tensor([-1.0, -1.0, 1.0], dtype=torch.float64), rtol=0, atol=0
    )
    torch.testing.assert_close(
        p.grad,
        torch.tensor([math.log(2), math.log(2), 0.0], dtype=torch.float64),
        rtol=1e-15,
        atol=0,
    )
    p, q = leaves([0.5, 0.5, 0.0], [0.25, 0.25, 0.5])
    discrete.chi2(p, q).backward()
    torch.testing.assert_close(
        p.grad, torch.tensor([2.0, 2.0, -2.0], dtype=torch.float64), rtol=0, atol=0
    )
    p, q = leaves([0.5, 0.5, 0.0], [0.25, 0.25, 0.5])
    alpha(p, q, 3.5).backward()
    assert torch.isclose(p.grad[2], torch.tensor(-1 / 2.5, dtype=torch.float64), rtol=1e-14)
    p, q = leaves([0.5, 0.5, 0.0], [0.25, 0.25, 0.5])
    discrete.js(p, q).backward()
    assert torch.isclose(q.grad[2], torch.tensor(math.log(2) / 2, dtype=torch.float64), rtol=1e-15)


def test_gradients_where_both_vanish_and_where_both_are_subnormal():
    """At 0, 0 the derivatives of the face p = 0; among subnormals those of the ratio: the derivative is scale-free."""
    p, q = leaves([0.5, 0.5, 0.0], [0.25, 0.75, 0.0])
    discrete.chi2(p, q).backward()
    assert (p.grad[2], q.grad[2]) == (-2, 1)
    for name, slope in {
        "kl": (math.log(1.5), -0.5),
        "js": (math.log(1.2) / 2, math.log(0.8) / 2),
        "le_cam": (0.2 * 1.8, -0.2 * 2.2),
        "chi2": (1.0, -1.25),
    }.items():
        p, q = leaves([1.0, 3000 * 5e-324], [1.0, 2000 * 5e-324])
        MEMBERS[name](p, q).backward()
        assert torch.isclose(p.grad[1], torch.tensor(slope[0], dtype=torch.float64), rtol=1e-13), (
            name
        )
        assert torch.isclose(q.grad[1], torch.tensor(slope[1], dtype=torch.float64), rtol=1e-13), (
            name
        )


@members
def test_gradients_are_never_nan(name):
    """Zeros in p, in q, in both, subnormals, and equal vectors."""
    for values in (
        ([0.5, 0.5, 0, 0], [0.25, 0.25, 0.5, 0]),
        ([0.25, 0.25, 0.5, 0], [0.5, 0.5, 0, 0]),
        ([1.0, 0.0, 0.0], [0.0, 1.0, 0.0]),
        ([1.0, 1e-310, 3e-320], [1.0, 1e-310, 2e-320]),
        ([1.0, 1e-310], [0.5, 0.5]),
        ([0.3, 0.7], [0.3, 0.7]),
    ):
        p, q = leaves(*values)
        MEMBERS[name](p, q).backward()
        for x in (p, q):
            assert not torch.isnan(x.grad).any(), values


@pytest.mark.parametrize("name", ["kl", "js", "squared_hellinger", "chi2", "alpha(0.5)"])
def test_underflowed_softmax_trains_on(name):
    logits = torch.tensor([0.0, -1.0, -2000.0], dtype=torch.float64, requires_grad=True)
    MEMBERS[name](
        torch.softmax(logits, -1), torch.tensor([0.2, 0.3, 0.5], dtype=torch.float64)
    ).backward()
    assert torch.isfinite(logits.grad).all() and (logits.grad[:2] != 0).all()


def test_second_derivatives_are_the_fisher_metric():
    """The Hessian of KL(p||q) in q at q = p is diag(1/p)."""
    p = torch.tensor([0.2, 0.3, 0.5], dtype=torch.float64)
    hessian = torch.autograd.functional.hessian(lambda q: kl(p, q), p.clone())
    torch.testing.assert_close(hessian, torch.diag(1 / p), rtol=1e-13, atol=1e-13)


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float32])
def test_short_floats_keep_their_dtype(dtype):
    p, q = torch.tensor([0.25, 0.75], dtype=dtype), torch.tensor([0.5, 0.5], dtype=dtype)
    for d in MEMBERS.values():
        got = d(p, q)
        assert got.dtype == dtype
        assert got == d(p.double(), q.double()).to(dtype)


def test_float32_softmax_is_accepted_and_its_subnormals_have_gradients():
    logits = (
        30 * torch.randn(64, 1000, generator=torch.Generator().manual_seed(0))
    ).requires_grad_()
    p = torch.softmax(logits, -1)
    q = torch.full((1000,), 1e-3)
    kl(p, q).sum().backward()
    assert torch.isfinite(logits.grad).all()


def test_bad_tensors_are_named():
    half = torch.tensor([0.5, 0.5])
    for p, words in (
        (torch.tensor([1, 0]), "floating"),
        (torch.tensor([-0.5, 1.5]), r"p\[0\] = -0.5"),
        (torch.tensor([[0.5, 0.5], [0.5, math.nan]]), r"p\[1, 1\] = nan"),
        (torch.tensor([[0.5, 0.5], [0.5, 0.75]]), r"p\[1, :\] sums to 1.25"),
        (np.array([0.5, 0.5]), "one kind.*numpy and torch"),
        (torch.tensor([0.5, 0.25, 0.25]), "3 and 2"),
    ):
        with pytest.raises(ValueError, match=words):
            kl(p, half)
    assert kl([0.5, 0.5], half) == 0


def test_torch_is_not_imported_for_numpy():
    code = "import sys, divergences.discrete as d; d.kl([.5,.5],[.2,.8]); sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code]).returncode == 0
