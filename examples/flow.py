"""How far is a flow from the truth? Its exact likelihood says it, where the data's entropy is known.

A normalising flow has a density q that can be evaluated, so its loss on fresh data is more than a loss:

    E_p[-log q(x)] = h(p) + KL(p || q),

and with the entropy h(p) of moons, banana and ring in closed form or by quadrature the rest is the divergence that is
left over: it should be small, and can never be negative. It is measured three times: as NLL - h(p), as the mean of
log p - log q over the same samples (far less noise), and by quadrature in the plane.

What makes q a density is checked on the trained flows: log |det dz/dx| against the Jacobian that autograd finds, the
inverse, and the integral of q. Four families compete: rational-quadratic spline couplings (Durkan et al. 2019), affine
couplings (RealNVP, Dinh et al. 2017), planar and radial maps (Rezende and Mohamed 2015). A checkerboard, whose density
jumps and which no flow with a continuous density can reach, only informs.

Last, discrete data: a flow trained on x + u, u uniform, gives the letter x the probability Q(x) = int q(x + u) du, and
E_u log q(x + u) <= log Q(x) (Theis et al. 2016). On the line Q(x) is known exactly, as Phi(z(x + 1)) - Phi(z(x)).
All values in nats.

    python examples/flow.py [--quick] [--toy moons --toy ring ...] [--seed N] [--out DIR]
"""

from __future__ import annotations

import argparse
import copy
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import torch
from _experiment import Options, Report, Row, figure
from _experiment import main as experiment
from torch import Tensor
from torch.optim import Adam

from models.coupling import ElementwiseSpline
from models.flow import Flow, dequantised, discrete_bound, neural_spline, real_nvp
from models.metrics import Grid, estimate
from models.residual import Planar, Radial
from models.toy import Banana, Checkerboard, Moons, Ring, Toy
from models.train import Source, cosine, train
from models.transforms import Affine, Chain, Probit, Transform

TITLE = "Normalising flows: NLL - entropy = KL"
TOYS: dict[str, Toy] = {
    "moons": Moons(),
    "banana": Banana(),
    "ring": Ring(),
    "checkerboard": Checkerboard(),
}
SPLINE = "spline"
WITHIN = 0.05  # nats that a spline flow may leave over

PMF = (0.30, 0.05, 0.20, 0.02, 0.08, 0.25, 0.01, 0.09)  # of the letters 0 .. 7
LETTERS = "letters"
MIDPOINTS = 4096  # of the rule for E_u, in each letter's cell


def planars(dim: int) -> Chain:
    return Chain([Planar(dim) for _ in range(16)])


def radials(dim: int) -> Chain:
    return Chain([Radial(dim) for _ in range(16)])


@dataclass(frozen=True)
class Case:
    """A family of flows on a toy; `promised` says that KL <= WITHIN is."""

    toy: str
    family: str
    make: Callable[[int], Transform]
    promised: bool = False
    rate: float = 1e-3


CASES = (
    Case("moons", SPLINE, neural_spline, True),
    Case("banana", SPLINE, neural_spline, True),
    Case("ring", SPLINE, neural_spline, True),
    Case("checkerboard", SPLINE, partial(neural_spline, bins=12)),
    Case("moons", "affine", real_nvp),
    Case("banana", "affine", real_nvp),
    Case("ring", "affine", real_nvp),
    Case("banana", "planar", planars, rate=5e-3),
    Case("banana", "radial", radials, rate=5e-3),
)


@dataclass(frozen=True)
class Found:
    """What was measured on one trained flow, in float64; (value, error) where there are two numbers."""

    case: Case
    nll_less_entropy: tuple[float, float]
    paired: tuple[float, float]
    quadrature: tuple[float, float]
    backwards: float  # KL(q || p), over the flow's own samples
    mass: float  # the integral of q over the grid's box, and the share of its samples beyond
    log_det_error: float
    inverse_error: float
    densities: tuple[Tensor, Tensor]  # p and q on the grid


def run(options: Options) -> Report:
    known = [*TOYS, LETTERS]
    wanted = options.extra.toy or known
    unknown = sorted(set(wanted) - set(known))
    if unknown:
        raise ValueError(f"--toy must be among {', '.join(known)}. Got {', '.join(unknown)}")
    found = [measured(case, options) for case in CASES if case.toy in wanted]
    report = Report(rows=[row for each in found for row in rows(each)])
    if found:
        report.rows += soundness(found, 1e-2 if options.quick else 1e-3)
        report.tables["nats left over, of each family"] = [line(each) for each in found]
        report.figure, report.alt = picture([each for each in found if each.case.family == SPLINE])
    if LETTERS in wanted:
        more, table = letters(options)
        report.rows += more
        report.tables["letters: E_u log q(x + u) <= log Q(x)"] = table
    report.notes = [
        "KL: the mean of log p - log q over fresh samples, its standard error beside it (±).",
        "KL(q||p): over the flow's own samples. A bridge across a gap, cheap in KL(p||q), is dear here; infinite where "
        "the flow has samples off the support of p.",
        "mass - 1: the integral of q over a box, plus the share of its samples beyond that box, less 1.",
    ]
    return report


def measured(case: Case, options: Options) -> Found:
    toy = TOYS[case.toy]
    entropy = toy.entropy
    torch.manual_seed(options.seed)  # a case's weights are its own: others left out change nothing
    first = toy.sample(10_000, torch.Generator().manual_seed(options.seed))
    start = Chain([Affine.normalising(first), case.make(toy.dim)])
    part = f"{case.toy}-{case.family}"
    flow = trained(toy.sample, start, case.rate, options, part, entropy.value)
    rng = torch.Generator().manual_seed(options.seed + 1)
    n, intervals = (10_000, 100) if options.quick else (200_000, 400)
    data = 5 * n if case.promised else n  # so that NLL - h has less noise than what is left over
    x, y = toy.sample(data, rng, dtype=torch.float64), flow.sample(n, rng)
    log_p, log_q = toy.log_prob(x), in_parts(flow.log_prob, x)
    nll, paired = estimate(-log_q), estimate(log_p - log_q)
    grid = around(x, intervals)
    on_grid = grid.evaluate(toy.log_prob), grid.evaluate(flow.log_prob)
    p, q = (log_density.exp() for log_density in on_grid)
    kl = grid.integral(torch.where(p > 0, p * (on_grid[0] - on_grid[1]), 0.0))
    return Found(
        case,
        nll_less_entropy=(nll.mean - entropy.value, nll.standard_error + entropy.error),
        paired=(paired.mean, paired.standard_error),
        quadrature=(kl.value, kl.error),
        backwards=float((in_parts(flow.log_prob, y) - toy.log_prob(y)).mean()),
        mass=grid.integral(q).value + outside(y, grid),
        log_det_error=log_det_error(flow.transform, x[:1000]),
        inverse_error=inverse_error(flow.transform, x[:10_000]),
        densities=(p.reshape(intervals + 1, -1), q.reshape(intervals + 1, -1)),
    )


def trained(
    data: Source, transform: Transform, rate: float, options: Options, part: str, entropy: float
) -> Flow:
    """A flow trained on fresh samples in every batch; given back on the CPU and in float64."""
    flow = Flow(transform, data, optimizer=partial(Adam, lr=rate), entropy=entropy)
    train(
        flow,
        options.steps,
        seed=options.seed,
        folder=options.checkpoints(part),
        fabric=options.device,
        decay=cosine,
    )
    return copy.deepcopy(flow).cpu().double()


def in_parts(f: Callable[[Tensor], Tensor], x: Tensor) -> Tensor:
    with torch.no_grad():
        return torch.cat([f(part) for part in x.split(2**14)])


def around(x: Tensor, n: int) -> Grid:
    """A grid on the box of the samples, a standard deviation wider on each side."""
    scale = x.std(dim=0)
    return Grid((x.amin(0) - scale).tolist(), (x.amax(0) + scale).tolist(), n)


def outside(y: Tensor, grid: Grid) -> float:
    """The share of the points that lie outside the grid's box."""
    beyond = (y < y.new_tensor(grid.lower)) | (y > y.new_tensor(grid.upper))
    return float(beyond.any(-1).double().mean())


def log_det_error(transform: Transform, x: Tensor) -> float:
    """The largest difference of log |det| from that of the Jacobian which autograd finds.

    Row i of the Jacobian is the gradient of the sum of all y_i over the batch, since samples do not mix.
    """
    x = x.clone().requires_grad_()
    y, log_det = transform(x)
    jacobian = [torch.autograd.grad(column.sum(), x, retain_graph=True)[0] for column in y.T]
    expected = torch.linalg.slogdet(torch.stack(jacobian, dim=1)).logabsdet
    return float((log_det - expected).detach().abs().max())


@torch.no_grad()
def inverse_error(transform: Transform, x: Tensor) -> float:
    return float((transform.inverse(transform(x)[0])[0] - x).abs().max())


def rows(found: Found) -> list[Row]:
    name, (kl, error) = f"{found.case.toy}, {found.case.family}", found.paired
    if not found.case.promised:
        return [Row(f"{name}: KL", 0.0, kl, relation=">=")]
    excess, noise = found.nll_less_entropy
    by_grid, grid_error = found.quadrature
    return [
        Row(f"{name}: KL", 0.0, kl, WITHIN, "<="),
        Row("  the same by quadrature", kl, by_grid, 4 * error + grid_error),
        Row("  NLL - entropy", kl, excess, 4 * (noise + error)),
        Row("  which is never negative", 0.0, excess, noise, ">="),
    ]


def soundness(found: Sequence[Found], of_mass: float) -> list[Row]:
    """What holds of every flow, trained or not; `of_mass` covers the noise of the samples beyond the box."""
    mass = max((each.mass for each in found), key=lambda mass: abs(mass - 1))
    least, error = min(each.paired for each in found)
    return [
        Row("KL, the least of all", 0.0, least, 3 * error, ">="),
        Row("integral of q, worst", 1.0, mass, of_mass),
        Row("log-det less autograd's, worst", 0.0, max(f.log_det_error for f in found), 1e-9),
        Row("inverse less x, worst", 0.0, max(f.inverse_error for f in found), 1e-9),
    ]


def line(found: Found) -> dict[str, Any]:
    return {
        "flow": f"{found.case.toy}, {found.case.family}",
        "KL": found.paired[0],
        "±": found.paired[1],
        "NLL - h": found.nll_less_entropy[0],
        "± ": found.nll_less_entropy[1],
        "KL(q||p)": found.backwards,
        "mass - 1": found.mass - 1,
    }


def letters(options: Options) -> tuple[list[Row], list[dict[str, Any]]]:
    """The bound of dequantisation, letter by letter, in float64."""
    p = torch.tensor(PMF, dtype=torch.float64)

    def data(n: int, rng: torch.Generator) -> Tensor:
        weights = p.to(rng.device, torch.float32)
        return torch.multinomial(weights, n, replacement=True, generator=rng)[:, None].float()

    start = Chain([Probit(1, 0, len(p)), ElementwiseSpline(1, bins=32)])
    entropy = -float((p * p.log()).sum())
    flow = trained(dequantised(data), start, 1e-2, options, LETTERS, entropy)
    x = torch.arange(len(p), dtype=torch.float64)[:, None]
    u = ((torch.arange(MIDPOINTS, dtype=torch.float64) + 0.5) / MIDPOINTS)[:, None]
    with torch.no_grad():
        bound = discrete_bound(flow.log_prob, x, u)
        inner = torch.special.ndtr(flow.transform(x[1:])[0])[:, 0]  # Q(letter < x), x = 1 .. 7
    log_q = torch.cat([inner.new_zeros(1), inner, inner.new_ones(1)]).diff().log()
    left, kl = float((p * (p.log() - bound)).sum()), float((p * (p.log() - log_q)).sum())
    table = [
        {"x": i, "log P(x)": a, "log Q(x)": b, "bound": c}
        for i, (a, b, c) in enumerate(torch.stack([p.log(), log_q, bound], -1).tolist())
    ]
    return [
        Row("letters: bound - log Q, largest", 0.0, float((bound - log_q).max()), 0.0, "<="),
        Row("letters: NLL - entropy", 0.0, left, WITHIN, "<="),
        Row("  which is at least KL(P || Q)", kl, left, 0.0, ">="),
    ], table


def picture(found: Sequence[Found]) -> tuple[Any, str]:
    """The truth above, the flow below, a column for each toy, both in one scale of colours."""
    made, axes = figure(len(found), 2, height=2.05, width=2 * max(len(found), 2))
    for (above, below), each in zip(axes.reshape(2, -1).T, found, strict=True):
        top = float(each.densities[0].max())
        titles = (each.case.toy, f"flow: KL {each.paired[0]:.3f}")
        for axis, density, title in zip((above, below), each.densities, titles, strict=True):
            # The grid's first axis is x_1, which goes to the right.
            axis.imshow(density.T.numpy(), origin="lower", cmap="Greys", vmin=0, vmax=top)
            axis.set_title(title, fontsize=10)
            axis.set_xticks([])
            axis.set_yticks([])
    told = ", ".join(f"{each.case.toy} {each.paired[0]:.4f}" for each in found)
    return made, (
        "Heat maps: the true densities in the upper row, those of the trained spline flows below, a column for each "
        f"toy. KL left over, in nats: {told}. Below {WITHIN} the two rows can hardly be told apart by eye; "
        "of a checkerboard the flow rounds the squares off and bridges their corners."
    )


def main(arguments: Sequence[str] | None = None) -> Report:
    def add(parser: argparse.ArgumentParser) -> None:
        names = ", ".join([*TOYS, LETTERS])
        parser.add_argument("--toy", action="append", help=f"only these, repeatable: {names}")

    return experiment("flow", TITLE, run, steps=2500, quick_steps=40, arguments=arguments, add=add)


if __name__ == "__main__":
    main()
