"""One convolution through cuDNN's backend graph API. Numbers of descriptors and attributes as in cuDNN 9.19."""
import ctypes as c

from cuda_calls import FLOAT, Failure

TENSOR, CONVOLUTION, ENGINE, ENGINECFG, HEUR, PLAN, OPERATIONGRAPH, VARIANT = 17, 1, 2, 3, 4, 5, 15, 16
T_HANDLE, T_DATA_TYPE, T_INT64, T_FLOAT, T_VOID_PTR, T_MODE, T_HEUR_MODE, T_NOTE, T_DESCRIPTOR = 0, 1, 3, 4, 6, 7, 8, 11, 15
C_TYPES = {T_INT64: c.c_int64, T_FLOAT: c.c_float, T_VOID_PTR: c.c_void_p, T_DESCRIPTOR: c.c_void_p, T_HANDLE: c.c_void_p}
OPERATION = {"forward": (10, {"x": 704, "w": 703, "y": 705, "conv": 702, "alpha": 700, "beta": 701}),
             "wgrad": (11, {"x": 716, "w": 715, "y": 717, "conv": 714, "alpha": 712, "beta": 713}),
             "dgrad": (12, {"x": 710, "w": 709, "y": 711, "conv": 708, "alpha": 706, "beta": 707})}
HEUR_MODE_FALLBACK, HEUR_MODE_A = 2, 3
ALIGNMENT = 16


class Graph:
    """A convolution as an operation graph: its engine configurations in the heuristic's order, and a plan for each.

    Tensors as cudnn_legacy.Convolution has them; `shape` is (inputs, outputs, size).
    """

    def __init__(self, lib, handle, direction, batch, shape, data_type, filter_type):
        self.lib, self.handle, self.made = lib, handle, []
        try:
            self.build(direction, batch, shape, data_type, filter_type)
        except Failure:
            self.destroy()
            raise

    def build(self, direction, batch, shape, data_type, filter_type):
        inputs, outputs, size = shape
        tensors = {"x": self.tensor(1, data_type, [batch, inputs, size, size]),
                   "w": self.tensor(2, filter_type, [outputs, inputs, 3, 3]),
                   "y": self.tensor(3, data_type, [batch, outputs, size, size])}
        kind, names = OPERATION[direction]
        conv = self.convolution()
        op = self.create(kind)
        for name, t in tensors.items():
            self.put(op, names[name], T_DESCRIPTOR, [t])
        self.put(op, names["conv"], T_DESCRIPTOR, [conv])
        self.put(op, names["alpha"], T_FLOAT, [1.0])
        self.put(op, names["beta"], T_FLOAT, [0.0])
        self.finalize(op, "operation")
        self.graph = self.create(OPERATIONGRAPH)
        self.put(self.graph, 800, T_HANDLE, [self.handle])
        self.put(self.graph, 801, T_DESCRIPTOR, [op])
        self.finalize(self.graph, "graph")

    def create(self, kind):
        d = c.c_void_p()
        self.lib.cudnn(self.lib.cudnnBackendCreateDescriptor(kind, c.byref(d)), f"create descriptor {kind}")
        self.made.append(d)
        return d

    def put(self, d, attribute, kind, values):
        raw = [v.value if isinstance(v, c.c_void_p) else v for v in values]
        values = (C_TYPES.get(kind, c.c_int) * len(raw))(*raw)
        self.lib.cudnn(self.lib.cudnnBackendSetAttribute(d, attribute, kind, c.c_int64(len(raw)), values), f"set {attribute}")

    def get(self, d, attribute, kind, values, what):
        """Fills `values`; returns how many there are."""
        count = c.c_int64()
        self.lib.cudnn(self.lib.cudnnBackendGetAttribute(d, attribute, kind, c.c_int64(len(values)), c.byref(count), values), what)
        return count.value

    def finalize(self, d, what):
        self.lib.cudnn(self.lib.cudnnBackendFinalize(d), f"finalize {what}")
        return d

    def tensor(self, identifier, data_type, dims):
        """Of these dims (N, C, H, W), channels last in memory."""
        _, channels, height, width = dims
        t = self.create(TENSOR)
        self.put(t, 901, T_DATA_TYPE, [data_type])
        self.put(t, 902, T_INT64, dims)
        self.put(t, 903, T_INT64, [height * width * channels, 1, width * channels, channels])
        self.put(t, 906, T_INT64, [identifier])
        self.put(t, 900, T_INT64, [ALIGNMENT])
        return self.finalize(t, "tensor")

    def convolution(self):
        conv = self.create(CONVOLUTION)
        self.put(conv, 100, T_DATA_TYPE, [FLOAT])
        self.put(conv, 101, T_MODE, [1])  # cross-correlation
        self.put(conv, 106, T_INT64, [2])  # dimensions
        for attribute in (102, 103, 104, 105):  # dilation, stride, padding before and after
            self.put(conv, attribute, T_INT64, [1, 1])
        return self.finalize(conv, "convolution")

    def configurations(self, most):
        """Engine configurations, at most so many; those of the fallback where the heuristic knows none."""
        return self.of_mode(HEUR_MODE_A, most) or self.of_mode(HEUR_MODE_FALLBACK, most)

    def of_mode(self, mode, most):
        heur = self.create(HEUR)
        self.put(heur, 201, T_DESCRIPTOR, [self.graph])
        self.put(heur, 200, T_HEUR_MODE, [mode])
        self.finalize(heur, "heuristic")
        found = [self.create(ENGINECFG) for _ in range(most)]
        values = (c.c_void_p * most)(*[f.value for f in found])
        return found[:self.get(heur, 202, T_DESCRIPTOR, values, "engine configurations")]

    def engine(self, configuration):
        """(number, numerical notes) of a configuration's engine."""
        engine = self.create(ENGINE)
        self.get(configuration, 300, T_DESCRIPTOR, (c.c_void_p * 1)(engine.value), "engine")
        number, notes = (c.c_int64 * 1)(), (c.c_int * 16)()
        self.get(engine, 1301, T_INT64, number, "engine number")
        return number[0], list(notes)[:self.get(engine, 1303, T_NOTE, notes, "engine notes")]

    def plan(self, configuration):
        """(plan, bytes of workspace)."""
        plan, size = self.create(PLAN), (c.c_int64 * 1)()
        self.put(plan, 400, T_HANDLE, [self.handle])
        self.put(plan, 401, T_DESCRIPTOR, [configuration])
        self.finalize(plan, "plan")
        self.get(plan, 402, T_INT64, size, "workspace")
        return plan, size[0]

    def pack(self, buffers, workspace):
        """The memory of x, w and y for an execution."""
        pack = self.create(VARIANT)
        self.put(pack, 1000, T_INT64, [1, 2, 3])
        self.put(pack, 1001, T_VOID_PTR, buffers)
        self.put(pack, 1003, T_VOID_PTR, [workspace])
        return self.finalize(pack, "variant pack")

    def execute(self, plan, pack):
        self.lib.cudnn(self.lib.cudnnBackendExecute(self.handle, plan, pack), "execute")

    def destroy(self):
        for d in reversed(self.made):
            self.lib.cudnnBackendDestroyDescriptor(d)
