"""The energy that a card has used, beside the clock: NVIDIA's management library by ctypes. Reads only."""
import bisect
import ctypes as c
import threading
import time

INTERVAL = 0.05  # seconds between readings


class Nvml:
    """The first card. `joules()` counts from any moment on; `source` says what it is read from."""

    def __init__(self, path="libnvidia-ml.so.1"):
        """Raises OSError where there is no library, no card, or neither energy nor power can be read."""
        self.lib = c.CDLL(path)
        self.card = c.c_void_p()
        self.ok(self.lib.nvmlInit_v2(), "nvmlInit")
        self.ok(self.lib.nvmlDeviceGetHandleByIndex_v2(c.c_uint(0), c.byref(self.card)), "nvmlDeviceGetHandleByIndex")
        self.last, self.sum = None, 0.0
        try:
            self.counter()
            self.joules, self.source = self.counter, "the card's energy counter"
        except OSError:
            self.joules, self.source = self.integral, f"its power, read every {1e3 * INTERVAL:.0f} ms"
            self.integral()

    def ok(self, status, what):
        if status != 0:
            raise OSError(f"{what} answered {status}")

    def counter(self):
        value = c.c_ulonglong()
        self.ok(self.lib.nvmlDeviceGetTotalEnergyConsumption(self.card, c.byref(value)), "nvmlDeviceGetTotalEnergyConsumption")
        return value.value * 1e-3

    def integral(self):
        value, now = c.c_uint(), time.time()
        self.ok(self.lib.nvmlDeviceGetPowerUsage(self.card, c.byref(value)), "nvmlDeviceGetPowerUsage")
        watts = value.value * 1e-3
        if self.last:
            self.sum += (watts + self.last[1]) / 2 * (now - self.last[0])
        self.last = now, watts
        return self.sum


class Meter:
    """Reads joules in a thread of its own from `start` to `stop`. `why` says why there is nothing to read, else is None."""

    def __init__(self, make=Nvml):
        self.times, self.readings, self.why, self.source = [], [], None, None
        self.stopped = threading.Event()
        try:
            self.card = make()
            self.source = self.card.source
        except (OSError, AttributeError) as e:
            self.why = f"the card's energy cannot be read: {e}"

    def start(self):
        if self.why is None:
            self.read()
            self.thread = threading.Thread(target=self.run, daemon=True)
            self.thread.start()
        return self

    def run(self):
        while not self.stopped.wait(INTERVAL):
            self.read()

    def read(self):
        try:
            joules = self.card.joules()
        except OSError:
            return  # one reading more or less
        self.readings.append(joules)  # before its time: who asks meanwhile counts times
        self.times.append(time.time())

    def stop(self):
        if self.why is None:
            self.stopped.set()
            self.thread.join()
            self.read()

    def between(self, begin, end):
        """Joules from one moment to another, seconds since 1970, in a straight line between readings; None if not known."""
        if len(self.times) < 2 or begin < self.times[0] - INTERVAL or end > self.times[-1] + INTERVAL:
            return None
        return self.at(end) - self.at(begin)

    def at(self, moment):
        i = min(max(bisect.bisect_left(self.times, moment), 1), len(self.times) - 1)
        (t0, t1), (j0, j1) = self.times[i - 1:i + 1], self.readings[i - 1:i + 1]
        return j0 + (j1 - j0) * min(max((moment - t0) / max(t1 - t0, 1e-9), 0), 1)
