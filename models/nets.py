"""Small networks: a perceptron and a DCGAN-style pair, with spectral normalisation as a switch.

A network that gives one score a sample returns the shape (batch,); shapes that do not fit are refused by the name of
the layer. Sources: Radford, Metz and Chintala, "Unsupervised representation learning with deep convolutional
generative adversarial networks" (2016), for the convolutions; Miyato, Kataoka, Koyama and Yoshida, "Spectral
normalization for generative adversarial networks" (2018), for the switch.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from itertools import pairwise

from torch import Tensor, nn
from torch.nn.utils.parametrizations import spectral_norm as normalised

__all__ = ["MLP", "ConvCritic", "ConvGenerator", "Stack"]


class Stack(nn.Sequential):
    """Layers in a row; an input that a layer cannot take raises ValueError with the layer's name and both shapes."""

    def forward(self, x: Tensor) -> Tensor:
        for index, layer in enumerate(self):
            try:
                y = layer(x)
            except (RuntimeError, ValueError) as error:
                if not any(word in str(error) for word in ("shape", "size", "channel")):
                    raise
                raise ValueError(
                    f"layer {index} of {type(self).__name__}, {_described(layer)}, cannot take an input of shape "
                    f"{tuple(x.shape)}: {str(error).splitlines()[0]}"
                ) from error
            x = y
        return x


class Score(nn.Module):
    """(batch, 1) or (batch, 1, 1, 1) -> (batch,): one score a sample."""

    def forward(self, x: Tensor) -> Tensor:
        # An image larger than the net is made for, or a set of points for one: the batch would come out longer.
        if x.numel() != len(x):
            raise ValueError(
                f"one score a sample needs shape (batch, 1, ...), not {tuple(x.shape)}"
            )
        return x.flatten()


class MLP(Stack):
    """A perceptron R^inputs -> R^outputs, or R^inputs -> R, shape (batch,), where `outputs` is None.

    Args:
        inputs: The last axis of what goes in, (batch, inputs).
        outputs: The last axis of what comes out, or None for one score a sample.
        hidden: The widths of the hidden layers; () makes it affine.
        activation: Called without arguments before each further layer. ReLU, SiLU with slope bound 1.1, tanh, ...
        spectral_norm: Divide each weight by its largest singular value (by power iteration, one step a training
            forward). With an activation of slope at most 1 the network is then 1-Lipschitz.
    """

    def __init__(
        self,
        inputs: int,
        outputs: int | None,
        hidden: Sequence[int] = (64, 64),
        activation: Callable[[], nn.Module] = nn.SiLU,
        *,
        spectral_norm: bool = False,
    ) -> None:
        widths = [inputs, *hidden, 1 if outputs is None else outputs]
        _positive(inputs=inputs, outputs=widths[-1])
        for width in hidden:
            _positive(hidden=width)
        layers: list[nn.Module] = []
        for i, (fan_in, fan_out) in enumerate(pairwise(widths)):
            layers += [activation()] if i else []
            layers += [_switched(nn.Linear(fan_in, fan_out), spectral_norm)]
        super().__init__(*layers, *([Score()] if outputs is None else []))


class ConvCritic(Stack):
    """(batch, channels, size, size) -> (batch,): strided convolutions that halve the image down to 4 x 4, then a score.

    No batch normalisation: a gradient penalty is a property of one sample. `size` must be 4 times a power of two.
    """

    def __init__(
        self, channels: int, size: int, width: int = 32, *, spectral_norm: bool = False
    ) -> None:
        _positive(channels=channels, size=size, width=width)
        layers: list[nn.Module] = []
        fan_in, fan_out = channels, width
        for _ in range(_halvings(size)):
            convolution = nn.Conv2d(fan_in, fan_out, kernel_size=4, stride=2, padding=1)
            layers += [_switched(convolution, spectral_norm), nn.LeakyReLU(0.2)]
            fan_in, fan_out = fan_out, 2 * fan_out
        last = nn.Conv2d(fan_in, 1, kernel_size=4)  # (batch, fan_in, 4, 4) -> (batch, 1, 1, 1)
        super().__init__(*layers, _switched(last, spectral_norm), Score())


class ConvGenerator(Stack):
    """(batch, latent) -> (batch, channels, size, size) in (-1, 1): the critic's mirror, doubling up from 4 x 4."""

    def __init__(self, latent: int, channels: int, size: int, width: int = 32) -> None:
        _positive(latent=latent, channels=channels, size=size, width=width)
        doublings = _halvings(size)
        fan_out = width * 2 ** max(doublings - 1, 0)
        layers: list[nn.Module] = [
            nn.Unflatten(1, (latent, 1, 1)),
            nn.ConvTranspose2d(latent, fan_out, kernel_size=4, bias=False),
        ]
        for i in range(doublings):
            fan_in, fan_out = fan_out, fan_out // 2 if i < doublings - 1 else channels
            layers += [nn.BatchNorm2d(fan_in), nn.ReLU()]
            layers += [nn.ConvTranspose2d(fan_in, fan_out, kernel_size=4, stride=2, padding=1)]
        if not doublings:
            layers += [nn.BatchNorm2d(fan_out), nn.ReLU(), nn.Conv2d(fan_out, channels, 1)]
        super().__init__(*layers, nn.Tanh())


def _switched(layer: nn.Module, on: bool) -> nn.Module:
    return normalised(layer) if on else layer


def _halvings(size: int) -> int:
    count = round(math.log2(size / 4))
    if count < 0 or 4 * 2**count != size:
        raise ValueError(f"`size` must be 4, 8, 16, 32, ... pixels. Got {size}")
    return count


def _positive(**sizes: int) -> None:
    for name, value in sizes.items():
        if not isinstance(value, int) or isinstance(value, bool) or value < 1:
            raise ValueError(f"`{name}` must be a positive integer. Got {value!r}")


def _described(layer: nn.Module) -> str:
    return str(layer).splitlines()[0].removesuffix("(")
