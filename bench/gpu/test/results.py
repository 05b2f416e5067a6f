"""Results of steps as their programs write them, for tests: the figures are made up, round, and mean nothing."""
import json
import os

MACHINE = {"date": "2000-01-01 00:00 UTC", "cards": [{"name": "NVIDIA H100 80GB HBM3", "driver_version": "1.2"}], "processor": "P",
           "processors": 4, "memory_gb": 5.0, "system": "S", "kernel": "6", "libc": "glibc 2", "python": "3",
           "packages": {"torch": "2.11.0+cu130"}, "nvcc": None, "compute_sanitizer": None}
RIVAL = {"device": "NVIDIA H100 80GB HBM3", "rows": [
    {"net": "vgg", "rule": "phsic", "precision": "bf16", "mode": "graph", "batch": 128, "images_per_s": 10000, "least": 9000, "most": 11000,
     "peak_allocated_mb": 700},
    {"net": "vgg", "rule": "phsic", "precision": "bf16", "mode": "compile-graph", "batch": 128, "images_per_s": 20000, "least": 19000,
     "most": 21000, "peak_allocated_mb": 600},
    {"net": "mlp", "rule": "backprop", "precision": "f32", "mode": "graph", "batch": 256, "error": "OutOfMemoryError: none | left"}]}
BENCH = {"rows": [{"net": "vgg", "rule": "cosine-grp-div", "precision": "bf16", "mode": "graph", "batch": 128, "images_per_s": 30000,
                   "least": 29000, "most": 31000, "peak_mb": 300}]}
PROBE = {"cudnn": 91900, "cuda_runtime": 13000, "cuda_driver": 13010, "rows": [
    {"check": "forward", "types": "f32/f32", "math": "fma", "beta": 0, "relative_error": 1e-7, "right": True},
    {"check": "wgrad", "types": "bf16/f32", "math": "tensor", "beta": 1, "error": "cudnn 3000 NOT_SUPPORTED"},
    {"api": "legacy", "layer": "conv2", "batch": 512, "direction": "wgrad", "types": "bf16/bf16", "beta": 0, "tflop_per_s": 111},
    {"api": "graph", "layer": "conv2", "batch": 512, "direction": "wgrad", "types": "bf16/bf16", "beta": 0, "tflop_per_s": 222}]}
CEILING = {"device": "NVIDIA H100 80GB HBM3", "rows": [
    {"what": "copy", "direction": "memory", "dtype": "", "batch": 0, "us": 7, "tb_per_s": 1.5},
    {"what": "conv2", "direction": "wgrad", "dtype": "bf16", "batch": 512, "us": 7, "tflop_per_s": 333},
    {"what": "conv2", "direction": "wgrad9", "dtype": "bf16", "batch": 512, "us": 7, "tflop_per_s": 444}]}
KERNELS = {"copy_tb_per_s": 2.5, "rows": [
    {"kernel": "sum_rows", "shape": "8x4 bf16", "us": 20, "spread": 0.125, "bytes": 24e6, "flop": 0, "gb_per_s": 100, "tflop_per_s": 0,
     "bound_us": 10}]}
SANITIZER = {"rows": [{"tool": "memcheck", "state": "clean", "errors": 0, "seconds": 5, "why": "ERROR SUMMARY: 0 errors"}]}
TRAIN = {"data": "D", "precision": "bf16", "epochs": {"phsic": 9}, "joules": "the counter", "rows": [
    {"rule": "phsic", "mark": 60, "epoch": 2, "test_accuracy": 61.5,
     "gpu_s": 4, "gpu_joules": None, "process_s": 11, "process_joules": 1100},
    {"rule": "phsic", "mark": None, "epoch": 9, "test_accuracy": 77,
     "gpu_s": 18, "gpu_joules": 1800, "process_s": 40, "process_joules": 4000},
    {"rule": "backprop", "error": "status 1: a | b"}]}
WHOLE = {"machine": MACHINE, "rival": RIVAL, "bench": BENCH, "probe": PROBE, "ceiling": CEILING,
         "kernels": KERNELS, "sanitizer": SANITIZER, "train": TRAIN}


def write(folder, results):
    for name, value in results.items():
        with open(os.path.join(folder, name + ".json"), "w", encoding="utf-8") as f:
            f.write(value if isinstance(value, str) else json.dumps(value))
