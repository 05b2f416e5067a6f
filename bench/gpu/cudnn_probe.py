#!/usr/bin/env python3
"""What cuDNN's convolutions do on this machine, by its legacy calls and by its graph API: right? which types? how fast?

Calls libcudart.so.13 and libcudnn*.so.9 directly: needs neither torch nor Java. Checks a small case against double
precision, then times the layers of the paper's VGG (conv1pad is the first with its 3 channels padded to 8): each
algorithm or engine that cuDNN's heuristic names, its workspace, whether it repeats its bits, and whether a CUDA graph
takes it. For bf16, the weight gradient also with an f32 result and with beta = 1 (added to what is there).

  cudnn_probe.py --out probe.json [--lib DIR]... [--layers conv2,conv4] [--batches 128,512] [--check-only]
"""
import argparse
import ctypes as c
import sys

import steplib
import libraries
from cuda_calls import BF16, FLOAT, WIDTH, Device, Failure, Libraries, normal, to_bits
from cudnn_check import TYPE_NAMES, check
from cudnn_graph import Graph
from cudnn_legacy import ALGORITHMS, MATH_NAMES, TENSOR_OP, Convolution, captured

LAYERS = {"conv1": (3, 128, 32), "conv1pad": (8, 128, 32), "conv2": (128, 256, 32), "conv3": (256, 256, 16),
          "conv4": (256, 512, 16), "conv5": (512, 512, 8), "conv6": (512, 512, 4)}
MOST_WORKSPACE = 4e9


def cases(options):
    """(api, layer, batch, direction, type of x and y, type of w, beta), the most telling first."""
    for batch in options.batches:
        for name in options.layers:
            for direction, filter_type, beta in (("forward", BF16, 0), ("wgrad", BF16, 0), ("wgrad", FLOAT, 0), ("wgrad", FLOAT, 1),
                                                 ("dgrad", BF16, 0)):
                if direction == "dgrad" and name.startswith("conv1"):
                    continue
                yield "legacy", name, batch, direction, BF16, filter_type, beta
                if beta == 0:
                    yield "graph", name, batch, direction, BF16, filter_type, beta
    for batch in options.batches:
        for name in options.layers:
            for direction in ("forward", "wgrad"):
                yield "legacy", name, batch, direction, FLOAT, FLOAT, 0


class Probe:
    """Times convolutions on one device."""

    def __init__(self, lib, options):
        self.lib, self.options, self.device = lib, options, Device(lib)
        self.handle, self.stream = c.c_void_p(), c.c_void_p()
        lib.cuda(lib.cudaSetDevice(0), "cudaSetDevice")
        lib.cuda(lib.cudaStreamCreate(c.byref(self.stream)), "cudaStreamCreate")
        lib.cudnn(lib.cudnnCreate(c.byref(self.handle)), "cudnnCreate")
        lib.cudnn(lib.cudnnSetStream(self.handle, self.stream), "cudnnSetStream")
        values = normal(3, 1 << 16)
        self.random = {t: to_bits(values, t) for t in (FLOAT, BF16)}

    def timed(self, entry, flop, work):
        """Adds to `entry` how long `work` takes, which returns a status of cuDNN's."""
        ok = lambda: self.lib.cudnn(work(), "run")
        ok()
        self.device.synchronize()
        entry["us"] = self.device.microseconds(ok, self.options.calls, self.stream)
        entry["tflop_per_s"] = flop / max(entry["us"], 1e-3) / 1e6
        entry["graph"] = captured(self.device, self.stream, work)

    def legacy(self, conv, direction, beta, buffers):
        """An entry for each algorithm."""
        for perf in [p for p in conv.listed(direction) if p.memory < MOST_WORKSPACE][:self.options.algorithms]:
            conv.set_math(perf.math)
            entry = {"name": ALGORITHMS[direction][perf.algo], "math": MATH_NAMES.get(perf.math, perf.math),
                     "repeats": perf.determinism == 1, "workspace_mb": round(perf.memory / 1e6, 1)}
            space = self.device.malloc(perf.memory)
            try:
                self.timed(entry, conv.flop, lambda: conv.run(direction, perf, space, buffers, beta))
            except Failure as e:
                entry["error"] = str(e)
            finally:
                self.device.free(space)
            yield entry

    def graph(self, graph, flop, buffers):
        """An entry for each engine configuration."""
        for configuration in graph.configurations(self.options.algorithms):
            entry, space = {}, None
            try:
                entry["name"], entry["notes"] = graph.engine(configuration)
                plan, size = graph.plan(configuration)
                entry["workspace_mb"] = round(size / 1e6, 1)
                space = self.device.malloc(size)
                pack = graph.pack(buffers, space)
                self.timed(entry, flop, lambda: self.lib.cudnnBackendExecute(self.handle, plan, pack))
            except Failure as e:
                entry["error"] = str(e)
            finally:
                if space:
                    self.device.free(space)
            yield entry

    def row(self, api, name, batch, direction, data_type, filter_type, beta):
        """Times one case by everything that cuDNN offers for it."""
        row = {"api": api, "layer": name, "batch": batch, "direction": direction, "beta": beta,
               "types": f"{TYPE_NAMES[data_type]}/{TYPE_NAMES[filter_type]}", "candidates": []}
        conv = graph = None
        buffers = []
        try:
            conv = Convolution(self.lib, self.handle, batch, LAYERS[name], data_type, filter_type, TENSOR_OP)
            for count, t in zip(conv.counts, (data_type, filter_type, data_type)):
                buffers.append(self.device.filled(self.random[t], count * WIDTH[t]))
            if api == "legacy":
                entries = self.legacy(conv, direction, beta, buffers)
            else:
                graph = Graph(self.lib, self.handle, direction, batch, LAYERS[name], data_type, filter_type)
                entries = self.graph(graph, conv.flop, buffers)
            row["candidates"] = list(entries)
            if not row["candidates"]:
                row["error"] = "cuDNN names nothing that can run"
        except Failure as e:
            row["error"] = str(e)
        finally:
            for made in (graph, conv):
                if made:
                    made.destroy()
            for p in buffers:
                self.device.free(p)
        best = min((e for e in row["candidates"] if "us" in e), key=lambda e: e["us"], default=None)
        if best:
            row.update(best=best["name"], us=best["us"], tflop_per_s=best["tflop_per_s"])
        elif "error" not in row:
            row["error"] = row["candidates"][0]["error"]
        return row

    def close(self):
        self.lib.cudnnDestroy(self.handle)
        self.lib.cudaStreamDestroy(self.stream)


def show(row):
    names = "  ".join(f"{e['name']}{'' if e.get('repeats', True) else '*'} {e['tflop_per_s']:.0f}"
                      for e in sorted((e for e in row["candidates"] if "us" in e), key=lambda e: e["us"]))
    return (f"{row['layer']:8} {row['batch']:5} {row['direction']:8} {row['types']:10} beta {row['beta']} {row['api']:6} TFLOP/s: "
            f"{row.get('error') or names}")


def versions(lib):
    """What the libraries say of themselves."""
    lib.cudnnGetVersion.restype = c.c_size_t
    runtime, driver = c.c_int(), c.c_int()
    lib.cudaRuntimeGetVersion(c.byref(runtime))
    lib.cudaDriverGetVersion(c.byref(driver))
    return {"cudnn": lib.cudnnGetVersion(), "cuda_runtime": runtime.value, "cuda_driver": driver.value}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", default="probe.json")
    parser.add_argument("--lib", action="append", default=[], help="a folder of libraries, before those that are found")
    parser.add_argument("--layers", default=",".join(LAYERS))
    parser.add_argument("--batches", default="512,128")
    parser.add_argument("--algorithms", type=int, default=4, help="at most so many of a case's")
    parser.add_argument("--calls", type=int, default=10, help="in each of the three blocks that are timed")
    parser.add_argument("--budget", type=float, default=60, help="seconds for everything")
    parser.add_argument("--check-only", action="store_true")
    parser.add_argument("--scale", type=int, default=1, help="divides the channels, for a try without a GPU")
    options = parser.parse_args()
    options.layers, options.batches = options.layers.split(","), [int(b) for b in options.batches.split(",")]
    for name, (inputs, outputs, size) in LAYERS.items():
        LAYERS[name] = (inputs if inputs < 16 else inputs // options.scale, outputs // options.scale, size)
    lib = Libraries(options.lib + libraries.folders())
    missing = [name for name in ("libcudart.so.13", "libcudnn.so.9") if name not in lib.paths]
    if missing:
        steplib.skip(f"There is no {' and no '.join(missing)} here; install NVIDIA's wheels (nvidia-cudnn-cu13) or name their folders "
                     "by KIB_CUDA_LIBRARIES.")
    report = steplib.Report(options.out, libraries=lib.paths)
    try:
        report.about.update(versions(lib))
        print(", ".join(f"{name} {number}" for name, number in versions(lib).items()), flush=True)
        probe = Probe(lib, options)
        check(lib, probe.device, probe.handle, report)
        for case in [] if options.check_only else cases(options):
            if steplib.seconds_so_far() > options.budget:
                report.about["left_out"] = f"no time left of {options.budget:.0f} s, from {' '.join(map(str, case[:4]))} on"
                print(report.about["left_out"])
                break
            row = probe.row(*case)
            report.add(row)
            print(show(row), flush=True)
        probe.close()
    except Failure as e:
        report.about["error"] = str(e)
        print(f"cudnn_probe: {e}")
    wrong = sum(row.get("right") is False for row in report.rows)
    if wrong:
        report.about.setdefault("error", f"cuDNN computed {wrong} of the small cases wrong")
    report.write()
    print(f"probe: {len(report.rows)} rows{f', {wrong} small cases WRONG' if wrong else ''} in {steplib.seconds_so_far():.0f} s")
    return 1 if "error" in report.about else 0


if __name__ == "__main__":
    sys.exit(main())
