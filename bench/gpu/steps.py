"""The steps of device-check: in which order, for how long, by which program, and what each needs."""
import glob
import os
import sys
import zipfile
from dataclasses import dataclass
from typing import Callable

import libraries
import running

KERNELS = "libkib_cuda.so"
HERE = os.path.dirname(os.path.abspath(__file__))


@dataclass(frozen=True)
class Place:
    """Where a run reads and writes."""

    work: str  # unpacked data and caches, kept between runs on one machine
    dry: bool  # small sizes, to try all this where there is no GPU
    device: str  # of Java's steps

    @property
    def results(self):
        return os.path.join(self.work, "results")

    @property
    def logs(self):
        return os.path.join(self.work, "logs")

    @property
    def kernels(self):
        return os.path.join(self.work, "kernels")

    def result(self, step):
        return os.path.join(self.results, step + ".json")

    def log(self, step):
        return os.path.join(self.logs, step + ".txt")


@dataclass(frozen=True)
class Step:
    """`share`: seconds of a run of all steps, 408 together. `command`: of a place and a budget of seconds, or a sentence
    on why it cannot run here."""

    name: str
    share: int
    command: Callable


def python():
    """The Python that has torch."""
    return os.environ.get("KIB_PYTHON") or sys.executable


def program(name, *arguments):
    return [python(), os.path.join(HERE, name), *map(str, arguments)]


def machine(place, _):
    return program("machine.py", "--out", place.result("machine"))


def rival(place, budget):
    dry = ["--cpu-test", "--seconds", "0.2"] if place.dry else []
    return program("rival.py", "--out", place.result("rival"), "--budget", budget, "--profile", place.log("rival-kernels"), *dry)


def probe(place, budget):
    sizes = ["--layers", "conv1,conv4", "--batches", "2", "--scale", "16", "--calls", "1"] if place.dry else \
        ["--layers", "conv2,conv4,conv1pad,conv6,conv1,conv3,conv5"]
    return program("cudnn_probe.py", "--out", place.result("probe"), "--budget", budget, *sizes)


def ceiling(place, budget):
    sizes = ["--small", "--batches", "2"] if place.dry else ["--batches", "512,128"]
    return program("ceiling.py", "--out", place.result("ceiling"), "--budget", budget, "--dtype", "bf16", *sizes)


def java(place, *arguments):
    """A program of kib4j's, by the bundle's own Java; a sentence where this folder is no bundle."""
    runtime = os.path.join(HERE, "runtime", "bin", "java")
    if not os.path.exists(runtime):
        return "This folder has no Java and no jars of kib4j; bench/gpu/make-bundle makes one that has."
    return [runtime, "-XX:+UseSerialGC", "-Xms256m", "-Xmx8g", "-Djava.awt.headless=true", "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn",
            f"-Dorg.bytedeco.javacpp.cachedir={os.path.join(place.work, 'javacpp')}", "-Dorg.bytedeco.javacpp.maxPhysicalBytes=0",
            "-cp", os.path.join(HERE, "jars", "*"), *map(str, arguments)]


def doctor(place, _):
    return java(place, "io.github.kib4j.cli.Kib", "doctor")


def native_program(place):
    """The C++ program of the CUDA kernels, which are beside it or in a jar; or a sentence on why it is not here."""
    path = os.path.join(HERE, "native", "kib_cuda_test")
    if not os.path.exists(path):
        return "This folder has no native/kib_cuda_test; bench/gpu/make-bundle adds it where nvcc has built the CUDA kernels."
    for jar in glob.glob(os.path.join(HERE, "jars", "kib4j-cuda-*-linux-x86_64.jar")):
        with zipfile.ZipFile(jar) as entries:
            for name in entries.namelist():
                if name.endswith("/" + KERNELS):
                    os.makedirs(place.kernels, exist_ok=True)
                    with open(os.path.join(place.kernels, KERNELS), "wb") as f:
                        f.write(entries.read(name))
    return path


def kernels(place, _):
    path = native_program(place)
    if not os.path.isabs(path):
        return path
    return [path, "--time", "--json", place.result("kernels"), *(["--small", "random"] if place.dry else [])]


def sanitizer(place, budget):
    path = native_program(place)
    if not os.path.isabs(path):
        return path
    return program("sanitizer.py", "--out", place.result("sanitizer"), "--budget", budget, path, "--small")


def cases(place, _):
    return java(place, "io.github.kib4j.testkit.CaseList", place.device, *(["f32", "random"] if place.dry else ["f32", "bf16"]))


def bench(place, budget):
    dry = ["--small", "--seconds", "0.01"] if place.dry else []
    command = java(place, "io.github.kib4j.bench.gpu.StepsBenchmark", "--device", place.device, *dry)
    if isinstance(command, str):
        return command
    return program("restarts.py", "--out", place.result("bench"), "--budget", budget, "--", *command)


def train(place, budget):
    command = java(place)
    if isinstance(command, str):
        return command
    data = cifar(place)
    if not place.dry and not os.path.isdir(data):
        return data
    more = ["--small"] if place.dry else ["--data", data]
    precision = ["--precision", "f32"] if place.dry else []
    return program("train_marks.py", "--out", place.result("train"), "--budget", budget, "--device", place.device, *more, *precision,
                   "--", *command)


def cifar(place):
    """A folder with CIFAR-10's binary files, or a sentence on why there is none."""
    named = os.environ.get("KIB_DATA", "")
    folder = named or os.path.join(place.work, "cifar10")
    if os.path.exists(os.path.join(folder, "test_batch.bin")):
        return folder
    if named:
        return f"KIB_DATA names {named}, which has no test_batch.bin of CIFAR-10's binary version."
    archive = os.path.join(HERE, "cifar10-jpeg.tar.xz")
    if not os.path.exists(archive):
        return "There are no images of CIFAR-10; let KIB_DATA name a folder with its binary files."
    log = place.log("decode")
    status, _, _ = running.run(program("decode_cifar.py", archive, folder), 60, log, environment(place))
    return folder if status == 0 else running.last_line(log)


STEPS = (Step("machine", 8, machine), Step("rival", 110, rival), Step("probe", 35, probe), Step("ceiling", 25, ceiling),
         Step("doctor", 10, doctor), Step("kernels", 30, kernels), Step("cases", 25, cases), Step("bench", 70, bench),
         Step("sanitizer", 35, sanitizer), Step("train", 60, train))
NAMES = tuple(step.name for step in STEPS)


def environment(place):
    """Of every step: what it finds libraries by, and where it may keep what it makes."""
    more = {"PYTHONUNBUFFERED": "1", "PYTHONDONTWRITEBYTECODE": "1", "LC_ALL": "C.UTF-8",
            "TORCHINDUCTOR_CACHE_DIR": os.path.join(place.work, "torchinductor"),
            "LD_LIBRARY_PATH": ":".join(path for path in (place.kernels, libraries.search_path()) if path)}
    if libraries.folders():
        more["KIB_CUDA_LIBRARIES"] = ":".join(libraries.folders())
    found = {**os.environ, **more}
    found.setdefault("HOME", place.work)  # caches of libraries; without one some of them fail
    found.setdefault("PATH", os.defpath)
    return found
