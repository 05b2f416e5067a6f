#!/usr/bin/env python3
"""Paper model of one training step of the VGG 1x (pHSIC cosine grp+div, bf16, channels last) on an H100 SXM, layer by layer.

  model.py > model.md            the prediction that a run on a GPU is held against; device-check's report quotes it

Matrix products: tiles of a fixed size, one at a time per multiprocessor, so that whole waves count; a wave runs at
`efficiency` of a multiprocessor's peak. Passes over memory: bytes over the rate that a copy reaches. No overlap of the two
unless said. Nothing here is measured except where a comment says so. Seconds, bytes and operations throughout.
"""
import math
from dataclasses import dataclass

CARD = "H100 80GB HBM3"  # as the driver calls it: for other cards the prediction is none
PEAK = 989.4e12  # dense bf16, datasheet of the H100 SXM
MULTIPROCESSORS = 132
COPY = 3.0e12  # bytes/s read and written, as seen on an H100 80GB HBM3
PRODUCT = 798e12  # a bf16 product of 8192 x 8192 x 8192, as seen on one
SINGLE = 20e12  # operations/s in f32 of kernels that are not products (assumed)
NODE = 1.3e-6  # gap between dependent nodes of a CUDA graph, seconds (assumed 1 to 1.5 us)
GROUPS = 64
PER_IMAGE = {"phsic": 3.797e9, "backprop": 5.689e9}  # operations of a step
BATCHES = (128, 256, 512, 1024, 2048, 4096)


@dataclass(frozen=True)
class Layer:
    """A 3x3 convolution over size x size positions, and whether a 2x2 pooling follows."""

    name: str
    inputs: int
    outputs: int
    size: int
    pooled: bool


LAYERS = (Layer("conv1", 3, 128, 32, False), Layer("conv2", 128, 256, 32, True), Layer("conv3", 256, 256, 16, False),
          Layer("conv4", 256, 512, 16, True), Layer("conv5", 512, 512, 8, True), Layer("conv6", 512, 512, 4, True))
FC_INPUTS, FC_OUTPUTS = 2048, 1024


@dataclass(frozen=True)
class Scenario:
    """Efficiency inside a wave by direction; the share of COPY that passes reach; the part of them that is hidden."""

    forward: float
    wgrad: float
    dgrad: float
    memory: float
    hidden: float

    def rate(self):
        return self.memory * COPY


SCENARIOS = {"hopeful": Scenario(0.75, 0.65, 0.72, 0.90, 0.5), "expected": Scenario(0.62, 0.48, 0.60, 0.80, 0.0),
             "sm80 kernels": Scenario(0.45, 0.38, 0.43, 0.75, 0.0)}


@dataclass(frozen=True)
class LayerTimes:
    """Seconds of a layer's kernels; `flop` of one product, `moved` bytes of the two passes over its activity."""

    name: str
    flop: float
    forward: float
    wgrad: float
    dgrad: float
    normalize: float
    post: float
    objective: float
    moved: float


@dataclass(frozen=True)
class StepTimes:
    """Seconds of a step that no layer owns, beside its layers; `nodes` of its CUDA graph."""

    layers: tuple
    optimizer: float
    augment: float
    readout: float
    nodes: int
    parameters: int

    def gaps(self):
        return self.nodes * NODE

    def parts(self, scenario):
        """(products, passes over memory, small kernels, gaps), seconds; their sum is the step's time."""
        matrix = sum(t.forward + t.wgrad + t.dgrad for t in self.layers)
        memory = sum(t.normalize + t.post for t in self.layers) + self.optimizer + self.augment
        small = sum(t.objective for t in self.layers) + self.readout
        return matrix, memory * (1 - scenario.hidden), small, self.gaps()


def kernel(moved, flop, scenario):
    """Seconds of one of our own kernels: bytes that it reads and writes, operations in f32; no launch."""
    return moved / scenario.rate() + flop / SINGLE


def product(m, n, k, efficiency, split):
    """Seconds of an m x n x k product by the best of three tiles; with `split` the sum over k may be cut finely."""
    best = math.inf
    for tile_m, tile_n in ((128, 256), (128, 128), (256, 128)):
        tiles = math.ceil(m / tile_m) * math.ceil(n / tile_n)
        for cuts in ((1, 2, 4, 8, 16, 32) if split else (1, 2, 4)):
            if k / cuts < 256 and cuts > 1:
                continue
            waves = math.ceil(tiles * cuts / MULTIPROCESSORS)
            depth = math.ceil(k / cuts / 64) * 64
            worth = efficiency * (1.0 if tile_m * tile_n == 32768 else 0.85)  # smaller tiles read more
            seconds = waves * 2 * tile_m * tile_n * depth / (PEAK / MULTIPROCESSORS * worth) + 1.5e-6  # prologue, epilogue
            if cuts > 1:
                seconds += 2 * cuts * m * n * 4 / (2 * COPY) + 2e-6
            best = min(best, seconds)
    return best


def convolution(layer, batch, direction, scenario):
    """Seconds of a layer's `forward`, `wgrad` or `dgrad`; 0 for the first layer's data gradient, which nobody needs."""
    channels = max(layer.inputs, 8)  # the first layer's are padded to 8
    positions = batch * layer.size ** 2
    least = positions * (channels + layer.outputs) * 2 / scenario.rate()
    if direction == "forward":
        return max(product(positions, layer.outputs, 9 * channels, scenario.forward, False), least)
    if direction == "wgrad":
        return max(product(layer.outputs, 9 * channels, positions, scenario.wgrad, True), least)
    return 0 if layer.inputs == 3 else product(positions, layer.inputs, 9 * layer.outputs, scenario.dgrad, False)


def convolutional(layer, batch, rule, s):
    positions = batch * layer.size ** 2
    out = positions // (4 if layer.pooled else 1)
    a, z = positions * layer.outputs * 2, out * layer.outputs * 2  # bytes, before and after the pooling
    choice = out * layer.outputs / 4 if layer.pooled else 0
    if rule == "backprop":
        normalize, post, objective = a + z + choice, z + 2 * a + choice, 0  # activation, pool, dropout in one pass
    else:
        normalize, post = a + 2 * z + choice, z + choice + a  # r, the pool's choice in; da out
        # the third factor from u, f32: B x B Gram matrix, or the Gram-free form, whichever is cheaper
        gram = min(4 * batch * batch * GROUPS, 8 * batch * GROUPS * GROUPS)
        objective = 2 * 3e-6 + kernel(3 * batch * GROUPS * 4, gram, s)
    times = [convolution(layer, batch, d, s) for d in ("forward", "wgrad")]
    dgrad = convolution(layer, batch, "dgrad", s) if rule == "backprop" else 0
    flop = 2 * 9 * layer.inputs * layer.outputs * positions
    return LayerTimes(layer.name, flop, *times, dgrad, normalize / s.rate(), post / s.rate(), objective, normalize + post)


def fully_connected(batch, rule, s):
    dgrad = product(batch, FC_INPUTS, FC_OUTPUTS, s.dgrad, True) if rule == "backprop" else 0
    return LayerTimes("fc", 2 * FC_INPUTS * FC_OUTPUTS * batch, product(batch, FC_OUTPUTS, FC_INPUTS, s.forward, True),
                      product(FC_OUTPUTS, FC_INPUTS, batch, s.wgrad, True), dgrad, 3e-6, 3e-6, 6e-6, 0)


def step(batch, scenario, rule="phsic"):
    """The times of a step in a scenario."""
    layers = tuple(convolutional(layer, batch, rule, scenario) for layer in LAYERS) + (fully_connected(batch, rule, scenario),)
    parameters = sum(9 * x.inputs * x.outputs for x in LAYERS) + FC_INPUTS * FC_OUTPUTS + 10250
    # weights, momentum and gradient in; weights and momentum out, f32; a bf16 copy out
    optimizer = kernel(parameters * (4 * 5 + 2), 0, scenario)
    augment = kernel(batch * 3 * 1024 * (1 + 16 / 3), 0, scenario) + 2e-6
    return StepTimes(layers, optimizer, augment, 12e-6, 7 * len(layers) + 10, parameters)


def seconds(batch, scenario, rule="phsic"):
    """Of a whole step."""
    return sum(step(batch, scenario, rule).parts(scenario))


def print_layers(batch):
    scenario = SCENARIOS["expected"]
    times = step(batch, scenario)
    print(f"## pHSIC, batch {batch}, expected; microseconds")
    print("| layer | GFLOP, one way | forward | TFLOP/s | wgrad | TFLOP/s | normalize | post | objective | MB of the two passes |")
    print("| --- | --: | --: | --: | --: | --: | --: | --: | --: | --: |")
    for t in times.layers:
        print(f"| {t.name} | {t.flop / 1e9:.1f} | {t.forward * 1e6:.0f} | {t.flop / t.forward / 1e12:.0f} | "
              f"{t.wgrad * 1e6:.0f} | {t.flop / t.wgrad / 1e12:.0f} | {t.normalize * 1e6:.0f} | {t.post * 1e6:.0f} | "
              f"{t.objective * 1e6:.0f} | {t.moved / 1e6:.0f} |")
    forward, wgrad, normalize, post, objective = (
        sum(getattr(t, name) for t in times.layers) * 1e6 for name in ("forward", "wgrad", "normalize", "post", "objective"))
    print(f"| sum | {sum(t.flop for t in times.layers) / 1e9:.0f} | {forward:.0f} | | {wgrad:.0f} | | {normalize:.0f} | "
          f"{post:.0f} | {objective:.0f} | |")
    print(f"\noptimizer {times.optimizer * 1e6:.0f} ({times.parameters / 1e6:.2f} M parameters), augment "
          f"{times.augment * 1e6:.0f}, readout {times.readout * 1e6:.0f}, gaps of {times.nodes} graph nodes {times.gaps() * 1e6:.0f}\n")


def print_steps():
    print("## Images/s")
    print("| scenario | rule | batch | matrix | memory | small | gaps | ms | images/s | of 989 TFLOP/s |")
    print("| --- | --- | --: | --: | --: | --: | --: | --: | --: | --: |")
    for name, scenario in SCENARIOS.items():
        for rule, flop in PER_IMAGE.items():
            for batch in BATCHES:
                parts = step(batch, scenario, rule).parts(scenario)
                time = sum(parts)
                print(f"| {name} | {rule} | {batch} | " + " | ".join(f"{1e6 * p:.0f}" for p in parts) +
                      f" | {1e3 * time:.3f} | {batch / time:,.0f} | {100 * flop * batch / time / PEAK:.0f} % |")


def print_needs(goal):
    """How fast the products must be for a goal, images/s of pHSIC."""
    flop, scenario = PER_IMAGE["phsic"], SCENARIOS["expected"]
    print(f"{goal:,} images/s = {goal * flop / 1e12:.0f} TFLOP/s = {100 * goal * flop / PEAK:.0f} % of peak over the whole step")
    for batch in (128, 512, 2048):
        _, memory, small, gaps = step(batch, scenario).parts(scenario)
        for hidden in (0, 0.5, 1):
            room = batch / goal - memory * (1 - hidden) - small - gaps
            need = batch * flop / room / 1e12 if room > 0 else math.inf
            print(f"  batch {batch}, {100 * hidden:.0f} % of the memory passes hidden: the products must average "
                  f"{need:.0f} TFLOP/s ({100 * need * 1e12 / PEAK:.0f} % of peak)")


def main():
    for batch in (128, 512):
        print_layers(batch)
    print_steps()
    print(f"\nfloor at 100 % of peak: {PEAK / PER_IMAGE['phsic']:,.0f} images/s pHSIC, {PEAK / PER_IMAGE['backprop']:,.0f} backprop; "
          f"at {PRODUCT / 1e12:.0f} TFLOP/s (a matrix product seen here): {PRODUCT / PER_IMAGE['phsic']:,.0f} and "
          f"{PRODUCT / PER_IMAGE['backprop']:,.0f}")
    for goal in (100_000, 200_000):
        print_needs(goal)


if __name__ == "__main__":
    main()
