"""The CUDA runtime and cuDNN by ctypes, as far as cudnn_probe.py calls them. Needs neither torch nor numpy."""
import array
import ctypes as c
import os
import random
import struct

import libraries

FLOAT, HALF, BF16 = 0, 2, 9  # cudnnDataType_t
WIDTH = {FLOAT: 4, HALF: 2, BF16: 2}
# In the order in which each finds those that it needs.
PRELOAD = ("libnvrtc.so.13", "libnvJitLink.so.13", "libcudart.so.13", "libcublasLt.so.13", "libcublas.so.13",
           "libcudnn_graph.so.9", "libcudnn_ops.so.9", "libcudnn_heuristic.so.9", "libcudnn_engines_runtime_compiled.so.9",
           "libcudnn_engines_precompiled.so.9", "libcudnn_cnn.so.9", "libcudnn_adv.so.9", "libcudnn.so.9")


class Failure(Exception):
    """A call that a library refused: its name, status and text."""


class Libraries:
    """Functions of the libraries in `folders`, else of those that the loader finds; `paths` tells which were taken."""

    def __init__(self, folders):
        self.loaded, self.paths = [], {}
        driver = libraries.driver()
        for name in ((driver,) if driver else ()) + PRELOAD:
            for path in [p for p in (os.path.join(f, name) for f in folders) if os.path.exists(p)] + [name]:
                try:
                    self.loaded.append(c.CDLL(path, mode=c.RTLD_GLOBAL))
                    self.paths[os.path.basename(name)] = path
                    break
                except OSError:
                    continue

    def __getattr__(self, name):
        for library in self.loaded:
            try:
                return getattr(library, name)
            except AttributeError:
                continue
        raise Failure(f"no library has {name}")

    def text(self, function, status):
        call = getattr(self, function)
        call.restype = c.c_char_p
        return (call(status) or b"").decode()

    def cuda(self, status, what):
        if status != 0:
            raise Failure(f"{what}: cuda {status} {self.text('cudaGetErrorString', status)}")

    def cudnn(self, status, what):
        if status != 0:
            raise Failure(f"{what}: cudnn {status} {self.text('cudnnGetErrorString', status)}")


class Device:
    """The first device: its memory, and how long work takes on a stream of it."""

    def __init__(self, lib):
        self.lib = lib

    def malloc(self, size):
        p = c.c_void_p()
        self.lib.cuda(self.lib.cudaMalloc(c.byref(p), c.c_size_t(max(size, 16))), f"cudaMalloc of {size} bytes")
        return p

    def free(self, p):
        self.lib.cuda(self.lib.cudaFree(p), "cudaFree")

    def put(self, p, data):
        self.lib.cuda(self.lib.cudaMemcpy(p, c.c_char_p(data), c.c_size_t(len(data)), 1), "cudaMemcpy to the device")

    def get(self, p, size):
        data = c.create_string_buffer(size)
        self.lib.cuda(self.lib.cudaMemcpy(data, p, c.c_size_t(size), 2), "cudaMemcpy from the device")
        return data.raw

    def filled(self, block, size):
        """New memory with `block` as often as it takes."""
        p = self.malloc(size)
        done = min(size, len(block))
        self.put(p, block[:done])
        while done < size:
            n = min(done, size - done)
            self.lib.cuda(self.lib.cudaMemcpy(c.c_void_p(p.value + done), p, c.c_size_t(n), 3), "cudaMemcpy on the device")
            done += n
        return p

    def synchronize(self):
        self.lib.cuda(self.lib.cudaDeviceSynchronize(), "cudaDeviceSynchronize")

    def microseconds(self, work, calls, stream):
        """Of one call: the median of three blocks of `calls`, by events."""
        lib, begin, end, ms = self.lib, c.c_void_p(), c.c_void_p(), c.c_float()
        lib.cuda(lib.cudaEventCreate(c.byref(begin)), "cudaEventCreate")
        lib.cuda(lib.cudaEventCreate(c.byref(end)), "cudaEventCreate")
        times = []
        try:
            for _ in range(3):
                lib.cuda(lib.cudaEventRecord(begin, stream), "cudaEventRecord")
                for _ in range(calls):
                    work()
                lib.cuda(lib.cudaEventRecord(end, stream), "cudaEventRecord")
                lib.cuda(lib.cudaEventSynchronize(end), "cudaEventSynchronize")
                lib.cuda(lib.cudaEventElapsedTime(c.byref(ms), begin, end), "cudaEventElapsedTime")
                times.append(1e3 * ms.value / calls)
        finally:
            lib.cudaEventDestroy(begin)
            lib.cudaEventDestroy(end)
        return sorted(times)[1]


def normal(seed, count):
    """Standard normal values."""
    source = random.Random(seed)
    return [source.gauss(0, 1) for _ in range(count)]


def to_bits(values, data_type):
    """The bytes of values in a type; bf16 is rounded to nearest, ties to even."""
    if data_type == FLOAT:
        return array.array("f", values).tobytes()
    if data_type == HALF:
        return struct.pack(f"<{len(values)}e", *values)
    bits = array.array("I", array.array("f", values).tobytes())
    return array.array("H", [(b + 0x7FFF + ((b >> 16) & 1)) >> 16 for b in bits]).tobytes()


def from_bits(data, data_type):
    """The values of bytes in a type."""
    if data_type == FLOAT:
        return list(array.array("f", data))
    if data_type == HALF:
        return list(struct.unpack(f"<{len(data) // 2}e", data))
    return list(array.array("f", array.array("I", [b << 16 for b in array.array("H", data)]).tobytes()))
