"""Rows of rival.py in processes of their own, because compiling takes long: prepared side by side, measured in turn."""
import json
import os
import subprocess
import sys
import threading

import steplib

PROGRAM = os.path.join(os.path.dirname(os.path.abspath(__file__)), "rival.py")


class Worker:
    """One row; `ready` is set once it can be measured, or has failed."""

    def __init__(self, row, arguments):
        command = [sys.executable, PROGRAM, *arguments, "--worker", json.dumps(row)]
        self.row, self.ready = row, threading.Event()
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        threading.Thread(target=self.wait, daemon=True).start()

    def wait(self):
        for line in self.process.stdout:
            if line.strip() == "ready":
                break
        self.ready.set()

    def result(self, seconds):
        """The row measured now, if it is ready within so many seconds; else why not."""
        if not self.ready.wait(max(0.1, seconds)):
            self.process.kill()
            return {**self.row, "error": f"not ready after {steplib.seconds_so_far():.0f} s"}
        try:
            self.process.stdin.write("go\n")
            self.process.stdin.flush()
        except OSError:
            pass  # it has failed: its row says how, or its status
        for line in self.process.stdout:
            if line.startswith("{"):
                self.process.wait(20)
                return json.loads(line)
        return {**self.row, "error": f"ended with status {self.process.wait(20)}"}
