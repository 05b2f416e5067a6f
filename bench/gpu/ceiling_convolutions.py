"""Convolutions of the paper's VGG through torch, and their weight gradient as nine plain products."""
from ceiling_timing import DEVICE, TYPES, random, seconds_of, torch

# inputs, outputs, height = width of the input
LAYERS = {"conv1": (3, 128, 32), "conv2": (128, 256, 32), "conv3": (256, 256, 16), "conv4": (256, 512, 16), "conv5": (512, 512, 8),
          "conv6": (512, 512, 4)}


def layers(small):
    shrink = (lambda c: c if c == 3 else c // 16) if small else (lambda c: c)
    return {name: (shrink(c), shrink(k), s) for name, (c, k, s) in LAYERS.items()}


def forward(x, w):
    return torch.ops.aten.convolution(x, w, None, [1, 1], [1, 1], [1, 1], False, [0, 0], 1)


def backward(dy, x, w, data, weights):
    """(dx, dw), each computed only if asked for."""
    return torch.ops.aten.convolution_backward(dy, x, w, None, [1, 1], [1, 1], [1, 1], False, [0, 0], 1, [data, weights, False])[:2]


def timed(row, work, room):
    """The row with how long the work takes; what torch refuses is a result too."""
    try:
        row["us"] = 1e6 * seconds_of(work, room)
        row["tflop_per_s"] = row["flop"] / row["us"] / 1e6
    except Exception as e:
        row["error"] = f"{type(e).__name__}: {str(e)[:200]}"
    return row


def convolutions(dtype_name, batch, room, small):
    """A row for each layer and direction."""
    dtype = TYPES[dtype_name]
    for name, (c, k, size) in layers(small).items():
        x, w, dy = random((batch, c, size, size), dtype), random((k, c, 3, 3), dtype), random((batch, k, size, size), dtype)
        for direction, work in (("forward", lambda: forward(x, w)), ("wgrad", lambda: backward(dy, x, w, False, True)),
                                ("dgrad", lambda: backward(dy, x, w, True, False))):
            if direction == "dgrad" and c == 3:
                continue
            row = {"what": name, "direction": direction, "dtype": dtype_name, "batch": batch, "flop": 2 * 9 * c * k * size * size * batch}
            yield timed(row, work, room)


def shifted_products(dtype_name, batch, room, small):
    """The weight gradient as nine plain products: with a border of one zero pixel around x and dy in memory (channels
    last), tap (i, j) is dy' x with x moved by (i - 1)(W + 2) + (j - 1) pixels. More operations by ((W + 2) / W)^2, but
    products that cuBLAS has Hopper kernels for, and sums in f32 where torch can return them (`out_dtype`: wgrad9f)."""
    dtype = TYPES[dtype_name]
    for name, (c, k, size) in layers(small).items():
        if c == 3:
            continue
        wide, guard = size + 2, size + 3
        pixels = batch * wide * wide
        x, dy = (torch.zeros((batch, wide, wide, n), device=DEVICE, dtype=dtype) for n in (c, k))
        x[:, 1:-1, 1:-1], dy[:, 1:-1, 1:-1] = random((batch, size, size, c), dtype), random((batch, size, size, k), dtype)
        flat = torch.zeros((pixels + 2 * guard, c), device=DEVICE, dtype=dtype)
        flat[guard:-guard] = x.view(pixels, c)
        transposed = dy.view(pixels, k).t()
        starts = [guard + (i - 1) * wide + (j - 1) for i in range(3) for j in range(3)]
        for direction, more in (("wgrad9", {}), ("wgrad9f", {"out_dtype": torch.float32})):
            work = lambda: [torch.mm(transposed, flat[s:s + pixels], **more) for s in starts]
            row = {"what": name, "direction": direction, "dtype": dtype_name, "batch": batch, "flop": 2 * 9 * c * k * size * size * batch}
            try:
                row["relative_error"] = difference(torch.stack(work(), 2).float().view(k, c, 3, 3), x, dy)
            except Exception as e:  # an older torch knows no out_dtype
                row["error"] = f"{type(e).__name__}: {str(e)[:200]}"
                yield row
                continue
            yield timed(row, work, room)


def difference(got, x, dy):
    """From torch's own weight gradient, relative; x and dy with their borders."""
    dy, x = (t[:, 1:-1, 1:-1].permute(0, 3, 1, 2) for t in (dy, x))
    weight = torch.empty(got.shape, device=DEVICE, dtype=x.dtype)
    wanted = backward(dy, x, weight, False, True)[1].float()
    return float((got - wanted).norm() / wanted.norm())
