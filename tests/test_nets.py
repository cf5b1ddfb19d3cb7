"""Networks: shapes, spectral normalisation against the SVD, Lipschitz bounds, and errors that name the layer."""

import math

import pytest

torch = pytest.importorskip("torch")

from torch import Tensor, nn  # noqa: E402

from models.nets import MLP, ConvCritic, ConvGenerator  # noqa: E402
from models.penalties import clip_, gradient_norms  # noqa: E402


def normal(*shape: int, seed: int = 0) -> Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


def sigma(weight: Tensor) -> float:
    """The largest singular value of a weight, as the matrix (outputs, everything else): by SVD."""
    return torch.linalg.svdvals(weight.detach().double().flatten(1))[0].item()


def linears(net: nn.Module) -> list[nn.Linear]:
    return [layer for layer in net.modules() if isinstance(layer, nn.Linear)]


def settled(net: nn.Module, x: Tensor, forwards: int = 300) -> nn.Module:
    """After `forwards` steps of power iteration, in eval mode."""
    net.train()
    with torch.no_grad():
        for _ in range(forwards):
            net(x)
    return net.eval()


@pytest.mark.parametrize("hidden", [(), (8,), (8, 4, 2)])
@pytest.mark.parametrize("spectral_norm", [False, True])
def test_perceptron_shapes(hidden: tuple[int, ...], spectral_norm: bool) -> None:
    for inputs in (1, 3):
        x = normal(5, inputs)
        assert MLP(inputs, None, hidden, spectral_norm=spectral_norm)(x).shape == (5,)
        assert MLP(inputs, None, hidden)(x[:1]).shape == (1,)
        assert MLP(inputs, None, hidden)(x[:0]).shape == (0,)
        assert MLP(inputs, 1, hidden)(x).shape == (5, 1)
        assert MLP(inputs, 4, hidden, spectral_norm=spectral_norm)(x).shape == (5, 4)
        assert MLP(inputs, 4, hidden)(normal(2, 5, inputs)).shape == (2, 5, 4)


def test_a_perceptron_is_its_formula() -> None:
    """W_2 act(W_1 x + b_1) + b_2, and without hidden layers W x + b."""
    net, x = MLP(3, 2, (5,), nn.Tanh), normal(4, 3)
    first, second = linears(net)
    expected = torch.tanh(x @ first.weight.T + first.bias) @ second.weight.T + second.bias
    torch.testing.assert_close(net(x), expected)
    affine = MLP(3, None, ())
    torch.testing.assert_close(affine(x), x @ affine[0].weight[0] + affine[0].bias)


@pytest.mark.parametrize("size", [4, 8, 16, 32, 64])
@pytest.mark.parametrize("channels", [1, 3])
def test_the_convolutional_pair_fits_together(size: int, channels: int) -> None:
    generator = ConvGenerator(6, channels, size, width=4)
    for spectral_norm in (False, True):
        critic = ConvCritic(channels, size, width=4, spectral_norm=spectral_norm)
        images = generator(normal(3, 6))
        assert images.shape == (3, channels, size, size)
        assert images.abs().max() < 1
        assert critic(images).shape == (3,)


def test_a_critic_scores_each_sample_by_itself() -> None:
    critic, images = ConvCritic(1, 16, width=4), normal(4, 1, 16, 16)
    alone = torch.cat([critic(image[None]) for image in images])
    torch.testing.assert_close(critic(images), alone)


def test_power_iteration_converges_to_the_svd() -> None:
    """The weight used is W/s, s -> the largest singular value of W: its own goes to 1, the nearer the more steps."""
    torch.manual_seed(0)
    net = MLP(6, None, (16, 8), spectral_norm=True).eval()
    x, off = normal(3, 6), []
    for forwards in (0, 5, 20, 300):
        weights = [layer.weight for layer in linears(settled(net, x, forwards))]
        off.append(max(abs(sigma(weight) - 1) for weight in weights))
    assert off[0] > off[1] > off[2] > off[3]
    assert off[3] < 1e-5
    for layer in linears(net):
        raw = layer.parametrizations.weight.original
        torch.testing.assert_close(layer.weight * sigma(raw), raw, rtol=1e-4, atol=1e-6)


def test_the_estimate_never_exceeds_the_singular_value() -> None:
    """u^T W v <= sigma for unit u, v: power iteration under way leaves a weight of norm >= 1, never less."""
    for seed in range(5):
        torch.manual_seed(seed)
        net = MLP(6, None, (32, 32), spectral_norm=True)
        assert all(sigma(layer.weight) >= 1 - 1e-6 for layer in linears(net))


def test_eval_mode_does_not_iterate() -> None:
    net, x = MLP(4, None, (8,), spectral_norm=True).eval(), normal(3, 4)
    before = [layer.weight.detach().clone() for layer in linears(net)]
    net(x)
    assert all(torch.equal(b, layer.weight) for b, layer in zip(before, linears(net), strict=True))


def test_convolutions_are_normalised_as_matrices() -> None:
    critic = settled(ConvCritic(3, 16, width=4, spectral_norm=True), normal(2, 3, 16, 16))
    layers = [layer for layer in critic if isinstance(layer, nn.Conv2d)]
    assert len(layers) == 3
    assert all(sigma(layer.weight) == pytest.approx(1, abs=1e-5) for layer in layers)


@pytest.mark.parametrize("activation", [nn.ReLU, nn.Tanh, nn.LeakyReLU, nn.Softplus])
@pytest.mark.parametrize("seed", range(3))
def test_lipschitz_constants_stay_below_the_product(activation, seed: int) -> None:
    """Lip <= product of the spectral norms, for activations of slope at most 1; with the switch, <= 1."""
    torch.manual_seed(seed)
    x, y = 3 * normal(2000, 3, seed=seed), 3 * normal(2000, 3, seed=seed + 10)
    for net in (
        MLP(3, None, (16, 16), activation),
        settled(MLP(3, None, (16, 16), activation, spectral_norm=True), x),
    ):
        bound = math.prod(sigma(layer.weight) for layer in linears(net))
        slopes = (net(x) - net(y)).abs() / (x - y).norm(dim=1)
        assert slopes.max() <= bound * (1 + 1e-4)
        assert gradient_norms(net, x).max() <= bound * (1 + 1e-5)
    assert bound == pytest.approx(1, abs=1e-4)


def test_an_affine_net_attains_the_product() -> None:
    net = settled(MLP(5, None, (), spectral_norm=True), normal(2, 5))
    assert gradient_norms(net, normal(10, 5)).detach().tolist() == pytest.approx([1.0] * 10)


def test_clipping_bounds_the_lipschitz_constant() -> None:
    """|W| <= its Frobenius norm <= c sqrt(fan_in fan_out), layer by layer."""
    net = MLP(2, None, (16, 16), nn.ReLU)
    clip_(net.parameters(), 0.1)
    bound = math.prod(0.1 * math.sqrt(layer.weight.numel()) for layer in linears(net))
    assert gradient_norms(net, 3 * normal(1000, 2)).max() <= bound


def test_what_does_not_fit_is_refused_by_layer() -> None:
    for net, shape, layer in (
        (MLP(3, None, (8,)), (5, 2), r"layer 0 of MLP, Linear\(in_features=3"),
        (MLP(3, None, (8,), spectral_norm=True), (5, 2), "layer 0 of MLP, ParametrizedLinear"),
        (ConvCritic(3, 16), (5, 1, 16, 16), r"layer 0 of ConvCritic, Conv2d\(3, 32"),
        (ConvCritic(1, 16), (5, 1, 8, 8), r"layer 4 of ConvCritic, Conv2d\(64, 1"),
        (ConvCritic(1, 16), (5, 1, 32, 32), r"layer 5 of ConvCritic, Score"),
        (MLP(3, None, (8,)), (5, 7, 3), r"layer 3 of MLP, Score"),
        (ConvGenerator(6, 1, 16), (5, 7), r"layer 0 of ConvGenerator, Unflatten"),
    ):
        with pytest.raises(ValueError, match=layer) as raised:
            net(normal(*shape))
        assert "shape (5, " in str(raised.value)


def test_a_wrong_layer_in_the_middle_is_the_one_named() -> None:
    net = MLP(3, None, (8, 8))
    net[2] = nn.Linear(7, 8)
    with pytest.raises(ValueError, match=r"layer 2 of MLP.*\(5, 8\)"):
        net(normal(5, 3))


def test_other_errors_stay_what_they_are() -> None:
    with pytest.raises(RuntimeError, match="dtype"):
        MLP(3, None)(normal(5, 3).double())


def test_bad_sizes() -> None:
    for bad in (0, -1, 2.0, True):
        with pytest.raises(ValueError, match="`inputs` must be a positive integer"):
            MLP(bad, None)
        with pytest.raises(ValueError, match="`outputs` must be a positive integer"):
            MLP(2, bad)
        with pytest.raises(ValueError, match="`hidden` must be a positive integer"):
            MLP(2, None, (8, bad, 4))
        with pytest.raises(ValueError, match="`channels` must be a positive integer"):
            ConvCritic(bad, 8)
        with pytest.raises(ValueError, match="`latent` must be a positive integer"):
            ConvGenerator(bad, 1, 8)
    for size in (1, 2, 3, 5, 12, 28, 48):
        with pytest.raises(ValueError, match=f"4, 8, 16, 32, ... pixels. Got {size}"):
            ConvCritic(1, size)
        with pytest.raises(ValueError, match=f"Got {size}"):
            ConvGenerator(4, 1, size)
