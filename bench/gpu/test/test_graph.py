import ctypes as c
import unittest

import cudnn_graph
from cuda_calls import BF16, FLOAT, Failure, Libraries


class Backend(Libraries):
    """cuDNN's backend calls as far as they keep descriptors: what is set is remembered; it knows two engines."""

    def __init__(self, modes=(3,)):
        self.next, self.kinds, self.set, self.finished, self.gone, self.modes, self.executed = 1, {}, {}, set(), [], modes, []

    def text(self, function, status):
        return "refused"

    def cudnnBackendCreateDescriptor(self, kind, out):
        out._obj.value = self.next
        self.kinds[self.next] = kind
        self.next += 1
        return 0

    def cudnnBackendSetAttribute(self, d, attribute, kind, count, values):
        if count.value != len(values) or d.value in self.finished:
            return 2000
        self.set[d.value, attribute] = (kind, list(values))
        return 0

    def cudnnBackendFinalize(self, d):
        self.finished.add(d.value)
        return 0

    def cudnnBackendGetAttribute(self, d, attribute, kind, most, count, values):
        count._obj.value = 1
        if attribute == 202:  # engine configurations
            count._obj.value = 2 if self.set[d.value, 200][1][0] in self.modes else 0
        elif attribute == 402:
            values[0] = 12345
        elif attribute == 1301:
            values[0] = 7
        return 0

    def cudnnBackendExecute(self, handle, plan, pack):
        self.executed.append((plan.value, self.set[pack.value, 1001][1]))
        return 0

    def cudnnBackendDestroyDescriptor(self, d):
        self.gone.append(d.value)
        return 0

    def attribute(self, kind, attribute):
        return next(v for (d, a), v in self.set.items() if self.kinds[d] == kind and a == attribute)


class GraphTest(unittest.TestCase):
    def test_each_direction_names_its_own_attributes(self):
        for direction, (kind, names) in cudnn_graph.OPERATION.items():
            lib = Backend()
            cudnn_graph.Graph(lib, c.c_void_p(99), direction, 2, (16, 24, 6), BF16, FLOAT)
            tensors = [d for d, k in lib.kinds.items() if k == cudnn_graph.TENSOR]
            for name, d in zip("xwy", tensors):
                self.assertEqual(lib.attribute(kind, names[name]), (cudnn_graph.T_DESCRIPTOR, [d]))
            self.assertEqual(lib.attribute(kind, names["alpha"])[1], [1.0])
            self.assertEqual([lib.set[d, 901][1] for d in tensors], [[BF16], [FLOAT], [BF16]])

    def test_tensors_are_channels_last(self):
        lib = Backend()
        cudnn_graph.Graph(lib, c.c_void_p(99), "forward", 2, (16, 24, 6), BF16, BF16)
        x, w, y = [d for d, k in lib.kinds.items() if k == cudnn_graph.TENSOR]
        self.assertEqual((lib.set[x, 902][1], lib.set[x, 903][1]), ([2, 16, 6, 6], [576, 1, 96, 16]))
        self.assertEqual((lib.set[w, 902][1], lib.set[w, 903][1]), ([24, 16, 3, 3], [144, 1, 48, 16]))
        self.assertEqual((lib.set[y, 902][1], lib.set[y, 903][1]), ([2, 24, 6, 6], [864, 1, 144, 24]))

    def test_a_plan_runs_on_the_buffers_and_nothing_is_left(self):
        lib = Backend()
        graph = cudnn_graph.Graph(lib, c.c_void_p(99), "wgrad", 2, (16, 24, 6), BF16, BF16)
        configuration = graph.configurations(4)[0]
        self.assertEqual(graph.engine(configuration)[0], 7)
        plan, size = graph.plan(configuration)
        self.assertEqual(size, 12345)
        graph.execute(plan, graph.pack([c.c_void_p(a) for a in (10, 20, 30)], c.c_void_p(40)))
        self.assertEqual(lib.executed, [(plan.value, [10, 20, 30])])
        graph.destroy()
        self.assertEqual(sorted(lib.gone), sorted(lib.kinds))
        self.assertEqual(lib.gone, sorted(lib.gone, reverse=True))

    def test_where_the_heuristic_knows_none_its_fallback_is_asked(self):
        graph = cudnn_graph.Graph(Backend(modes=(2,)), c.c_void_p(99), "forward", 2, (16, 24, 6), BF16, BF16)
        self.assertEqual(len(graph.configurations(4)), 2)

    def test_what_is_refused_is_named(self):
        lib = Backend()
        lib.cudnnBackendFinalize = lambda d: 3000
        with self.assertRaisesRegex(Failure, "finalize tensor: cudnn 3000"):
            cudnn_graph.Graph(lib, c.c_void_p(99), "forward", 2, (16, 24, 6), BF16, BF16)
        self.assertEqual(lib.gone, list(lib.kinds))


if __name__ == "__main__":
    unittest.main()
