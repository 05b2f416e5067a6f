import json
import os
import subprocess
import sys
import tempfile
import unittest

import steps

# Does rows 0 to 5; rows 1 and 4 spoil the process. Its log has a line for each time it is started.
PROGRAM = """
import json, sys
option = lambda name: sys.argv[sys.argv.index(name) + 1]
first, budget, out = int(option("--from")), float(option("--budget")), option("--out")
print("from", first, "with time" if 0 < budget <= 20 else "with too much time", flush=True)
rows = json.load(open(out))["rows"] if first else []
for row in range(first, 6):
    rows.append(row)
    json.dump({"rows": rows, "next": NEXT}, open(out, "w"))
    if row in (1, 4):
        sys.exit(3)
sys.exit(1)
"""


class RestartsTest(unittest.TestCase):
    def run_rows(self, following):
        with tempfile.TemporaryDirectory() as folder:
            fake, out = os.path.join(folder, "fake.py"), os.path.join(folder, "rows.json")
            with open(fake, "w", encoding="utf-8") as f:
                f.write(PROGRAM.replace("NEXT", following))
            done = subprocess.run([sys.executable, os.path.join(steps.HERE, "restarts.py"), "--out", out, "--budget", "20", "--",
                                   sys.executable, fake], capture_output=True, text=True, timeout=60)
            with open(out, encoding="utf-8") as f:
                return done, json.load(f)["rows"]

    def test_the_rows_after_a_failed_one_are_run_in_a_new_process(self):
        done, rows = self.run_rows("row + 1")
        self.assertEqual(rows, [0, 1, 2, 3, 4, 5])
        self.assertEqual(done.stdout.split("\n")[:-1], ["from 0 with time", "from 2 with time", "from 5 with time"])
        self.assertEqual(done.returncode, 1)

    def test_it_ends_where_the_program_goes_round_in_circles(self):
        done, _ = self.run_rows("0")
        self.assertEqual(done.returncode, 1)
        self.assertIn("would not end", done.stdout)


if __name__ == "__main__":
    unittest.main()
