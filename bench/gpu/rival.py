#!/usr/bin/env python3
"""What a PyTorch user gets on this machine: the paper's VGG and MLP by the local pHSIC rule and by backprop.

The local rule is written as a user of autograd would: the gradient of a layer's own objective, its input detached. Each
row is one training step (batch gathered from bytes that lie on the device, cropped, flipped, normalized; forward;
objective; gradients; momentum SGD), in a precision (f32, tf32, bf16 = autocast, channels last) and a mode:

  eager    as written                    layer    gradient and update of a layer before the next one runs (flat memory)
  graph    the same step, captured as one CUDA graph and replayed           layer-graph, compile-graph: likewise
  compile  torch.compile of forward, objectives and gradients

Prints a table, and writes all numbers to a JSON file after each row. Rows come in the order of their worth and end when
the budget of seconds is spent. Needs torch >= 1.13. Without a GPU only --cpu-test runs, eager modes alone.

  rival.py --out rival.json                     essential rows, within 170 seconds
  rival.py --all --budget 400                   every row
  rival.py --data DIR                           real bytes: CIFAR-10 binary files (data_batch_*.bin, test_batch.bin)
  rival.py --cpu-test                           small sizes, to see that it works
"""
import argparse
import json
import sys
import time

import steplib
from rival_data import CUDA, cifar_bytes, digit_bytes, torch
from rival_networks import VGG_CHANNELS
from rival_rows import rows_of
from rival_training import Training, captured, measured, synchronize
from rival_workers import Worker


def prepare(row, options, data):
    """(training, step): what the row names, ready to be timed."""
    torch.backends.cudnn.benchmark = True
    torch.backends.cudnn.allow_tf32 = row["precision"] != "f32"
    torch.backends.cuda.matmul.allow_tf32 = row["precision"] == "tf32"
    torch.manual_seed(1)
    if CUDA:
        torch.cuda.empty_cache()
        torch.cuda.reset_peak_memory_stats()
    images, labels = data[row["net"]]
    groups = options.groups if row["net"] == "vgg" else max(2, options.groups // 2)
    training = Training(row, images, labels, options.channels, options.mlp_width, groups)
    begin = time.monotonic()
    step = training.step
    for _ in range(3):
        step()
    synchronize()
    if row["mode"].endswith("graph"):
        step = captured(step)
        step()
        synchronize()
    row["prepare_s"] = round(time.monotonic() - begin, 2)
    return training, step


def finish(row, training, step, options):
    """Adds to the row what is measured."""
    row.update(measured(step, row["batch"], options.seconds))
    row["flop_per_step"] = training.flops()
    row["tflop_per_s"] = row["flop_per_step"] / row["ms_per_step"] / 1e9
    row["loss"] = float(training.loss)
    if CUDA:
        row["peak_allocated_mb"] = round(torch.cuda.max_memory_allocated() / 1e6)
        row["peak_reserved_mb"] = round(torch.cuda.max_memory_reserved() / 1e6)


def worked(options, data):
    """As a worker: prepares the row, says so, waits for its turn, measures."""
    row = json.loads(options.worker)
    try:
        training, step = prepare(row, options, data)
        print("ready", flush=True)
        sys.stdin.readline()
        finish(row, training, step, options)
    except Exception as e:  # a row that fails is a result too
        row["error"] = f"{type(e).__name__}: {str(e)[:300]}"
        print("ready", flush=True)
    print(json.dumps(row), flush=True)


def environment(source):
    about = {"torch": torch.__version__, "python": sys.version.split()[0], "data": source, "threads": torch.get_num_threads()}
    if not CUDA:
        return {**about, "device": "cpu"}
    properties = torch.cuda.get_device_properties(0)
    return {**about, "device": properties.name, "memory_gb": round(properties.total_memory / 1e9, 1),
            "multiprocessors": properties.multi_processor_count, "cuda": torch.version.cuda, "cudnn": torch.backends.cudnn.version()}


def show(row):
    name = f"{row['net']:4} {row['rule']:8} {row['precision']:5} {row['mode']:14} {row['batch']:5}"
    if "error" in row:
        return f"{name}  {row['error'][:90]}"
    memory = f"{row['peak_allocated_mb']:7} MB" if "peak_allocated_mb" in row else ""
    return (f"{name} {row['images_per_s']:10.0f} ({row['least']:.0f} to {row['most']:.0f}) "
            f"{row['ms_per_step']:8.3f} ms {row['tflop_per_s']:7.1f} TFLOP/s {memory}")


def options_of(arguments=None):
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", default="rival.json")
    parser.add_argument("--data", default="")
    parser.add_argument("--budget", type=float, default=170, help="seconds for everything, the start of Python included")
    parser.add_argument("--seconds", type=float, default=1.5, help="of measuring, each row")
    parser.add_argument("--all", action="store_true")
    parser.add_argument("--only", default="", help="rows whose text has this, as 'vgg phsic bf16 graph 128'")
    parser.add_argument("--cpu-test", action="store_true")
    parser.add_argument("--no-compile", action="store_true")
    parser.add_argument("--profile", default="", help="a file: kernels and their times of the bf16 steps, eager")
    parser.add_argument("--worker", default="", help=argparse.SUPPRESS)
    options = parser.parse_args(arguments)
    options.channels, options.mlp_width, options.groups = VGG_CHANNELS, 1024, 64
    options.batches, options.count = (128, 512), 10000
    if options.cpu_test:
        options.channels, options.mlp_width, options.groups = (16, 32, 32, 64, 64, 64), 64, 16
        options.batches, options.count, options.seconds = (8, 16), 64, min(options.seconds, 0.5)
    return options


def start_workers(rows, options, report):
    """{row as text: worker}: what torch compiles is prepared side by side, before anything is measured."""
    arguments = ["--data", options.data, "--seconds", str(options.seconds)] + (["--cpu-test"] if options.cpu_test else [])
    workers = {}
    for row in rows:
        if row["mode"].startswith("compile") and len(workers) < 6:
            workers[json.dumps(row)] = Worker(row, arguments)
    for w in workers.values():  # their start disturbs a measurement: nothing else is measured meanwhile
        w.ready.wait(max(0.1, 0.55 * options.budget - steplib.seconds_so_far()))
    report.about["compiled_s"] = round(steplib.seconds_so_far(), 1)
    return workers


def result(row, workers, options, data):
    """The row, measured if there is time, else why not."""
    left = options.budget - steplib.seconds_so_far()
    worker = workers.pop(json.dumps(row), None)
    if worker:
        return worker.result(min(left, 0.6 * options.budget - steplib.seconds_so_far() + 5))
    if row["mode"].startswith("compile"):
        return {**row, "error": "torch.compile needs torch 2 and a GPU here"}
    if left < options.seconds + 4:
        return {**row, "error": f"no time left of {options.budget:.0f} s"}
    try:
        training, step = prepare(row, options, data)
        finish(row, training, step, options)
    except Exception as e:
        row["error"] = f"{type(e).__name__}: {str(e)[:300]}"
    return row


def profile(options, data):
    """Names and times of the kernels that a step runs: which of cuDNN's torch picks for each convolution."""
    from torch.profiler import ProfilerActivity, profile as record
    with open(options.profile, "w", encoding="utf-8") as f:
        for rule in ("phsic", "backprop"):
            row = {"net": "vgg", "rule": rule, "precision": "bf16", "mode": "eager", "batch": options.batches[1]}
            _, step = prepare(row, options, data)
            with record(activities=[ProfilerActivity.CPU] + ([ProfilerActivity.CUDA] if CUDA else [])) as p:
                for _ in range(3):
                    step()
                synchronize()
            for key in ("self_cuda_time_total", "self_device_time_total", "self_cpu_time_total"):  # its name differs by version
                try:
                    f.write(f"{row}\n{p.key_averages().table(sort_by=key, row_limit=60, max_name_column_width=160)}\n")
                    break
                except (AttributeError, KeyError, ValueError):
                    continue


def main():
    options = options_of()
    if not CUDA and not options.cpu_test:
        steplib.skip(f"torch {torch.__version__} sees no GPU here, which this step needs.")
    padded, labels, source = cifar_bytes(options.data, options.count)
    data = {"vgg": (padded, labels), "mlp": digit_bytes(options.count)}
    if options.worker:
        worked(options, data)
        return
    report = steplib.Report(options.out, **environment(source))
    report.write()
    print(json.dumps(report.about), flush=True)
    rows = [r for r in rows_of(options, CUDA) if options.only in " ".join(str(v) for v in r.values())]
    can_compile = CUDA and hasattr(torch, "compile") and not options.no_compile
    workers = start_workers(rows, options, report) if can_compile else {}
    for row in sorted(rows, key=lambda r: not r["mode"].startswith("compile")) if workers else rows:
        report.add(result(row, workers, options, data))
        print(show(report.rows[-1]), flush=True)
    if options.profile and options.budget - steplib.seconds_so_far() > 5:
        profile(options, data)
    print(f"rival: {sum('error' not in r for r in report.rows)} of {len(report.rows)} rows in {steplib.seconds_so_far():.0f} s")


if __name__ == "__main__":
    main()
