import os
import tempfile
import unittest

import machine

# As nvidia-smi of a driver that knows three properties alone.
FAKE = """#!/bin/sh
case "$1" in
  --query-gpu=name,driver_version,memory.total) echo "NVIDIA H100 80GB HBM3, 580.1, 81559 MiB" ;;
  *) echo 'Field "power.limit" is not a valid field to query.' ;;
esac
"""


class MachineTest(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.path = os.environ["PATH"]
        os.environ["PATH"] = self.folder.name

    def tearDown(self):
        os.environ["PATH"] = self.path
        self.folder.cleanup()

    def smi(self, text):
        fake = os.path.join(self.folder.name, "nvidia-smi")
        with open(fake, "w", encoding="utf-8") as f:
            f.write(text)
        os.chmod(fake, 0o755)

    def test_an_older_driver_is_asked_for_less(self):
        self.smi(FAKE)
        self.assertEqual(machine.cards(), [{"name": "NVIDIA H100 80GB HBM3", "driver_version": "580.1", "memory.total": "81559 MiB"}])

    def test_a_card_is_told_whole(self):
        self.smi("#!/bin/sh\necho '" + ", ".join(f"v{i}" for i in range(len(machine.CARD))) + "'\n")
        self.assertEqual(machine.cards()[0]["ecc.mode.current"], f"v{machine.CARD.index('ecc.mode.current')}")

    def test_what_a_driver_without_a_card_says_is_passed_on(self):
        self.smi("#!/bin/sh\necho 'No devices were found'\nexit 6\n")
        self.assertEqual(machine.cards(), "No devices were found")

    def test_without_nvidia_smi_that_is_said(self):
        self.assertEqual(machine.cards(), "there is no nvidia-smi")


if __name__ == "__main__":
    unittest.main()
