"""The steps of device-check: in which order, for how long, by which program, and what each needs."""
import os
import sys
from dataclasses import dataclass
from typing import Callable

import libraries

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


STEPS = (Step("machine", 8, machine), Step("rival", 120, rival), Step("probe", 35, probe), Step("ceiling", 25, ceiling))
NAMES = tuple(step.name for step in STEPS)


def environment(place):
    """Of every step: what it finds libraries by, and where it may keep what it makes."""
    more = {"PYTHONUNBUFFERED": "1", "PYTHONDONTWRITEBYTECODE": "1", "LC_ALL": "C.UTF-8",
            "TORCHINDUCTOR_CACHE_DIR": os.path.join(place.work, "torchinductor"), "LD_LIBRARY_PATH": libraries.search_path()}
    found = {**os.environ, **more}
    found.setdefault("HOME", place.work)  # caches of libraries; without one some of them fail
    found.setdefault("PATH", os.defpath)
    return found
