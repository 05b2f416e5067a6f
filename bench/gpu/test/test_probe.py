import math
import random
import unittest

import cuda_calls
import cudnn_check
from cuda_calls import BF16, FLOAT, HALF

SEED = 5


class ProbeTest(unittest.TestCase):
    """What the probe checks cuDNN against is itself checked: by other formulas, and by the gradients' being adjoint."""

    def setUp(self):
        pixels = cudnn_check.BATCH * cudnn_check.SIZE ** 2
        source = random.Random(SEED)
        values = lambda count: [source.gauss(0, 1) for _ in range(count)]
        self.x, self.w = values(pixels * cudnn_check.INPUTS), values(9 * cudnn_check.INPUTS * cudnn_check.OUTPUTS)
        self.y = values(pixels * cudnn_check.OUTPUTS)

    def test_forward_at_a_corner_and_inside(self):
        got = cudnn_check.reference("forward", self.x, self.w, self.y)
        for b, i, j, k in ((0, 0, 0, 0), (1, 3, 2, 7), (1, 5, 5, 23)):
            wanted = 0.0
            for di in (-1, 0, 1):
                for dj in (-1, 0, 1):
                    if 0 <= i + di < cudnn_check.SIZE and 0 <= j + dj < cudnn_check.SIZE:
                        at = ((b * cudnn_check.SIZE + i + di) * cudnn_check.SIZE + j + dj) * cudnn_check.INPUTS
                        filter_at = (k * 9 + (di + 1) * 3 + dj + 1) * cudnn_check.INPUTS
                        wanted += sum(self.x[at + c] * self.w[filter_at + c] for c in range(cudnn_check.INPUTS))
            position = ((b * cudnn_check.SIZE + i) * cudnn_check.SIZE + j) * cudnn_check.OUTPUTS + k
            self.assertAlmostEqual(got[position], wanted, places=9, msg=f"seed {SEED}")

    def test_gradients_are_adjoint_to_the_forward_pass(self):
        dot = lambda a, b: sum(p * q for p, q in zip(a, b))
        forward = dot(cudnn_check.reference("forward", self.x, self.w, self.y), self.y)
        for direction, other in (("wgrad", self.w), ("dgrad", self.x)):
            got = dot(cudnn_check.reference(direction, self.x, self.w, self.y), other)
            self.assertAlmostEqual(got / forward, 1, places=9, msg=f"{direction}, seed {SEED}")

    def test_values_survive_their_types(self):
        values = [0.0, 1.0, -2.5, 3.0517578125e-05, 65280.0]
        for data_type in (FLOAT, HALF, BF16):
            self.assertEqual(cuda_calls.from_bits(cuda_calls.to_bits(values, data_type), data_type), values)
        for data_type in (FLOAT, HALF, BF16):
            self.assertTrue(math.isnan(cuda_calls.from_bits(cuda_calls.to_bits([math.nan], data_type), data_type)[0]))

    def test_bf16_is_rounded_to_even(self):
        rounded = lambda v: cuda_calls.from_bits(cuda_calls.to_bits([v], BF16), BF16)[0]
        self.assertEqual(rounded(1 + 2 ** -8), 1.0)
        self.assertEqual(rounded(1 + 3 * 2 ** -8), 1 + 2 ** -6)
        self.assertEqual(rounded(1 + 2 ** -8 + 2 ** -20), 1 + 2 ** -7)

    def test_a_wrong_result_is_far_away(self):
        wanted = cudnn_check.reference("wgrad", self.x, self.w, self.y)
        moved = wanted[cudnn_check.INPUTS:] + wanted[:cudnn_check.INPUTS]
        self.assertGreater(cudnn_check.distance(moved, wanted), 0.1)
        self.assertFalse(cudnn_check.distance([math.nan] + wanted[1:], wanted) <= 1)


if __name__ == "__main__":
    unittest.main()
