import os
import sys
import tempfile
import unittest
from contextlib import redirect_stdout
from io import StringIO

import energy
import train_marks

BEGIN = 1000.0


def epoch(number, accuracy, begin):
    """An epoch of 2 seconds of training and 1 of testing."""
    return {"epoch": number, "test_accuracy": accuracy, "train_seconds": 2.0, "train_begin": begin, "train_end": begin + 2,
            "test_end": begin + 3, "images_per_s": 10.0 * number}


ACCURACIES = (55, 72, 71, 86)
FOUND = {"process_begin": BEGIN, "rows": [epoch(i + 1, a, BEGIN + 5 + 3 * i) for i, a in enumerate(ACCURACIES)]}


class Steady(energy.Meter):
    """A card that uses 100 W."""

    def __init__(self):
        self.times = [BEGIN - 10 + 0.5 * i for i in range(80)]
        self.readings = [100 * (t - 7) for t in self.times]


class MarksTest(unittest.TestCase):
    def test_seconds_and_joules_to_each_mark(self):
        rows = train_marks.marks("phsic", FOUND, Steady())
        at = {r["mark"]: r for r in rows}
        self.assertEqual(list(at), [60, 70, 80, 85, None])
        self.assertEqual((at[60]["epoch"], at[60]["gpu_s"], at[60]["process_s"]), (2, 4.0, 11.0))
        self.assertEqual((at[85]["epoch"], at[85]["gpu_s"], at[85]["process_s"]), (4, 8.0, 17.0))
        self.assertAlmostEqual(at[85]["gpu_joules"], 800)
        self.assertAlmostEqual(at[85]["process_joules"], 1700)
        self.assertEqual(at[None]["images_per_s"], 40)

    def test_without_a_card_joules_are_unknown(self):
        def none():
            raise OSError("there is no card")
        meter = energy.Meter(none).start()
        meter.stop()
        self.assertIn("there is no card", meter.why)
        rows = train_marks.marks("phsic", FOUND, meter)
        self.assertEqual({(r["gpu_joules"], r["process_joules"]) for r in rows}, {(None, None)})
        self.assertEqual(rows[0]["gpu_s"], 4.0)

    def test_a_training_without_epochs_has_no_rows(self):
        self.assertEqual(train_marks.marks("phsic", {"rows": []}, Steady()), [])

    def test_epochs_follow_from_the_first(self):
        first = {"process_begin": BEGIN, "rows": FOUND["rows"][:1]}  # 5 s of start, 3 s an epoch
        self.assertEqual(train_marks.epochs_for("phsic", first, 38), 10)
        self.assertEqual(train_marks.epochs_for("backprop", first, 38), 6)
        self.assertEqual(train_marks.epochs_for("phsic", first, 5), 1)
        self.assertEqual(train_marks.epochs_for("phsic", first, 5000), 100)
        self.assertEqual(train_marks.epochs_for("phsic", {"rows": []}, 30), 10)

    def test_a_program_that_fails_is_said_and_what_it_wrote_is_kept(self):
        with tempfile.TemporaryDirectory() as folder:
            fake = os.path.join(folder, "fake.py")
            with open(fake, "w", encoding="utf-8") as f:
                f.write("import sys\nout = sys.argv[sys.argv.index('--out') + 1]\nopen(out, 'w').write('{\"rows\": [1]}')\n"
                        "print('it broke')\nsys.exit(5)\n")
            options = type("O", (), {"out": os.path.join(folder, "train.json"), "java": [sys.executable, fake], "device": "cpu", "data": "",
                                     "small": True, "precision": "f32"})
            with redirect_stdout(StringIO()):
                found = train_marks.Rule("phsic", options).train(2, 20)
            self.assertEqual(found, {"rows": [1], "error": "status 5: it broke"})
            self.assertEqual(os.listdir(folder), ["fake.py"])


class Card:
    """NVML's functions for a card that uses 250 W; it counts energy or does not."""

    def __init__(self, counts):
        self.counts, self.millijoules = counts, 0

    def nvmlInit_v2(self):
        return 0

    def nvmlDeviceGetHandleByIndex_v2(self, index, handle):
        return 0

    def nvmlDeviceGetTotalEnergyConsumption(self, card, value):
        if not self.counts:
            return 3  # not supported
        self.millijoules += 1500
        value._obj.value = self.millijoules
        return 0

    def nvmlDeviceGetPowerUsage(self, card, value):
        value._obj.value = 250_000
        return 0


class EnergyTest(unittest.TestCase):
    def card(self, counts):
        load, energy.c.CDLL = energy.c.CDLL, lambda path: Card(counts)
        try:
            return energy.Nvml()
        finally:
            energy.c.CDLL = load

    def test_the_counter_is_read_where_there_is_one(self):
        card = self.card(True)
        first = card.joules()
        self.assertEqual(card.joules() - first, 1.5)
        self.assertIn("counter", card.source)

    def test_power_is_added_up_where_there_is_none(self):
        card = self.card(False)
        begin, before = card.last[0], card.sum
        after = card.joules()
        self.assertAlmostEqual(after - before, 250 * (card.last[0] - begin))
        self.assertIn("power", card.source)

    def test_a_library_that_is_missing_is_said(self):
        meter = energy.Meter(lambda: energy.Nvml("libnone-of-nvidia.so.1"))
        self.assertIn("libnone-of-nvidia", meter.why)


if __name__ == "__main__":
    unittest.main()
