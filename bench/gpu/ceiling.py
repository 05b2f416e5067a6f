#!/usr/bin/env python3
"""What this GPU gives at most, through PyTorch's cuDNN and cuBLAS: the ceilings that a training step is read against.

  ceiling.py --out ceiling.json                copies, launches, matrix products, convolutions of the paper's VGG
  ceiling.py --dtype fp16 --only conv          with TORCH_CUDNN_V8_API_DISABLED=1 in the environment, PyTorch calls
                                               cuDNN's legacy convolution functions (f32, tf32, fp16; it has no bf16 there)

Each figure is a median of rounds of CUDA-graph replays (launches do not count), inputs random. Needs torch >= 1.13.
"""
import argparse
import os

import steplib
from ceiling_convolutions import convolutions, shifted_products
from ceiling_timing import CUDA, DEVICE, TYPES, launch_times, random, seconds_of, torch

PRODUCTS = (  # rows x columns x terms: torch's fastest, then those of the fully connected layers and of a Gram matrix
    ("square", 8192, 8192, 8192, "bf16"), ("square", 4096, 4096, 4096, "bf16"), ("square", 8192, 8192, 8192, "tf32"),
    ("fc forward", 512, 1024, 2048, "bf16"), ("fc wgrad", 1024, 2048, 512, "bf16"), ("mlp forward", 256, 1024, 1024, "f32"),
    ("mlp wgrad", 1024, 1024, 256, "f32"), ("gram", 512, 512, 64, "f32"))


def products(room, scale):
    for name, m, n, k, dtype in PRODUCTS:
        m, n, k = (max(16, size // scale) for size in (m, n, k))
        torch.backends.cuda.matmul.allow_tf32 = dtype == "tf32"
        a, b = random((m, k), TYPES[dtype]), random((k, n), TYPES[dtype])
        out = torch.empty((m, n), device=DEVICE, dtype=TYPES[dtype])
        us = 1e6 * seconds_of(lambda: torch.mm(a, b, out=out), room)
        yield {"what": f"{name} {m}x{n}x{k}", "direction": "product", "dtype": dtype, "batch": 0, "us": us,
               "tflop_per_s": 2 * m * n * k / us / 1e6}


def memory(room, size):
    """Passes over `size` bytes: a copy, an activation, a max pooling; TB/s of bytes read and written."""
    source = torch.randint(256, (size,), device=DEVICE, dtype=torch.uint8)
    target = torch.empty_like(source)
    half = torch.randn(size // 4, device=DEVICE).bfloat16()
    image = random((max(1, size // 2 ** 20), 128, 32, 32), torch.bfloat16)
    for what, work, moved in (("copy", lambda: target.copy_(source), 2 * size),
                              ("selu bf16", lambda: torch.nn.functional.selu(half), size),
                              ("max pool 2x2 bf16", lambda: torch.nn.functional.max_pool2d(image, 2), image.numel() * 2 * 5 // 4)):
        us = 1e6 * seconds_of(work, room)
        yield {"what": what, "direction": "memory", "dtype": "", "batch": 0, "us": us, "tb_per_s": moved / us / 1e6}


def launches():
    for what, us in launch_times():
        yield {"what": what, "direction": "launch", "dtype": "", "batch": 0, "us": us}


def all_layers(dtype, batch, room, small):
    """Convolutions of each layer, their sum by direction, and the weight gradient as shifted products."""
    rows = []
    for row in convolutions(dtype, batch, room, small):
        rows.append(row)
        yield row
    for direction in ("forward", "wgrad", "dgrad"):
        chosen = [r for r in rows if r["direction"] == direction and "us" in r]
        if chosen:
            us = sum(r["us"] for r in chosen)
            yield {"what": f"all {len(chosen)}", "direction": direction, "dtype": dtype, "batch": batch, "us": us,
                   "tflop_per_s": sum(r["flop"] for r in chosen) / us / 1e6}
    yield from shifted_products(dtype, batch, room, small)


def figures(options):
    """Every row that was asked for, in the order of their worth."""
    wanted = lambda what: options.only in ("", what)
    if wanted("memory"):
        yield from memory(options.room, 2 ** 20 if options.small else 2 ** 30)
    if wanted("launch") and CUDA:
        yield from launches()
    if wanted("product"):
        yield from products(options.room, 64 if options.small else 1)
    if wanted("conv"):
        for dtype in options.dtype.split(","):
            for batch in map(int, options.batches.split(",")):
                torch.backends.cudnn.allow_tf32 = dtype != "f32"
                yield from all_layers(dtype, batch, options.room, options.small)


def show(row):
    rate = f"{row['tflop_per_s']:8.1f} TFLOP/s" if "tflop_per_s" in row else f"{row['tb_per_s']:8.2f} TB/s" if "tb_per_s" in row else ""
    time_text = f"{row['us']:10.1f} us" if "us" in row else row["error"][:80]
    return f"{row['what']:28} {row['direction']:8} {row['dtype']:5} {row['batch']:5} {time_text} {rate}"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", default="ceiling.json")
    parser.add_argument("--dtype", default="bf16,tf32")
    parser.add_argument("--batches", default="128,512")
    parser.add_argument("--only", default="", help="conv, product, memory or launch")
    parser.add_argument("--room", type=float, default=0.05, help="seconds of measuring, each figure")
    parser.add_argument("--budget", type=float, default=60, help="seconds for everything, the start of torch included")
    parser.add_argument("--small", action="store_true", help="sizes for a CPU")
    options = parser.parse_args()
    torch.backends.cudnn.benchmark = True
    if not CUDA and not options.small:
        steplib.skip(f"torch {torch.__version__} sees no GPU here, which this step needs.")
    report = steplib.Report(options.out, torch=torch.__version__, device=torch.cuda.get_device_name() if CUDA else "cpu",
                            cudnn=torch.backends.cudnn.version() if CUDA else 0,
                            legacy=os.environ.get("TORCH_CUDNN_V8_API_DISABLED", ""))
    for row in figures(options):
        report.add(row)
        print(show(row), flush=True)
        if steplib.seconds_so_far() > options.budget:
            report.about["left_out"] = f"no time left of {options.budget:.0f} s after {row['what']} {row['direction']}"
            report.write()
            print(report.about["left_out"])
            break
    print(f"ceiling: {len(report.rows)} figures in {steplib.seconds_so_far():.0f} s")


if __name__ == "__main__":
    main()
