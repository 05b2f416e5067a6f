"""Runs a step as a process of its own, for at most so long; nothing of it is left when it is over."""
import os
import signal
import subprocess
import time

GRACE = 4  # seconds that a step has to end by itself when it is told to


def run(command, limit, log, environment=None):
    """(status, seconds, timed out) of a command whose output goes to the file `log`; status is None where it did not start."""
    begin = time.monotonic()
    with open(log, "wb") as out:
        try:
            process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=out, stderr=subprocess.STDOUT, env=environment,
                                       start_new_session=True)
        except OSError as e:
            out.write(f"{command[0]} cannot be started: {e.strerror}\n".encode())
            return None, 0.0, False
        timed_out = False
        try:
            process.wait(limit)
        except subprocess.TimeoutExpired:
            timed_out = True
        finally:  # also where this process is told to end
            end(process)
    return process.returncode, time.monotonic() - begin, timed_out


def end(process):
    """Ends a process and all that it started."""
    for how in (signal.SIGTERM, signal.SIGKILL):
        try:
            os.killpg(process.pid, how)
        except ProcessLookupError:
            break
        try:
            process.wait(GRACE)
        except subprocess.TimeoutExpired:
            pass
    process.wait()


def last_lines(log, count):
    """The last lines that say something, shortened."""
    try:
        with open(log, encoding="utf-8", errors="replace") as f:
            return [line.strip()[:300] for line in f if line.strip()][-count:]
    except OSError:
        return []


def last_line(log):
    """The last line that says something, shortened; empty where there is none."""
    return next(iter(last_lines(log, 1)), "")
