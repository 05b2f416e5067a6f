#!/usr/bin/env python3
"""Runs a program of rows that ends with status 3 where a failed row has spoilt its process, again from the row after it: a
GPU that a kernel has failed on is lost to the process, and to no other.

  restarts.py --out FILE --budget 70 -- COMMAND...

COMMAND takes --out, --budget (seconds left) and --from (the row to begin with); FILE's `next` is the row after the failed one.
"""
import argparse
import json
import subprocess
import sys

import steplib

SPOILT = 3


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", required=True)
    parser.add_argument("--budget", type=float, default=70, help="seconds for everything")
    parser.add_argument("command", nargs="+")
    options = parser.parse_args()
    row, status = 0, SPOILT
    while status == SPOILT:
        left = options.budget - steplib.seconds_so_far()
        if left <= 0:
            print(f"bench: no time left of {options.budget:.0f} s, from row {row} on")
            return 1
        # It ends with this process: both are of one group, which device-check ends as a whole.
        status = subprocess.run([*options.command, "--out", options.out, "--budget", f"{left:.1f}", "--from", str(row)]).returncode
        if status == SPOILT:
            with open(options.out, encoding="utf-8") as f:
                following = json.load(f)["next"]
            if following <= row:
                print(f"bench: the program wants to begin with row {following} after row {row}, which would not end")
                return 1
            row = following
    return status


if __name__ == "__main__":
    sys.exit(main())
