"""The monotone rational-quadratic spline of a line onto itself, and its inverse in closed form.

Between knots (x_k, y_k) and (x_k+1, y_k+1), w wide and h high, with slopes d_k and d_k+1 there, s = h / w and
theta = (x - x_k) / w in [0, 1],

    y     = y_k + h (s theta^2 + d_k theta (1 - theta)) / den,   den = s + (d_k + d_k+1 - 2 s) theta (1 - theta),
    dy/dx = s^2 (d_k+1 theta^2 + 2 s theta (1 - theta) + d_k (1 - theta)^2) / den^2.

Slopes and steps are positive, so den > 0 (2 theta (1 - theta) <= 1/2), dy/dx > 0, and dy/dx is d_k at knot k from
either side: y is once continuously differentiable. Outside [-bound, bound] it is the identity, and the slopes at the
ends are 1.

Sources: Gregory and Delbourgo, "Piecewise rational quadratic interpolation to monotonic data" (1982); Durkan, Bekasov,
Murray and Papamakarios, "Neural spline flows" (2019), equations (4) to (8).
"""

from __future__ import annotations

import math
from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn import functional

__all__ = ["Knots", "free_numbers", "knots", "spline", "spline_inverse"]

LEAST_BIN = 1e-3  # of the box: no bin can shrink to nothing, where s would be 0 / 0
LEAST_SLOPE = 1e-3  # so that |log dy/dx| stays bounded: neither the map nor its inverse can be flat


class Knots(NamedTuple):
    """x and y of the knots and the slopes there, each (..., bins + 1); the box is [x_0, x_bins] on both axes."""

    x: Tensor
    y: Tensor
    slope: Tensor


def free_numbers(bins: int, bound: float) -> int:
    """How many numbers the knots of `bins` bins take: 3 bins - 1.

    Raises:
        ValueError: bins that are no integer in [1, 1000); a bound not positive.
    """
    if not isinstance(bins, int) or not 1 <= bins < 1 / LEAST_BIN:
        most = round(1 / LEAST_BIN) - 1
        raise ValueError(f"`bins` must be an integer from 1 to {most}. Got {bins!r}")
    if not 0 < bound < math.inf:
        raise ValueError(f"`bound` must be positive and finite. Got {bound!r}")
    return 3 * bins - 1


def knots(raw: Tensor, bins: int, bound: float) -> Knots:
    """Knots from free numbers raw, (..., 3 bins - 1): widths, heights, inner slopes. raw = 0 is the identity.

    Raises:
        ValueError: another last axis; bins or bound as for `free_numbers`.
    """
    wanted = free_numbers(bins, bound)
    if raw.shape[-1:] != (wanted,):
        raise ValueError(f"`raw` must have a last axis of {wanted}. Got {tuple(raw.shape)}")
    widths, heights, slopes = raw.split([bins, bins, bins - 1], dim=-1)
    one_at_zero = math.log(math.expm1(1 - LEAST_SLOPE))  # softplus of it is 1 - LEAST_SLOPE
    inner = LEAST_SLOPE + functional.softplus(slopes + one_at_zero)
    return Knots(
        _edges(widths, bins, bound),
        _edges(heights, bins, bound),
        functional.pad(inner, (1, 1), value=1.0),
    )


def _edges(raw: Tensor, bins: int, bound: float) -> Tensor:
    """-bound = e_0 < ... < e_bins = bound, by the softmax's shares of the box."""
    shares = LEAST_BIN + (1 - bins * LEAST_BIN) * raw.softmax(-1)
    inner = bound * (2 * shares[..., :-1].cumsum(-1) - 1)
    ends = raw.new_full((*raw.shape[:-1], 1), bound)  # exact, which a sum of shares is not
    return torch.cat([-ends, inner, ends], dim=-1)


def spline(x: Tensor, at: Knots) -> tuple[Tensor, Tensor]:
    """y and log dy/dx of each x, (...,), by its own knots (..., bins + 1)."""
    inside = (x > at.x[..., 0]) & (x < at.x[..., -1])
    clamped = x.clamp(at.x[..., 0], at.x[..., -1])  # keeps what `where` discards finite
    x_k, y_k, w, h, d_k, d_next = _bin(clamped, at.x, at)
    s, theta = h / w, (clamped - x_k) / w
    y = y_k + h * (s * theta.square() + d_k * theta * (1 - theta)) / _den(s, d_k, d_next, theta)
    log_slope = _log_slope(s, d_k, d_next, theta)
    return torch.where(inside, y, x), torch.where(inside, log_slope, 0.0)


def spline_inverse(y: Tensor, at: Knots) -> tuple[Tensor, Tensor]:
    """x and log dx/dy of each y: with e = y - y_k, theta is the root in [0, 1] of a theta^2 + b theta - s e = 0 with

        a = h (s - d_k) + e (d_k + d_k+1 - 2 s),   b = h d_k - e (d_k + d_k+1 - 2 s),

    theta = 2 s e / (b + sqrt(b^2 + 4 a s e)), a form that loses no digits and knows no division by a = 0.
    """
    inside = (y > at.y[..., 0]) & (y < at.y[..., -1])
    clamped = y.clamp(at.y[..., 0], at.y[..., -1])
    x_k, y_k, w, h, d_k, d_next = _bin(clamped, at.y, at)
    s, e = h / w, clamped - y_k
    bend = e * (d_k + d_next - 2 * s)
    a, b = h * (s - d_k) + bend, h * d_k - bend
    # The discriminant is positive (the spline is strictly monotone); rounding may not say so at the edge of underflow.
    root = (b.square() + 4 * a * s * e).clamp(min=0).sqrt()
    theta = 2 * s * e / (b + root)
    log_slope = _log_slope(s, d_k, d_next, theta)
    return torch.where(inside, x_k + w * theta, y), torch.where(inside, -log_slope, 0.0)


def _bin(v: Tensor, edges: Tensor, at: Knots) -> tuple[Tensor, ...]:
    """x_k, y_k, w, h, d_k, d_k+1 of the bin that holds v, whose edges on v's axis are `edges`."""
    inner = edges[..., 1:-1].detach().contiguous()
    k = torch.searchsorted(
        inner, v.detach()[..., None].contiguous(), right=True
    )  # (..., 1), in 0 .. bins - 1
    both = torch.cat([k, k + 1], dim=-1)
    x, y, d = (part.gather(-1, both).unbind(-1) for part in at)
    return x[0], y[0], x[1] - x[0], y[1] - y[0], d[0], d[1]


def _den(s: Tensor, d_k: Tensor, d_next: Tensor, theta: Tensor) -> Tensor:
    return s + (d_k + d_next - 2 * s) * theta * (1 - theta)


def _log_slope(s: Tensor, d_k: Tensor, d_next: Tensor, theta: Tensor) -> Tensor:
    rest = 1 - theta
    top = d_next * theta.square() + 2 * s * theta * rest + d_k * rest.square()
    return 2 * s.log() + top.log() - 2 * _den(s, d_k, d_next, theta).log()
