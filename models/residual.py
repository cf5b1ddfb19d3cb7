"""Planar and radial maps: x plus a bump, whose Jacobian is a matrix of rank one, or a radial one, more than I.

Both can fold space unless their parameters are held in. The free parameters are mapped into the permitted set so that
every positive factor of the determinant comes out as a sum of positive terms: it can underflow, it cannot go negative.

Source: Rezende and Mohamed, "Variational inference with normalizing flows" (2015), equations (10) to (14) and
appendix A.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn

from models.transforms import Image, Transform

__all__ = ["Planar", "Radial", "planar_root"]

MOST_STEPS = 200  # of Newton's method; some forty are the most it takes


class Planar(Transform):
    """y = x + u tanh(s), s = w . x + b, with det = 1 + (w . u) sech^2 s (the matrix determinant lemma).

    Along w the map is s -> s + (w . u) tanh s, increasing if and only if w . u >= -1, since sech^2 takes the values in
    (0, 1]. With v free and a = w . v, u is v moved along w until

        w . u = c - 1,   u = v + (c - 1 - a) w / |w|^2,   c = 1 + a for a >= 0,  1 / (1 - a) for a < 0.

    c > 0 is once continuously differentiable in a, and c - 1 - a = a^2 / (1 - a) for a < 0 is small of second order:
    u -> v as w -> 0. (The source's c = log(1 + e^a) has c - 1 -> log 2 - 1 there, and u a pole.) Then
    det = c sech^2 s + tanh^2 s > 0, with nothing cancelled.
    """

    def __init__(self, dim: int) -> None:
        super().__init__(dim)
        self.w = nn.Parameter(torch.randn(dim) / math.sqrt(dim))
        self.v = nn.Parameter(torch.randn(dim) / math.sqrt(dim))
        self.b = nn.Parameter(torch.zeros(()))

    def constrained(self) -> tuple[Tensor, Tensor]:
        """u, (dim,), and c = 1 + w . u > 0."""
        a = (self.w * self.v).sum()
        below = a.clamp(max=0)  # 0 where a >= 0: neither branch ever divides by 0
        c = torch.where(a < 0, 1 / (1 - below), 1 + a)
        square = self.w.square().sum()
        # w = 0 makes a = 0 and the excess 0: the square that divides it is then of no account.
        excess = below.square() / (1 - below) / torch.where(square > 0, square, 1.0)
        return self.v + excess * self.w, c

    def _forward(self, x: Tensor) -> Image:
        u, c = self.constrained()
        s = x @ self.w + self.b
        return x + u * s.tanh()[:, None], _slope(s, c).log()

    def _inverse(self, y: Tensor) -> Image:
        u, c = self.constrained()
        s = planar_root(y @ self.w + self.b, c)
        return y - u * s.tanh()[:, None], -_slope(s, c).log()


def planar_root(t: Tensor, c: Tensor) -> Tensor:
    """The s with g(s) = s + (c - 1) tanh s = t, for c > 0: Newton's steps, which need no safeguard.

    g is odd; for t > 0 the root is positive. Where c >= 1, g is concave there: from s = 0 the steps rise to the root
    and never pass it. Where c < 1, g is convex: from t + 1 - c, not below the root as |tanh| < 1, they fall to it. At
    worst, as c and t go to 0, g is s^3 / 3 and a step goes a third of the way, until rounding hides what is left.

    The last step carries gradients, and these are exact: at the root, the derivative of a Newton step with its slope
    held is that of the implicit function.
    """
    with torch.no_grad():
        s = torch.where(c >= 1, torch.zeros_like(t), t.sign() * (t.abs() + 1 - c))
        rounding = 4 * torch.finfo(t.dtype).eps * (t.abs() + (c - 1).abs())
        for _ in range(MOST_STEPS):
            excess = s + (c - 1) * s.tanh() - t
            if bool((excess.abs() <= rounding).all()):
                break
            s = s - excess / _slope(s, c)
    excess = s + (c - 1) * s.tanh() - t
    return s - excess / _slope(s, c).detach()


def _slope(s: Tensor, c: Tensor) -> Tensor:
    """g'(s) = c sech^2 s + tanh^2 s, where sech^2 may underflow and cosh^2 would overflow."""
    shrunk = (-2 * s.abs()).exp()
    return c * 4 * shrunk / (1 + shrunk).square() + s.tanh().square()


class Radial(Transform):
    """y = x + beta (x - x0) / (alpha + r), r = |x - x0|: contracts or expands about x0.

    The radius becomes R = r + beta r / (alpha + r), and the directions across it are stretched by R / r, so

        det = (1 + beta / (alpha + r))^(dim - 1) (1 + beta alpha / (alpha + r)^2),

    positive for all r if and only if beta > -alpha (both factors are least at r = 0 when beta < 0, and there equal
    1 + beta / alpha). With alpha, gamma > 0 free and beta = alpha (gamma - 1) these factors are

        (r + alpha gamma) / (r + alpha)   and   (r^2 + 2 alpha r + alpha^2 gamma) / (r + alpha)^2.

    The inverse: r^2 + (alpha gamma - R) r - alpha R = 0 has one root r >= 0.
    """

    def __init__(self, dim: int) -> None:
        super().__init__(dim)
        self.centre = nn.Parameter(torch.randn(dim))
        self.log_alpha = nn.Parameter(torch.zeros(()))
        self.log_gamma = nn.Parameter(torch.zeros(()))

    def _factors(self, r: Tensor) -> tuple[Tensor, Tensor]:
        """R / r, (n,), and log det, (n,), where the radius is r, (n,)."""
        alpha, gamma = self.log_alpha.exp(), self.log_gamma.exp()
        across = (r + alpha * gamma) / (r + alpha)
        along = (r * (r + 2 * alpha) + alpha.square() * gamma) / (r + alpha).square()
        return across, (self.dim - 1) * across.log() + along.log()

    def _forward(self, x: Tensor) -> Image:
        away = x - self.centre
        across, log_det = self._factors(torch.linalg.vector_norm(away, dim=-1))
        return self.centre + away * across[:, None], log_det

    def _inverse(self, y: Tensor) -> Image:
        away = y - self.centre
        alpha, gamma = self.log_alpha.exp(), self.log_gamma.exp()
        big = torch.linalg.vector_norm(away, dim=-1)  # R
        lead = alpha * gamma - big
        root = (lead.square() + 4 * alpha * big).sqrt()
        # Of the two forms of the root, the one that adds: the other would cancel.
        r = torch.where(lead > 0, 2 * alpha * big / (lead.abs() + root), (lead.abs() + root) / 2)
        across, log_det = self._factors(r)
        return self.centre + away / across[:, None], -log_det
