import json
import os
import tarfile
import tempfile
import unittest
from contextlib import redirect_stdout
from io import StringIO

import model
import report
import report_tables
import results
import steps

STEPS = [{"step": "machine", "state": "well", "seconds": 1, "why": "machine: a | card"},
         {"step": "rival", "state": "timed out", "seconds": 9, "why": "it was ended after 9 s"}]


class ReportTest(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.place = steps.Place(os.path.join(self.folder.name, "work"), False, "cuda")
        self.out = os.path.join(self.folder.name, "out")
        for path in (self.place.results, self.place.logs, self.out):
            os.makedirs(path)

    def tearDown(self):
        self.folder.cleanup()

    def markdown(self, found, steps_done=()):
        results.write(self.place.results, found)
        return report.markdown({}, list(steps_done), report.results(self.place.results))

    def row(self, text, *begin):
        """The cells of the one row of a table that begins so."""
        found = [line for line in text.splitlines() if line.startswith("| " + " | ".join(begin) + " |")]
        self.assertEqual(len(found), 1, f"{begin} in\n{text}")
        return [cell.strip() for cell in found[0].strip("|").split("|")]

    def test_our_figure_stands_beside_the_prediction_and_the_best_rival(self):
        cells = self.row(self.markdown(results.WHOLE), "vgg", "phsic", "bf16", "128")
        expected = 128 / model.seconds(128, model.SCENARIOS["expected"])
        self.assertEqual(cells[4], "30,000 (29,000 to 31,000)")
        self.assertTrue(cells[5].startswith(f"{expected:,.0f} ("), cells[5])
        self.assertEqual(cells[6], f"{30000 / expected:.2f}")
        self.assertEqual(cells[7:], ["20,000 (19,000 to 21,000)", "compile-graph", "1.50", "300", "600"])

    def test_what_was_not_measured_stays_empty_and_the_prediction_stands_alone(self):
        without = {name: value for name, value in results.WHOLE.items() if name != "bench"}
        cells = self.row(self.markdown(without), "vgg", "phsic", "bf16", "128")
        self.assertEqual([cells[4], cells[6], cells[9], cells[10]], ["", "", "", ""])
        self.assertNotEqual(cells[5], "")

    def test_convolutions_stand_side_by_side(self):
        text = self.markdown(results.WHOLE)
        cells = self.row(text, "conv2", "512", "wgrad", "bf16/bf16")
        self.assertEqual(cells[4:8], ["111", "222", "333", "444"])
        layer = next(x for x in model.LAYERS if x.name == "conv2")
        time = model.convolution(layer, 512, "wgrad", model.SCENARIOS["expected"])
        self.assertEqual(cells[8], f"{2 * 9 * 128 * 256 * 1024 * 512 / time / 1e12:,.0f}")
        self.assertIn("1 right, 0 WRONG, 1 refused", text)

    def test_kernels_stand_beside_their_bounds(self):
        text = self.markdown(results.WHOLE)
        self.assertIn("Copies moved 2.50 TB/s", text)
        self.assertEqual(self.row(text, "sum_rows")[1:], ["8x4 bf16", "20.0", "12", "100", "0.00", "10.0", "0.50", "10.0", "2.00"])

    def test_marks_tell_seconds_and_joules(self):
        text = self.markdown(results.WHOLE)
        self.assertEqual(self.row(text, "phsic", "60 %")[2:], ["2", "61.50", "4.000", "", "11.0", "1,100"])
        self.assertEqual(self.row(text, "phsic", "last epoch")[2:], ["9", "77.00", "18.0", "1,800", "40.0", "4,000"])
        self.assertIn("| backprop | error: status 1: a \\| b |", text)

    def test_what_a_failed_step_said_is_in_the_report(self):
        with open(self.place.log("cases"), "w", encoding="utf-8") as f:
            f.write("\n".join(f"line {i}" for i in range(40)))
        run = report.Run(self.place, self.out, ["cases"])
        with redirect_stdout(StringIO()):
            run.add({"step": "cases", "state": "failed", "seconds": 1, "why": "status 1: line 39"})
        with open(os.path.join(self.out, "report.md"), encoding="utf-8") as f:
            text = f.read()
        self.assertIn("## What `cases` said last\n\n```\nline 28\n", text)
        self.assertIn("line 39\n```", text)

    def test_a_wrong_convolution_is_said(self):
        probe = {"rows": [*results.PROBE["rows"], {"check": "dgrad", "types": "f32/f32", "math": "fma", "beta": 1, "right": False}]}
        self.assertIn("1 WRONG: dgrad f32/f32 fma beta 1", self.markdown({"probe": probe}))

    def test_errors_of_rows_are_listed(self):
        self.assertIn("* mlp backprop f32 graph 256: OutOfMemoryError: none | left", self.markdown(results.WHOLE))

    def test_states_of_steps_are_said_and_keep_their_columns(self):
        text = self.markdown({}, STEPS)
        self.assertEqual(self.row(text, "rival")[1:], ["timed out", "9", "it was ended after 9 s"])
        self.assertIn("machine: a \\| card", text)

    def test_another_card_is_not_what_the_prediction_is_of(self):
        self.assertNotIn("which this card is not", self.markdown(results.WHOLE))
        other = {"machine": {**results.MACHINE, "cards": [{"name": "NVIDIA H200"}]}}
        self.assertIn("The prediction is of an H100 80GB HBM3, which this card is not.", self.markdown(other))

    def test_no_card_is_said(self):
        text = self.markdown({"machine": {**results.MACHINE, "cards": "there is no nvidia-smi", "packages": {}}})
        self.assertIn("# kib4j on no GPU", text)
        self.assertIn("No card: there is no nvidia-smi.", text)

    def test_broken_results_leave_a_report(self):
        broken = {"machine": "", "rival": '{"rows": [{"net": "vgg", "images_per_s": 1', "bench": "[1, 2]", "probe": '{"rows": 7}',
                  "ceiling": {"rows": [None, "x", {"direction": "memory"}, {"direction": "wgrad", "tflop_per_s": 5}]}}
        text = self.markdown(broken, STEPS)
        for name in ("machine", "rival", "bench"):
            self.assertIn(f"`{name}.json` cannot be read: ", text)
        self.assertIn("This table could not be made of what the steps wrote", text)
        self.assertIn("## Steps", text)

    def test_any_shape_of_results_leaves_a_report(self):
        for value in ({}, {"rows": {}}, {"rows": [{}]}, {"rows": [{"images_per_s": None}]},
                      {"rows": [{"images_per_s": "fast", "batch": []}]}, {"rows": [{"us": "long", "tool": 3, "mark": 4}]},
                      {"rows": [{"layer": 1, "beta": 0, "tflop_per_s": 1}]}, {"cards": []}, {"cards": [{}]}, {"packages": []}):
            for name in results.WHOLE:
                self.assertIn("## Steps", self.markdown({name: value}, STEPS))

    def test_what_is_cut_off_is_said_in_both_files(self):
        run = report.Run(self.place, self.out, ["machine", "rival", "probe"])
        with redirect_stdout(StringIO()):
            run.add(STEPS[0])
        with open(os.path.join(self.out, "report.json"), encoding="utf-8") as f:  # as a kill would leave it
            found = json.load(f)
        self.assertEqual([s["state"] for s in found["steps"]], ["well", "cut off", "cut off"])
        self.assertEqual(found["prediction"]["card"], model.CARD)
        with open(os.path.join(self.out, "report.md"), encoding="utf-8") as f:
            self.assertEqual(self.row(f.read(), "probe")[1], "cut off")
        with redirect_stdout(StringIO()):
            run.end()
        with tarfile.open(os.path.join(self.out, "logs.tar.gz")) as tar:
            self.assertEqual(sorted(tar.getnames()), ["logs", "results"])
        self.assertEqual(sorted(os.listdir(self.out)), ["logs.tar.gz", "report.json", "report.md"])

    def test_the_prediction_in_the_report_is_the_models(self):
        at = {(s["scenario"], s["rule"], s["batch"]): s for s in report_tables.prediction()["steps"]}
        self.assertAlmostEqual(at["expected", "phsic", 128]["ms"], 1.685, places=3)
        self.assertAlmostEqual(at["hopeful", "phsic", 512]["images_per_s"], 125926, delta=1)


if __name__ == "__main__":
    unittest.main()
