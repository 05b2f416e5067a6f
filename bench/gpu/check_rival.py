#!/usr/bin/env python3
"""Whether rival.py computes what it says, on a CPU or GPU, in a few seconds: ends with status 1 if not.

Its objective's gradient against the closed form of docs/mathematics.md in double precision, both ways of taking the
layers' gradients against each other, and its count of operations against the paper's network.

  check_rival.py
"""
import sys

from rival import options_of
from rival_data import DEVICE, cifar_bytes, torch
from rival_networks import VGG_CHANNELS, Vgg, likeness_of, normalized, phsic
from rival_training import Training

SEED = 2
DELTA, Q = 1.0, 0.2


def closed_form(z, likeness, groups):
    """d pHSIC / dz, by hand: z is B x N in double, N units in groups of n neighbours."""
    batch = len(z)
    grouped = z.view(batch, groups, -1)
    n = grouped.shape[2]
    centred = grouped - grouped.mean(2, keepdim=True)
    s = (DELTA + centred.square().sum(2)) / n
    u = s.pow(1 - Q)
    v = u - u.mean(1, keepdim=True)
    norm = v.norm(dim=1, keepdim=True)
    unit = v / norm
    k = unit @ unit.T
    weights = 2 * ((k - k.mean()) - (likeness - likeness.mean())) / batch ** 2  # gamma is 2, of symmetric terms that count twice
    dv = 2 / norm * (weights @ unit - (weights * k).sum(1, keepdim=True) * unit)
    du = dv - dv.mean(1, keepdim=True)
    return ((du * (1 - Q) * 2 / n * s.pow(-Q)).unsqueeze(2) * centred).reshape(batch, -1)


def gradient_error():
    """Of autograd's gradient of rival's objective, relative to the closed form."""
    torch.manual_seed(SEED)
    groups = 4
    z = torch.randn(6, groups * 5, dtype=torch.float64, device=DEVICE, requires_grad=True)
    likeness = likeness_of(torch.randint(10, (6,), device=DEVICE)).double()
    to_float, torch.Tensor.float = torch.Tensor.float, lambda self, *_, **__: self  # it computes in f32 on its own
    try:
        gradient, = torch.autograd.grad(phsic(normalized(z, groups, DELTA, Q)[0], likeness), z)
    finally:
        torch.Tensor.float = to_float
    wanted = closed_form(z.detach(), likeness, groups)
    return float((gradient - wanted).norm() / wanted.norm())


def layer_error():
    """Between gradients of all layers at once and of one after the other, relative to each weight's greatest."""
    options = options_of(["--cpu-test"])
    images, labels, _ = cifar_bytes("", options.count)
    drop, Vgg.drop = Vgg.drop, lambda self, x: x
    gradients = []
    try:
        for mode in ("eager", "layer"):
            torch.manual_seed(SEED)
            row = {"net": "vgg", "rule": "phsic", "precision": "f32", "mode": mode, "batch": 8}
            training = Training(row, images, labels, options.channels, options.mlp_width, options.groups)
            training.step()
            gradients.append([p.grad.clone() for p in training.net.weights + training.net.readout])
    finally:
        Vgg.drop = drop
    return max(float((a - b).abs().max() / a.abs().max()) for a, b in zip(*gradients))


def operations(rule):
    """Of one image's step, as rival.py counts them."""
    images, labels, _ = cifar_bytes("", 8)
    row = {"net": "vgg", "rule": rule, "precision": "f32", "mode": "eager", "batch": 8}
    return Training(row, images, labels, VGG_CHANNELS, 1024, 64).flops() / 8


def main():
    checks = (("gradient against the closed form", gradient_error(), 1e-13), ("layer by layer against at once", layer_error(), 1e-4),
              ("operations of pHSIC", abs(operations("phsic") / 3.797e9 - 1), 1e-3),
              ("operations of backprop", abs(operations("backprop") / 5.689e9 - 1), 1e-3))
    for what, error, bound in checks:
        print(f"{what}: {error:.1e}, at most {bound:.0e}{'' if error <= bound else ': WRONG'} (seed {SEED})")
    return 0 if all(error <= bound for _, error, bound in checks) else 1


if __name__ == "__main__":
    sys.exit(main())
