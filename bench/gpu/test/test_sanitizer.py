import json
import os
import subprocess
import sys
import tempfile
import unittest

import steps
from steplib import SKIPPED

# As compute-sanitizer: memcheck finds two errors, synccheck hangs, initcheck breaks, racecheck is clean.
FAKE = """#!/bin/sh
case "$2" in
  memcheck) echo "========= Invalid __global__ write"; echo "========= ERROR SUMMARY: 2 errors"; exit 99 ;;
  racecheck) echo "========= RACECHECK SUMMARY: 0 hazards displayed (0 errors, 0 warnings)" ;;
  initcheck) echo "========= Error: Device not supported"; exit 1 ;;
  synccheck) sleep 60 ;;
esac
"""


class SanitizerTest(unittest.TestCase):
    def run_step(self, folder, path):
        out = os.path.join(folder, "sanitizer.json")
        done = subprocess.run([sys.executable, os.path.join(steps.HERE, "sanitizer.py"), "--out", out, "--budget", "3", "/bin/true"],
                              env={"PATH": path}, capture_output=True, text=True, timeout=60)
        return done, out

    def test_each_tool_is_told_apart(self):
        with tempfile.TemporaryDirectory() as folder:
            fake = os.path.join(folder, "compute-sanitizer")
            with open(fake, "w", encoding="utf-8") as f:
                f.write(FAKE)
            os.chmod(fake, 0o755)
            done, out = self.run_step(folder, folder + ":" + os.environ["PATH"])
            with open(out, encoding="utf-8") as f:
                states = {r["tool"]: (r["state"], r["errors"]) for r in json.load(f)["rows"]}
            self.assertEqual(states, {"memcheck": ("found", 2), "racecheck": ("clean", 0), "initcheck": ("failed", None),
                                      "synccheck": ("timed out", None)})
            self.assertEqual(done.returncode, 1)
            self.assertTrue(done.stdout.strip().endswith("memcheck found, racecheck clean, initcheck failed, synccheck timed out"))

    def test_without_it_the_step_is_skipped(self):
        with tempfile.TemporaryDirectory() as folder:
            done, _ = self.run_step(folder, folder)
            if done.returncode != 0:  # a toolkit's own is found without the PATH
                self.assertEqual(done.returncode, SKIPPED)
                self.assertIn("There is no compute-sanitizer", done.stdout)


if __name__ == "__main__":
    unittest.main()
