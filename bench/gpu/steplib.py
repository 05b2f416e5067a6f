"""What the programs of device-check's steps share: how a step says that it is skipped, and its file of rows."""
import json
import os
import sys
import time

SKIPPED = 77  # a step's exit status when this machine lacks what it needs; its last line is the reason, one sentence
START = time.monotonic()


def skip(reason):
    """Ends this step: it cannot run here, which is no failure."""
    print(reason)
    sys.exit(SKIPPED)


def torch_or_skip(cpu_will_do):
    """torch; where it is missing, or sees no GPU and a CPU will not do, the step is skipped."""
    try:
        import torch
    except ImportError as e:
        skip(f"{sys.executable} cannot import torch ({e}), which this step needs; KIB_PYTHON names a Python that has it.")
    if not cpu_will_do and not torch.cuda.is_available():
        skip(f"torch {torch.__version__} sees no GPU here, which this step needs.")
    return torch


def seconds_so_far():
    """Since this module was imported: import it first."""
    return time.monotonic() - START


class Report:
    """A JSON file that is whole at every moment: what a step that is cut off has found so far can be read."""

    def __init__(self, path, **about):
        self.path, self.rows, self.about = path, [], about

    def add(self, row):
        self.rows.append(row)
        self.write()

    def write(self):
        new = self.path + ".new"
        with open(new, "w", encoding="utf-8") as f:
            json.dump({**self.about, "rows": self.rows}, f, indent=1)
        os.replace(new, self.path)
