#!/usr/bin/env python3
"""Times dependence measures of kib4j beside numpy's, on one machine and in one run, each in a process of its own, in turn.

  compare [--rounds 5] [--times 3] [--tasks hsic-test,cka,gradient] [--small] [--device cpu] [--python python3] [--out FILE]
"""
import argparse
import glob
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
BENCH = os.path.dirname(HERE)
sys.path.insert(0, os.path.join(BENCH, "gpu"))
import machine  # noqa: E402  what processor and system this is

# Samples, numbers in a sample, width of the kernels, permutations; and how far results may be apart, of what they are.
TASKS = {
    "hsic-test": ("HSIC test, {p:,} permutations, n = {n:,}, D = {d}, Gaussian", (2000, 10, 4.0, 1000), (200, 10, 4.0, 50)),
    "cka": ("linear CKA, n = {n:,}, D = {d}", (100_000, 512, 1.0, 0), (3000, 40, 1.0, 0)),
    "gradient": ("gradient of HSIC, n = {n:,}, D = {d}, Gaussian", (4096, 64, 11.0, 0), (300, 8, 4.0, 0)),
}
WAYS = ("kib4j", "numpy float32", "numpy float64")
MAKE = """
import sys, numpy as np
folder, n, d = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
random = np.random.default_rng(0)
x = random.standard_normal((n, d))
y = 0.02 * x ** 2 + random.standard_normal((n, d))
for name, values in (("x", x), ("y", y)):
    values.astype("<f4").tofile(f"{folder}/{name}.f32")
"""
# The BLAS is the one that is loaded: what numpy was built for is not always what it finds.
VERSIONS = """import json, os, re, sys, numpy as np
np.ones((2, 2)) @ np.ones((2, 2))
with open("/proc/self/maps") as maps:
    loaded = sorted({os.path.realpath(line.split()[-1]) for line in maps if re.search(r"/lib[^/]*(blas|mkl_rt|blis)[^/]*$", line)})
print(json.dumps([sys.version.split()[0], np.__version__, ", ".join(os.path.basename(f) for f in loaded) or "no BLAS that is known"]))"""


def said(command):
    ran = subprocess.run(command, capture_output=True, text=True, check=False)
    if ran.returncode:
        sys.exit(f"compare: {' '.join(command[:2])} ended with {ran.returncode}: {ran.stderr.strip()[-800:]}")
    return ran.stdout.strip().rpartition('\n')[2]


def numpy_version(python):
    ran = subprocess.run([python, "-c", VERSIONS], capture_output=True, text=True, check=False)
    if ran.returncode:
        sys.exit(f"compare: {python} has no numpy; install python3-numpy, or name another by --python.")
    return json.loads(ran.stdout)


def measure(way, task, sizes, folder, options):
    n, d, sigma, permutations = sizes
    numbers = [str(v) for v in (n, d, sigma, permutations, options.times)]
    if way == "kib4j":
        java = os.path.join(os.environ["JAVA_HOME"], "bin", "java") if os.environ.get("JAVA_HOME") else "java"
        return json.loads(said([java, "-Xmx3g", "-cp", options.classpath, "io.github.kib4j.bench.dependence.DependenceTimes", task, folder,
                                options.device, *numbers]))
    return json.loads(said([options.python, os.path.join(HERE, "tasks.py"), task, folder, way.split()[1], *numbers]))


def compare(task, options):
    title, sizes, small = TASKS[task]
    sizes = small if options.small else sizes
    seconds = {way: [] for way in WAYS}
    values = {}
    with tempfile.TemporaryDirectory() as folder:
        said([options.python, "-c", MAKE + "print()", folder, str(sizes[0]), str(sizes[1])])
        for _ in range(options.rounds):
            for way in WAYS:
                result = measure(way, task, sizes, folder, options)
                seconds[way].append(statistics.median(result["seconds"]))
                values[way] = result["values"]
                options.about[way] = result
    check(task, values, sizes[3])
    return title.format(n=sizes[0], d=sizes[1], p=sizes[3]), seconds, values


def check(task, values, permutations):
    """All ways come to the same, to single precision; p-values, of other permutations, to four deviations of their draws."""
    exact = values["numpy float64"]
    for way in WAYS:
        for i, (one, other) in enumerate(zip(values[way], exact, strict=True)):
            if task == "hsic-test" and i == 1:
                bound = 2 / permutations + 4 * (2 * other * (1 - other) / permutations) ** 0.5
            else:
                bound = 2e-4 * max(abs(other), abs(exact[1]) * 1e-2 if task == "gradient" and i > 1 else 0)
            if not abs(one - other) <= bound:
                sys.exit(f"compare: {way} comes to {one} in {task}, numpy in double to {other}: nothing is worth timing.")


def spread(numbers):
    return f"{statistics.median(numbers):.3f} ({min(numbers):.3f} to {max(numbers):.3f})"


def report(rows, options, before):
    python, numpy, blas = numpy_version(options.python)
    lines = [
        "# Dependence measures beside numpy", "",
        f"Command: `bench/dependence/compare {' '.join(options.words)}`", "",
        f"Processor: {machine.processor()}, {os.cpu_count()} processors; {machine.system()}. Load of the machine: {before:.1f} before, "
        f"{os.getloadavg()[0]:.1f} after.", "",
        f"kib4j: {options.about['kib4j']['device']}; Java {options.about['kib4j']['java']}. numpy {numpy} with {blas}, Python {python}, arrays of single and "
        "of double precision.", "",
        f"{options.rounds} rounds; in each, every way in a process of its own, in turn, the median of {options.times} runs after one that warms up. Figures are "
        "medians (least to greatest) of the rounds; ratios are taken within a round.", "",
        "| task | kib4j, seconds | numpy float32, seconds | numpy float64, seconds | times as fast as float32 | as float64 |", "|---|---|---|---|---|---|"]
    for title, seconds, _ in rows:
        own = seconds["kib4j"]
        ratios = [spread([b / a for a, b in zip(own, seconds[way], strict=True)]) for way in WAYS[1:]]
        lines.append(f"| {title} | {' | '.join(spread(seconds[way]) for way in WAYS)} | {' | '.join(ratios)} |")
    lines += ["", "What they came to: " + "; ".join(
        title + ": " + ", ".join(f"{way} {' '.join(f'{v:.6g}' for v in values[way])}" for way in WAYS) for title, _, values in rows) + ".", ""]
    return "\n".join(lines)


def main(words):
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--times", type=int, default=3, help="runs in a process, of which the median is taken")
    parser.add_argument("--tasks", default=",".join(TASKS))
    parser.add_argument("--small", action="store_true", help="sizes of a second: whether it runs, and all come to the same")
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--python", default="python3", help="whose numpy is taken")
    parser.add_argument("--classpath", default=f"{BENCH}/target/*:{BENCH}/target/lib/*", help=argparse.SUPPRESS)
    parser.add_argument("--built", action="store_true", help="nothing is built before")
    parser.add_argument("--out", help="where the report goes besides; no file that is there")
    options = parser.parse_args(words)
    options.words = words
    options.about = {}
    if options.rounds < 1 or options.times < 1:
        parser.error("--rounds and --times must be at least 1")
    unknown = [task for task in options.tasks.split(",") if task not in TASKS]
    if unknown:
        parser.error(f"there is no task {unknown[0]}; choose of {', '.join(TASKS)}")
    if options.out and os.path.exists(options.out):
        parser.error(f"{options.out} is there; give another name")
    if not shutil.which(options.python):
        parser.error(f"there is no {options.python}")
    if not glob.glob(options.classpath.split(":")[0] + ".jar") and options.classpath.startswith(BENCH):
        parser.error("the benchmarks are not built; leave out --built")
    numpy_version(options.python)
    before = os.getloadavg()[0]
    text = report([compare(task, options) for task in options.tasks.split(",")], options, before)
    print(text)
    if options.out:
        with open(options.out, "w", encoding="utf-8") as f:
            f.write(text)


if __name__ == "__main__":
    main(sys.argv[1:])
