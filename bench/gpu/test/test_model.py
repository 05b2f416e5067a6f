import contextlib
import io
import os
import unittest

import model

PAGE = os.path.join(os.path.dirname(os.path.abspath(model.__file__)), "model.md")


class ModelTest(unittest.TestCase):
    def test_the_page_is_what_the_program_prints(self):
        printed = io.StringIO()
        with contextlib.redirect_stdout(printed):
            model.main()
        with open(PAGE, encoding="utf-8") as f:
            self.assertEqual(f.read(), printed.getvalue())

    def test_operations_of_an_image_are_those_of_its_layers(self):
        layers = model.step(128, model.SCENARIOS["expected"]).layers
        readout = 2 * model.FC_OUTPUTS * 10
        forward = sum(t.flop for t in layers) / 128 + readout
        self.assertAlmostEqual(model.PER_IMAGE["phsic"] / (2 * forward), 1, places=3)
        self.assertAlmostEqual(model.PER_IMAGE["backprop"] / (3 * forward - layers[0].flop / 128), 1, places=3)

    def test_a_product_is_never_faster_than_the_peak(self):
        for m, n, k in ((128, 256, 64), (131072, 256, 1152), (256, 1152, 131072), (512, 10, 1024)):
            for split in (False, True):
                self.assertGreater(model.product(m, n, k, 1.0, split), 2 * m * n * k / model.PEAK)

    def test_nobody_needs_the_data_gradient_of_the_first_layer(self):
        first, second = model.LAYERS[:2]
        self.assertEqual(model.convolution(first, 128, "dgrad", model.SCENARIOS["expected"]), 0)
        self.assertGreater(model.convolution(second, 128, "dgrad", model.SCENARIOS["expected"]), 0)

    def test_a_better_scenario_is_faster_and_backprop_slower(self):
        for batch in model.BATCHES:
            hopeful, expected, old = (model.seconds(batch, model.SCENARIOS[s]) for s in ("hopeful", "expected", "sm80 kernels"))
            self.assertLess(hopeful, expected)
            self.assertLess(expected, old)
            self.assertLess(expected, model.seconds(batch, model.SCENARIOS["expected"], "backprop"))


if __name__ == "__main__":
    unittest.main()
