#!/usr/bin/env python3
"""An archive of CIFAR-10's images as JPEG, as the files of its binary version. Needs Pillow, not Java.

  decode_cifar.py ARCHIVE OUT_DIR [TRAIN_BATCHES]     test_batch.bin and data_batch_1.bin to _5.bin, or the first so many

The archive holds train/CLASS/FILE and test/CLASS/FILE. Labels follow the classes' names in order; the images of a part are
shuffled as Java's Collections.shuffle does with a Random of seed 0, so that a program in Java makes the same bytes.
"""
import io
import multiprocessing
import os
import sys
import tarfile

import steplib

IMAGES = 10000  # in a file


class JavaRandom:
    """java.util.Random, as far as it shuffles."""

    def __init__(self, seed):
        self.seed = (seed ^ 0x5DEECE66D) & ((1 << 48) - 1)

    def bits31(self):
        self.seed = (self.seed * 0x5DEECE66D + 0xB) & ((1 << 48) - 1)
        return self.seed >> 17

    def below(self, bound):
        r = self.bits31()
        if bound & (bound - 1) == 0:
            return (bound * r) >> 31
        while True:
            value = r % bound
            if r - value + bound - 1 < 1 << 31:
                return value
            r = self.bits31()


def shuffle(items, seed):
    """In place, as java.util.Collections.shuffle(items, new Random(seed))."""
    source = JavaRandom(seed)
    for i in range(len(items), 1, -1):
        j = source.below(i)
        items[i - 1], items[j] = items[j], items[i - 1]


def record(item):
    """3073 bytes: label, then the planes of red, green and blue."""
    from PIL import Image
    label, data = item
    image = Image.open(io.BytesIO(data)).convert("RGB")
    return bytes([label]) + b"".join(channel.tobytes() for channel in image.split())


def images(archive):
    """{train, test: [(label, JPEG)]}, in the order of classes and files."""
    parts = {"train": {}, "test": {}}
    with tarfile.open(archive) as tar:
        for member in tar:
            path = member.name.strip("./").split("/")
            if member.isfile() and len(path) >= 3 and path[-3] in parts:
                parts[path[-3]].setdefault(path[-2], {})[path[-1]] = tar.extractfile(member).read()
    return {part: [(label, folders[name][file]) for label, name in enumerate(sorted(folders)) for file in sorted(folders[name])]
            for part, folders in parts.items()}


def main():
    if len(sys.argv) < 3:
        print(__doc__)
        return 2
    archive, out = sys.argv[1:3]
    batches = int(sys.argv[3]) if len(sys.argv) > 3 else 5
    try:
        import PIL  # noqa: F401
    except ImportError:
        steplib.skip(f"{sys.executable} has no Pillow, which decodes JPEG; install it, or give CIFAR-10's binary files.")
    os.makedirs(out, exist_ok=True)
    with multiprocessing.Pool(min(16, os.cpu_count())) as pool:
        for part, items in images(archive).items():
            shuffle(items, 0)
            for start in range(0, len(items) if part == "test" else min(len(items), IMAGES * batches), IMAGES):
                name = "test_batch.bin" if part == "test" else f"data_batch_{start // IMAGES + 1}.bin"
                with open(os.path.join(out, name), "wb") as f:
                    f.writelines(pool.map(record, items[start:start + IMAGES], chunksize=500))
    print(f"decoded {batches} train batches and the test batch in {steplib.seconds_so_far():.1f} s")
    return 0


if __name__ == "__main__":
    sys.exit(main())
