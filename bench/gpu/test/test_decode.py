import unittest

import decode_cifar

TWENTY = [6, 1, 15, 17, 4, 18, 12, 11, 14, 7, 19, 3, 16, 9, 8, 10, 2, 13, 5, 0]
ENDS = ([17780, 3531, 28929, 35353, 46692], [3031, 44576, 18691, 41658, 41360])

class ShuffleTest(unittest.TestCase):
    """What Java 17 prints for Collections.shuffle(list, new Random(0)) of the numbers from 0 on."""

    def test_twenty(self):
        items = list(range(20))
        decode_cifar.shuffle(items, 0)
        self.assertEqual(items, TWENTY)

    def test_fifty_thousand(self):
        items = list(range(50000))
        decode_cifar.shuffle(items, 0)
        self.assertEqual((items[:5], items[-5:]), ENDS)


if __name__ == "__main__":
    unittest.main()
