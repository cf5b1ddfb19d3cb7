"""The inequalities between divergences (section D of the ledger), one row of data each, at one pair of distributions.

Each row is left <= right as functions of the pair's divergences, all of which hold for every pair. What is reported
is how much room is left: the slack, right - left, and whether the pair is extremal, left/right >= TIGHT.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import NamedTuple

__all__ = ["INEQUALITIES", "TIGHT", "Held", "Inequality", "held"]

TIGHT = 0.99
ROUNDING = 1e-15, 1e-9  # absolute, and relative: what a true inequality may seem to fail by
_DUST = 1e-12  # below it a ratio of two sides is one of rounding errors
_LOG2 = math.log(2)

Values = Mapping[str, float]


class Inequality(NamedTuple):
    id: str
    statement: str
    source: str
    left: Callable[[Values], float]
    right: Callable[[Values], float]
    applies: Callable[[Values], bool] = lambda v: True


class Held(NamedTuple):
    """An inequality at one pair: both sides, and the room between them (None where both are infinite)."""

    id: str
    statement: str
    source: str
    left: float
    right: float
    slack: float | None
    holds: bool
    tight: bool


def _kl(v: Values) -> float:
    return v["kl"]


def _js(v: Values) -> float:
    return v["js"]


def _h2(v: Values) -> float:
    return min(v["squared_hellinger"], 1.0)


def _tv(v: Values) -> float:
    return min(v["total_variation"], 1.0)


def _delta(v: Values) -> float:
    return v["le_cam"]


def _chi2(v: Values) -> float:
    return v["chi2"]


def _over(a: float, b: float) -> float:
    return math.inf if b == 0 else a / b


def _vajda(v: Values) -> float:
    t = _tv(v)
    return math.inf if t >= 1 else 2 * math.atanh(t) - 2 * t / (1 + t)


def _lin(v: Values) -> float:
    """log 2 - h((1-t)/2), without its cancellation."""
    t = _tv(v)
    return _LOG2 if t >= 1 else t * math.atanh(t) + math.log1p(-t * t) / 2


def _crooks(v: Values) -> float:
    """log(2/(1 + e^(-J/2)))"""
    return -math.log1p(math.expm1(-v["jeffreys"] / 2) / 2)


_LE_CAM = "Le Cam 1986; Tsybakov 2009, Lemma 2.3"
_TOPSOE = "Topsoe 2000"
_JOINT = "joint range; Harremoes, Vajda 2011"
INEQUALITIES = (
    Inequality("pinsker", "2 TV^2 <= KL", "Pinsker 1964; Csiszar 1967",
               lambda v: 2 * _tv(v) ** 2, _kl),
    Inequality("bretagnolle_huber", "TV <= sqrt(1 - e^-KL)", "Bretagnolle, Huber 1979",
               _tv, lambda v: math.sqrt(-math.expm1(-_kl(v)))),
    Inequality("testing", "e^-KL / 2 <= 1 - TV", "Tsybakov 2009, Lemma 2.6",
               lambda v: math.exp(-_kl(v)) / 2, lambda v: 1 - _tv(v)),
    Inequality("vajda", "log((1+TV)/(1-TV)) - 2TV/(1+TV) <= KL", "Vajda 1970", _vajda, _kl),
    Inequality("le_cam_lower", "H2 <= TV", _LE_CAM, _h2, _tv),
    Inequality("le_cam_upper", "TV <= sqrt(H2 (2 - H2))", _LE_CAM,
               _tv, lambda v: math.sqrt(_h2(v) * (2 - _h2(v)))),
    Inequality("hellinger_renyi", "2 H2 <= -2 log(1 - H2)", "log(1 - x) <= -x",
               lambda v: 2 * _h2(v), lambda v: v["renyi_half"]),
    Inequality("renyi_half_kl", "R_1/2 = -2 log(1 - H2) <= KL", "van Erven, Harremoes 2014, Theorem 3",
               lambda v: v["renyi_half"], _kl),
    Inequality("renyi_kl_2", "KL <= R_2 = log(1 + chi2)", "Gibbs, Su 2002, Theorem 5",
               _kl, lambda v: v["renyi_2"]),
    Inequality("renyi_2_inf", "R_2 <= R_inf = log max p/q", "van Erven, Harremoes 2014, Theorem 3",
               lambda v: v["renyi_2"], lambda v: v["renyi_inf"]),
    Inequality("kl_chi2", "KL <= chi2", "Gibbs, Su 2002", _kl, _chi2),
    Inequality("chi2_tv", "4 TV^2 <= chi2", "Cauchy-Schwarz", lambda v: 4 * _tv(v) ** 2, _chi2),
    Inequality("chi2_tv_large", "TV/(1-TV) <= chi2 where TV >= 1/2", _JOINT,
               lambda v: _over(_tv(v), 1 - _tv(v)), _chi2, lambda v: _tv(v) >= 0.5),
    Inequality("js_tv_lower", "log 2 - h((1-TV)/2) <= JS", "Lin 1991; Briet, Harremoes 2009", _lin, _js),
    Inequality("js_tv_upper", "JS <= TV log 2", "Lin 1991", _js, lambda v: _tv(v) * _LOG2),
    Inequality("js_tv_squared", "TV^2/2 <= JS", "Pinsker, against (P+Q)/2", lambda v: _tv(v) ** 2 / 2, _js),
    Inequality("topsoe_lower", "Delta/4 <= JS", _TOPSOE, lambda v: _delta(v) / 4, _js),
    Inequality("topsoe_upper", "JS <= (log 2 / 2) Delta", _TOPSOE,
               _js, lambda v: _LOG2 / 2 * _delta(v)),
    Inequality("delta_h2_lower", "2 H2 <= Delta", _TOPSOE, lambda v: 2 * _h2(v), _delta),
    Inequality("delta_h2_upper", "Delta <= 4 H2", _TOPSOE, _delta, lambda v: 4 * _h2(v)),
    Inequality("delta_tv_lower", "2 TV^2 <= Delta", "Cauchy-Schwarz", lambda v: 2 * _tv(v) ** 2, _delta),
    Inequality("delta_tv_upper", "Delta <= 2 TV", _TOPSOE, _delta, lambda v: 2 * _tv(v)),
    Inequality("js_h2_lower", "H2 log 2 <= JS", _JOINT,
               lambda v: _h2(v) * _LOG2, _js),
    Inequality("js_h2_upper", "JS <= H2", _JOINT, _js, _h2),
    Inequality("js_jeffreys", "JS <= J/4", "Lin 1991", _js, lambda v: v["jeffreys"] / 4),
    Inequality("crooks", "JS <= log(2/(1 + e^(-J/2)))", "Crooks 2008", _js, _crooks),
    Inequality("reverse_pinsker", "KL <= log(1 + 2 TV^2/q_min)", "Sason 2015",
               _kl, lambda v: math.log1p(_over(2 * _tv(v) ** 2, v["q_min"]))),
    Inequality("js_range", "JS <= log 2", "Lin 1991", _js, lambda v: _LOG2),
)  # fmt: skip


def held(values: Values) -> list[Held]:
    """Each inequality that applies to a pair with these divergences (and `q_min`, 0 where KL is infinite)."""
    found = []
    for row in INEQUALITIES:
        if not row.applies(values):
            continue
        left, right = row.left(values), row.right(values)
        slack = None if math.isinf(left) else right - left
        holds = left <= right + ROUNDING[0] + ROUNDING[1] * abs(right)
        tight = holds and (
            left == right < math.inf or (_DUST < right < math.inf and left >= TIGHT * right)
        )
        found.append(Held(row.id, row.statement, row.source, left, right, slack, holds, tight))
    return found
