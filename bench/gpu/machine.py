#!/usr/bin/env python3
"""What machine this is: card, driver, libraries, Python, torch. Needs python3 alone; what is missing is said, not an error.

  machine.py --out machine.json
"""
import argparse
import datetime
import importlib.metadata
import json
import os
import platform
import re
import shutil
import subprocess
import sys

import libraries

CARD = ("name", "driver_version", "memory.total", "compute_cap", "pcie.link.gen.max", "clocks.max.sm", "clocks.max.mem", "power.limit",
        "ecc.mode.current", "mig.mode.current", "temperature.gpu", "utilization.gpu", "memory.used")
LEAST = 3  # of those, what every driver knows
PACKAGES = re.compile(r"^(torch|triton|numpy|pillow|nvidia[-_](cudnn|cublas|cuda[-_](runtime|nvrtc)|nvjitlink).*)$", re.IGNORECASE)


def said(*command):
    """What a command prints, or why it printed nothing; one that is missing is None."""
    if not shutil.which(command[0]):
        return None
    try:
        run = subprocess.run(command, capture_output=True, text=True, timeout=20)
        return (run.stdout.strip() or run.stderr.strip() or f"status {run.returncode}")
    except (OSError, subprocess.SubprocessError) as e:
        return str(e)


def cards():
    """A {property: value} for each card that nvidia-smi names, or a sentence on why there is none."""
    text = None
    for fields in (CARD, CARD[:LEAST]):  # a driver that does not know one of them answers none
        text = said("nvidia-smi", f"--query-gpu={','.join(fields)}", "--format=csv,noheader")
        if text is None:
            return "there is no nvidia-smi"
        rows = [[field.strip() for field in line.split(",")] for line in text.splitlines()]
        if all(len(row) == len(fields) for row in rows):
            return [dict(zip(fields, row)) for row in rows]
    return text.splitlines()[0]


def packages():
    found = {}
    for distribution in importlib.metadata.distributions():
        name = distribution.metadata["Name"]
        if name and PACKAGES.match(name):
            found[name.lower()] = distribution.version
    return dict(sorted(found.items()))


def processor():
    try:
        with open("/proc/cpuinfo", encoding="ascii", errors="replace") as f:
            return next((line.partition(":")[2].strip() for line in f if line.startswith("model name")), platform.machine())
    except OSError:
        return platform.machine()


def system():
    try:
        with open("/etc/os-release", encoding="utf-8") as f:
            return next((line.partition("=")[2].strip().strip('"') for line in f if line.startswith("PRETTY_NAME=")), platform.system())
    except OSError:
        return platform.system()


def kib4j():
    """Which kib4j this is: what make-bundle says of it; None where this folder lies alone."""
    try:
        with open(os.path.join(os.path.dirname(os.path.abspath(__file__)), "bundle.json"), encoding="utf-8") as f:
            return json.load(f)
    except (OSError, ValueError):
        return None


def describe():
    nvcc = said("nvcc", "--version")
    return {
        "date": datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%d %H:%M UTC"),
        "kib4j": kib4j(),
        "cards": cards(),
        "processor": processor(),
        "processors": os.cpu_count(),
        "memory_gb": round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 1e9, 1),
        "system": system(),
        "kernel": platform.release(),
        "libc": " ".join(platform.libc_ver()),
        "python": sys.version.split()[0],
        "packages": packages(),
        "driver_library": libraries.driver(),
        "cuda_folders": libraries.folders(),
        "loader": libraries.loader_cache(),
        "nvcc": nvcc.splitlines()[-1] if nvcc else None,
        "compute_sanitizer": shutil.which("compute-sanitizer"),
    }


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", default="machine.json")
    options = parser.parse_args()
    about = describe()
    with open(options.out, "w", encoding="utf-8") as f:
        json.dump(about, f, indent=1)
    for key, value in about.items():
        print(f"{key}: {value if isinstance(value, str) else json.dumps(value)}")
    print("machine:", about["cards"] if isinstance(about["cards"], str) else "; ".join(c["name"] for c in about["cards"]))


if __name__ == "__main__":
    main()
