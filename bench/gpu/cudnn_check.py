"""A small convolution by each of cuDNN's legacy calls against plain Python in double precision."""
import math
from operator import mul

from cuda_calls import BF16, FLOAT, HALF, WIDTH, Failure, from_bits, normal, to_bits
from cudnn_legacy import ALGORITHMS, FMA, MATH_NAMES, TENSOR_OP, Convolution

BATCH, INPUTS, OUTPUTS, SIZE = 2, 16, 24, 6
TYPE_NAMES = {FLOAT: "f32", HALF: "fp16", BF16: "bf16"}
# The types of x and y, and of w, and how products are made.
KINDS = ((FLOAT, FLOAT, FMA), (FLOAT, FLOAT, TENSOR_OP), (BF16, BF16, TENSOR_OP), (BF16, FLOAT, TENSOR_OP), (HALF, HALF, TENSOR_OP))
# What a result may be off by: 4 times what the rounding of its inputs' products or of itself comes to for so few terms.
TOLERANCE = {("f32", "fma"): 4e-6, ("f32", "tensor"): 2e-3, ("bf16", "tensor"): 8e-3, ("fp16", "tensor"): 1e-3}
WRITTEN = {"forward": 2, "wgrad": 1, "dgrad": 0}  # of x, w and y


def rows_of(values, width):
    return [values[i:i + width] for i in range(0, len(values), width)]


def reference(direction, x, w, y):
    """The result of a direction as a flat list; x, w and y flat, of the sizes above."""
    x, y, w = rows_of(x, INPUTS), rows_of(y, OUTPUTS), rows_of(w, INPUTS)  # w: of filter k and tap t at 9 k + t
    out = [[0.0] * OUTPUTS for _ in y] if direction == "forward" else [[0.0] * INPUTS for _ in (w if direction == "wgrad" else x)]
    for p in range(BATCH * SIZE * SIZE):
        b, i, j = p // (SIZE * SIZE), p // SIZE % SIZE, p % SIZE
        for tap in range(9):
            row, column = i + tap // 3 - 1, j + tap % 3 - 1
            if not (0 <= row < SIZE and 0 <= column < SIZE):
                continue
            q = (b * SIZE + row) * SIZE + column
            for k in range(OUTPUTS):
                weights = w[9 * k + tap]
                if direction == "forward":
                    out[p][k] += sum(map(mul, x[q], weights))
                elif direction == "wgrad":
                    out[9 * k + tap] = [o + y[p][k] * v for o, v in zip(out[9 * k + tap], x[q])]
                else:
                    out[q] = [o + y[p][k] * v for o, v in zip(out[q], weights)]
    return [v for row in out for v in row]


def distance(got, wanted):
    """Norm of the difference over the norm of what is wanted; not a number if anything of `got` is none."""
    return math.sqrt(sum((g - v) ** 2 for g, v in zip(got, wanted)) / sum(v * v for v in wanted))


def run(lib, device, handle, direction, beta, kind, bits, wanted):
    """(the algorithm that cuDNN names first, the relative error of its result)."""
    data_type, filter_type, math_type = kind
    types, written = (data_type, filter_type, data_type), WRITTEN[direction]
    conv, buffers = None, []
    try:
        conv = Convolution(lib, handle, BATCH, (INPUTS, OUTPUTS, SIZE), data_type, filter_type, math_type)
        for i, data in enumerate(bits):  # what is only written holds values that are no numbers before
            poison = to_bits([math.nan] * (len(data) // WIDTH[types[i]]), types[i])
            buffers.append(device.filled(poison if i == written and beta == 0 else data, len(data)))
        found = conv.listed(direction)
        if not found:
            raise Failure("no algorithm")
        conv.set_math(found[0].math)
        space = device.malloc(found[0].memory)
        try:
            lib.cudnn(conv.run(direction, found[0], space, buffers, beta), "run")
            device.synchronize()
        finally:
            device.free(space)
        got = from_bits(device.get(buffers[written], len(bits[written])), types[written])
        before = from_bits(bits[written], types[written])
        return ALGORITHMS[direction][found[0].algo], distance(got, [v + beta * o for v, o in zip(wanted, before)])
    finally:
        for p in buffers:
            device.free(p)
        if conv:
            conv.destroy()


def check(lib, device, handle, report):
    """A row for each type, direction and beta; `right` tells whether the result is the convolution."""
    pixels = BATCH * SIZE * SIZE
    x, w, y = normal(7, pixels * INPUTS), normal(8, 9 * INPUTS * OUTPUTS), normal(9, pixels * OUTPUTS)
    for kind in KINDS:
        data_type, filter_type, math_type = kind
        bits = [to_bits(x, data_type), to_bits(w, filter_type), to_bits(y, data_type)]
        exact = [from_bits(b, t) for b, t in zip(bits, (data_type, filter_type, data_type))]
        for direction in ("forward", "wgrad", "dgrad"):
            wanted = reference(direction, *exact)
            for beta in (0, 1):
                row = {"check": direction, "types": f"{TYPE_NAMES[data_type]}/{TYPE_NAMES[filter_type]}",
                       "math": MATH_NAMES[math_type], "beta": beta}
                try:
                    row["algorithm"], row["relative_error"] = run(lib, device, handle, direction, beta, kind, bits, wanted)
                    row["right"] = row["relative_error"] <= TOLERANCE[TYPE_NAMES[data_type], row["math"]]
                except Failure as e:
                    row["error"] = str(e)
                report.add(row)
                print(show(row), flush=True)


def show(row):
    verdict = row.get("error") or f"{row['relative_error']:.1e} by {row['algorithm']}{'' if row['right'] else ': WRONG'}"
    return f"check {row['check']:8} {row['types']:10} {row['math']:8} beta {row['beta']}  {verdict}"
