import json
import os
import re
import signal
import subprocess
import sys
import tempfile
import time
import unittest

import libraries
import running
import steps

PROGRAM = os.path.join(steps.HERE, "device-check")
# A Python in whose place a program of the test's runs; it is told the path of the script and its options.
FAKE = """#!/bin/sh
case "$1" in
  */rival.py) echo working; sleep 60 & sleep 60 ;;
  */probe.py|*/cudnn_probe.py) echo some trouble; exit 3 ;;
  */ceiling.py) echo "There is no torch."; exit 77 ;;
  *) exec PYTHON "$@" ;;
esac
"""


class DeviceCheckTest(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.fake = os.path.join(self.folder.name, "python")
        with open(self.fake, "w", encoding="utf-8") as f:
            f.write(FAKE.replace("PYTHON", sys.executable))
        os.chmod(self.fake, 0o755)
        self.environment = {"PATH": os.environ["PATH"], "OUT": os.path.join(self.folder.name, "out"), "KIB_PYTHON": self.fake,
                            "KIB_WORK": os.path.join(self.folder.name, "work"), "KIB_DRY": "1"}

    def tearDown(self):
        self.folder.cleanup()

    def run_check(self, *names, **more):
        return subprocess.run([sys.executable, PROGRAM, *names], env={**self.environment, **more}, capture_output=True, text=True,
                              timeout=60)

    def states(self):
        with open(os.path.join(self.environment["OUT"], "report.json"), encoding="utf-8") as f:
            return {s["step"]: s for s in json.load(f)["steps"]}

    def test_states_of_steps(self):
        done = self.run_check("machine", "probe", "ceiling")
        found = self.states()
        self.assertEqual({name: s["state"] for name, s in found.items()}, {"machine": "well", "probe": "failed", "ceiling": "skipped"})
        self.assertEqual(found["probe"]["why"], "status 3: some trouble")
        self.assertEqual(found["ceiling"]["why"], "There is no torch.")
        self.assertEqual(done.returncode, 1)

    def test_skipped_steps_are_no_failure(self):
        self.assertEqual(self.run_check("ceiling").returncode, 0)

    def test_a_step_that_hangs_is_ended_and_the_rest_left_out(self):
        begin = time.monotonic()
        self.assertEqual(self.run_check("rival", "machine", KIB_SECONDS="15").returncode, 1)
        self.assertLess(time.monotonic() - begin, 14.5)
        self.assertEqual({name: s["state"] for name, s in self.states().items()}, {"machine": "well", "rival": "timed out"})

    def test_a_run_that_is_told_to_end_leaves_a_report_and_no_process(self):
        process = subprocess.Popen([sys.executable, PROGRAM, "machine", "rival", "probe"], env=self.environment,
                                   stdout=subprocess.PIPE, text=True)
        for line in process.stdout:
            if line.startswith("== rival"):
                break
        log = os.path.join(self.environment["KIB_WORK"], "logs", "rival.txt")
        while running.last_line(log) != "working":
            time.sleep(0.02)
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=30)
        self.assertEqual(process.returncode, 143)
        states = {name: s["state"] for name, s in self.states().items()}
        self.assertEqual(states, {"machine": "well", "rival": "cut off", "probe": "cut off"})
        self.assertTrue(os.path.exists(os.path.join(self.environment["OUT"], "logs.tar.gz")))

    def test_wrong_names_and_times_are_refused_before_anything_runs(self):
        done = self.run_check("machine", "rivel")
        self.assertEqual((done.returncode, done.stdout), (2, ""))
        self.assertIn("there is no step 'rivel'; choose of: machine rival", done.stderr)
        self.assertEqual(self.run_check(KIB_SECONDS="soon").returncode, 2)
        self.assertFalse(os.path.exists(self.environment["OUT"]))

    def test_a_python_that_is_not_there_is_said(self):
        self.run_check("ceiling", KIB_PYTHON="/nowhere/python3")
        self.assertEqual(self.states()["ceiling"]["why"], "status None: /nowhere/python3 cannot be started: No such file or directory")


class StepsTest(unittest.TestCase):
    def test_all_steps_fit_seven_minutes(self):
        self.assertLessEqual(sum(step.share for step in steps.STEPS), 420 - 8)

    def test_the_page_names_the_steps_and_their_shares(self):
        with open(os.path.join(steps.HERE, "README.md"), encoding="utf-8") as f:
            named = re.findall(r"^\| `(\w+)` .*\| (\d+) \|$", f.read(), re.MULTILINE)
        self.assertEqual(named, [(step.name, str(step.share)) for step in steps.STEPS])

    def test_named_folders_win(self):
        before = os.environ.get("KIB_CUDA_LIBRARIES")
        os.environ["KIB_CUDA_LIBRARIES"] = "/a/b:/c"
        try:
            self.assertEqual(libraries.folders(), ["/a/b", "/c"])
            self.assertTrue(libraries.search_path().startswith("/a/b:/c"))
        finally:
            del os.environ["KIB_CUDA_LIBRARIES"]
            if before is not None:
                os.environ["KIB_CUDA_LIBRARIES"] = before


if __name__ == "__main__":
    unittest.main()
