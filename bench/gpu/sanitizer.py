#!/usr/bin/env python3
"""compute-sanitizer's four tools over the C++ program that tests the CUDA kernels.

  sanitizer.py --out sanitizer.json --budget 35 PROGRAM [ARGUMENT...]
"""
import argparse
import glob
import os
import re
import shutil
import sys

import running
import steplib

TOOLS = ("memcheck", "racecheck", "initcheck", "synccheck")
ERRORS = re.compile(r"(?:ERROR SUMMARY|RACECHECK SUMMARY): (\d+)")


def sanitizer():
    """The path of compute-sanitizer, of the PATH or of a toolkit, or None."""
    found = shutil.which("compute-sanitizer") or next(iter(sorted(
        glob.glob("/usr/local/cuda*/bin/compute-sanitizer") + glob.glob("/usr/local/cuda*/compute-sanitizer/compute-sanitizer"),
        reverse=True)), None)
    return found


def run(program, tool, command, limit, log):
    """What a tool found: {tool, state, errors, seconds, why}; `errors` is None where it did not get to its end."""
    status, seconds, timed_out = running.run([program, "--tool", tool, "--error-exitcode", "99", *command], limit, log)
    with open(log, encoding="utf-8", errors="replace") as f:
        text = f.read()
    print(f"-- {tool}\n{text[-4000:]}", flush=True)
    summary = ERRORS.findall(text)
    errors = int(summary[-1]) if summary else None
    state = "timed out" if timed_out else "clean" if status == 0 and errors == 0 else "found" if errors else "failed"
    return {"tool": tool, "state": state, "errors": errors, "seconds": round(seconds, 1), "status": status,
            "why": running.last_line(log)}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", default="sanitizer.json")
    parser.add_argument("--budget", type=float, default=35, help="seconds for all four tools")
    parser.add_argument("command", nargs=argparse.REMAINDER)
    options = parser.parse_args()
    program = sanitizer()
    if not program:
        steplib.skip("There is no compute-sanitizer on the PATH or below /usr/local/cuda*; CUDA's toolkit brings it.")
    report = steplib.Report(options.out, sanitizer=program, command=options.command)
    for i, tool in enumerate(TOOLS):
        limit = max(2, (options.budget - steplib.seconds_so_far()) / (len(TOOLS) - i))
        log = f"{options.out}.{tool}.log"
        report.add(run(program, tool, options.command, limit, log))
        os.remove(log)
    print("sanitizer: " + ", ".join(f"{r['tool']} {r['state']}" for r in report.rows))
    return 0 if all(r["state"] in ("clean", "timed out") for r in report.rows) else 1


if __name__ == "__main__":
    sys.exit(main())
