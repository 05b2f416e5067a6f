#!/usr/bin/env python3
"""CIFAR-10 by the local rule and by backprop: accuracy, and the seconds and joules to each mark of it.

  train_marks.py --out train.json --budget 60 [--data DIR] [--device cuda] [--small] -- JAVA...

JAVA... is the command that runs Java with kib4j's class path. Each rule trains in a process of its own; the rates fall
over as many epochs as there is time for, which a first epoch tells. Told apart are the time of training alone (the GPU's)
and that of the whole process, its start, the images' way to the card and the tests after each epoch included; joules
likewise, of the card alone.
"""
import argparse
import json
import os
import sys

import energy
import running
import steplib

MARKS = (60, 70, 80, 85, 88, 90)
RULES = ("phsic", "backprop")
SLOWER = 1.6  # backprop's epochs beside those of phsic, at most: its time is not known before it runs
MOST_EPOCHS = 100  # the paper's
PROGRAM = "io.github.kib4j.bench.gpu.MarksTraining"


class Rule:
    """Trains by a rule, as often as asked."""

    def __init__(self, name, options):
        self.name, self.options = name, options
        self.file = f"{options.out}.{name}"

    def train(self, epochs, limit):
        """What the program wrote, whole or cut off after `limit` seconds; `error` says what went wrong."""
        o = self.options
        command = [*o.java, PROGRAM, "--device", o.device, "--rule", self.name, "--epochs", str(epochs), "--out", self.file]
        command += (["--data", o.data] if o.data else []) + (["--small"] if o.small else []) + ["--precision", o.precision]
        log = self.file + ".log"
        status, _, timed_out = running.run(command, limit, log)
        with open(log, encoding="utf-8", errors="replace") as f:
            print(f.read(), end="", flush=True)
        try:
            with open(self.file, encoding="utf-8") as f:
                found = json.load(f)
        except (OSError, ValueError):
            found = {"rows": []}
        if status != 0:
            found["error"] = f"it was ended after {limit:.0f} s" if timed_out else f"status {status}: {running.last_line(log)}"
        for path in (self.file, log):
            if os.path.exists(path):
                os.remove(path)
        return found


def marks(rule, found, meter):
    """A row for each mark, and one for the last epoch (mark None)."""
    rows, gpu_s, gpu_j = [], 0.0, 0.0
    reached = set()
    for epoch in found["rows"]:
        gpu_s += epoch["train_seconds"]
        spent = meter.between(epoch["train_begin"], epoch["train_end"])
        gpu_j = None if spent is None or gpu_j is None else gpu_j + spent
        row = {"rule": rule, "epoch": epoch["epoch"], "test_accuracy": epoch["test_accuracy"], "gpu_s": gpu_s, "gpu_joules": gpu_j,
               "process_s": epoch["test_end"] - found["process_begin"],
               "process_joules": meter.between(found["process_begin"], epoch["test_end"])}
        for mark in MARKS:
            if epoch["test_accuracy"] >= mark and mark not in reached:
                reached.add(mark)
                rows.append({"mark": mark, **row})
    if found["rows"]:
        rows.append({"mark": None, **row, "images_per_s": max(e["images_per_s"] for e in found["rows"])})
    return rows


def epochs_for(rule, first, seconds):
    """As many epochs as there is time for; `first` is what one epoch of phsic came to."""
    if not first.get("rows"):
        return 10
    row = first["rows"][0]
    begin = row["train_begin"] - first["process_begin"]
    each = (row["test_end"] - row["train_begin"]) * (1 if rule == "phsic" else SLOWER)
    return max(1, min(MOST_EPOCHS, int((seconds - begin - 3) / each)))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", default="train.json")
    parser.add_argument("--budget", type=float, default=60, help="seconds for everything")
    parser.add_argument("--data", default="", help="a folder with CIFAR-10's binary files; default: generated images")
    parser.add_argument("--device", default="cuda")
    parser.add_argument("--precision", default="bf16")
    parser.add_argument("--small", action="store_true")
    parser.add_argument("java", nargs="+")
    options = parser.parse_args()
    meter = energy.Meter().start()
    report = steplib.Report(options.out, data=options.data or "generated images, no CIFAR-10", precision=options.precision,
                            joules=meter.source or meter.why, epochs={}, trainings={})
    if options.small:
        first = {}
    else:
        first = Rule("phsic", options).train(1, options.budget / 3)
    failed = 0
    for i, name in enumerate(RULES):
        left = (options.budget - steplib.seconds_so_far()) / (len(RULES) - i)
        epochs = 2 if options.small else epochs_for(name, first, left)
        found = Rule(name, options).train(epochs, max(5, left))
        report.about["epochs"][name] = epochs
        report.about["trainings"][name] = found
        if "error" in found:
            failed += 1
            report.add({"rule": name, "error": found["error"]})
        for row in marks(name, found, meter):
            report.add(row)
    meter.stop()
    report.write()
    last = {r["rule"]: r for r in report.rows if r.get("mark", 0) is None}
    print("train: " + ("; ".join(f"{name} {r['test_accuracy']:.2f} % after {r['epoch']} epochs, {r['gpu_s']:.1f} s of training, "
                                 f"{r['process_s']:.1f} s in all" for name, r in last.items()) or "nothing was trained"))
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
