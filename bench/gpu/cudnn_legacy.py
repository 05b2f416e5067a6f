"""cuDNN's legacy convolution calls, as kib4j's CUDA backend makes them: 3x3, padding 1, channels last."""
import ctypes as c

from cuda_calls import FLOAT

NHWC = 1
DEFAULT, TENSOR_OP, CONVERSION, FMA = 0, 1, 2, 3  # cudnnMathType_t
MATH_NAMES = {0: "default", 1: "tensor", 2: "tensor+conversion", 3: "fma"}
ALGORITHMS = {
    "forward": ("implicit_gemm", "implicit_precomp_gemm", "gemm", "direct", "fft", "fft_tiling", "winograd", "winograd_nonfused"),
    "wgrad": ("0", "1", "fft", "3", "winograd", "winograd_nonfused", "fft_tiling"),
    "dgrad": ("0", "1", "fft", "fft_tiling", "winograd", "winograd_nonfused")}
HEURISTICS = {"forward": "cudnnGetConvolutionForwardAlgorithm_v7", "wgrad": "cudnnGetConvolutionBackwardFilterAlgorithm_v7",
              "dgrad": "cudnnGetConvolutionBackwardDataAlgorithm_v7"}


class Perf(c.Structure):
    """cudnnConvolution{Fwd,BwdFilter,BwdData}AlgoPerf_t, which are alike."""

    _fields_ = [("algo", c.c_int), ("status", c.c_int), ("time", c.c_float), ("memory", c.c_size_t), ("determinism", c.c_int),
                ("math", c.c_int), ("reserved", c.c_int * 3)]


class Convolution:
    """x: batch x size x size x inputs; w: outputs x 3 x 3 x inputs; y: batch x size x size x outputs.

    x and y are of `data_type`, w of `filter_type`; sums are f32. `shape` is (inputs, outputs, size).
    """

    def __init__(self, lib, handle, batch, shape, data_type, filter_type, math):
        self.lib, self.handle = lib, handle
        inputs, outputs, size = shape
        pixels = batch * size * size
        self.counts = (pixels * inputs, outputs * 9 * inputs, pixels * outputs)
        self.flop = 2 * 9 * inputs * outputs * pixels
        self.x, self.y, self.w, self.conv = (c.c_void_p() for _ in range(4))
        lib.cudnn(lib.cudnnCreateTensorDescriptor(c.byref(self.x)), "create x")
        lib.cudnn(lib.cudnnCreateTensorDescriptor(c.byref(self.y)), "create y")
        lib.cudnn(lib.cudnnCreateFilterDescriptor(c.byref(self.w)), "create w")
        lib.cudnn(lib.cudnnCreateConvolutionDescriptor(c.byref(self.conv)), "create convolution")
        lib.cudnn(lib.cudnnSetTensor4dDescriptor(self.x, NHWC, data_type, batch, inputs, size, size), "set x")
        lib.cudnn(lib.cudnnSetTensor4dDescriptor(self.y, NHWC, data_type, batch, outputs, size, size), "set y")
        lib.cudnn(lib.cudnnSetFilter4dDescriptor(self.w, filter_type, NHWC, outputs, inputs, 3, 3), "set w")
        lib.cudnn(lib.cudnnSetConvolution2dDescriptor(self.conv, 1, 1, 1, 1, 1, 1, 1, FLOAT), "set convolution")
        self.set_math(math)

    def set_math(self, math):
        self.lib.cudnn(self.lib.cudnnSetConvolutionMathType(self.conv, math), "math type")

    def listed(self, direction):
        """The algorithms that cuDNN's heuristic names and that can run, best first."""
        descriptors = {"forward": (self.x, self.w, self.conv, self.y), "wgrad": (self.x, self.y, self.conv, self.w),
                       "dgrad": (self.w, self.y, self.conv, self.x)}[direction]
        results, count = (Perf * 10)(), c.c_int()
        call = HEURISTICS[direction]
        self.lib.cudnn(getattr(self.lib, call)(self.handle, *descriptors, 10, c.byref(count), results), call)
        return [perf for perf in list(results)[:count.value] if perf.status == 0]

    def run(self, direction, perf, workspace, buffers, beta):
        """Enqueues it: `buffers` are those of x, w and y; the result is added to `beta` times what is there. Returns a status."""
        lib, one, b = self.lib, c.c_float(1), c.c_float(beta)
        x, w, y = buffers
        how = (self.conv, perf.algo, workspace, c.c_size_t(perf.memory), c.byref(b))
        if direction == "forward":
            return lib.cudnnConvolutionForward(self.handle, c.byref(one), self.x, x, self.w, w, *how, self.y, y)
        if direction == "wgrad":
            return lib.cudnnConvolutionBackwardFilter(self.handle, c.byref(one), self.x, x, self.y, y, *how, self.w, w)
        return lib.cudnnConvolutionBackwardData(self.handle, c.byref(one), self.w, w, self.y, y, *how, self.x, x)

    def destroy(self):
        self.lib.cudnnDestroyConvolutionDescriptor(self.conv)
        self.lib.cudnnDestroyFilterDescriptor(self.w)
        self.lib.cudnnDestroyTensorDescriptor(self.y)
        self.lib.cudnnDestroyTensorDescriptor(self.x)


def captured(device, stream, work):
    """{us, nodes} of a replay of `work` captured as a CUDA graph, or a sentence on why it cannot be captured."""
    lib, graph, executable, nodes = device.lib, c.c_void_p(), c.c_void_p(), c.c_size_t()
    lib.cuda(lib.cudaStreamBeginCapture(stream, 1), "begin capture")
    status = work()
    end = lib.cudaStreamEndCapture(stream, c.byref(graph))
    if status != 0 or end != 0:
        return f"capture refused: cudnn {status}, cuda {end}"
    lib.cuda(lib.cudaGraphInstantiate(c.byref(executable), graph, c.c_ulonglong(0)), "instantiate")
    lib.cudaGraphGetNodes(graph, None, c.byref(nodes))
    launch = lambda: lib.cuda(lib.cudaGraphLaunch(executable, stream), "graph launch")
    us = device.microseconds(launch, 10, stream)
    lib.cudaGraphExecDestroy(executable)
    lib.cudaGraphDestroy(graph)
    return {"us": us, "nodes": nodes.value}
