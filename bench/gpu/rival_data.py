"""What rival.py trains on: bytes that lie on the device, and batches of them, augmented there."""
import glob
import os

import steplib

torch = steplib.torch_or_skip(cpu_will_do=True)
CUDA = torch.cuda.is_available()
DEVICE = torch.device("cuda" if CUDA else "cpu")
CLASSES = 10
MEAN = (0.4914, 0.4822, 0.4465)
DEVIATION = (0.247, 0.243, 0.261)
RECORD = 3073  # bytes of a label and an image of CIFAR-10's binary version


def cifar_bytes(folder, count):
    """(images N x 40 x 40 x 3 uint8, padded by 4; labels N; where they are from), of CIFAR-10 binary files, else random."""
    files = sorted(glob.glob(os.path.join(folder, "*_batch*.bin"))) if folder else []
    if files:
        records = torch.cat([torch.frombuffer(bytearray(open(f, "rb").read()), dtype=torch.uint8).view(-1, RECORD) for f in files])[:count]
        labels = records[:, 0].long()
        pixels = records[:, 1:].reshape(-1, 3, 32, 32)
        source = f"{len(labels)} images of {len(files)} files"
    else:
        generator = torch.Generator().manual_seed(1)
        labels = torch.randint(CLASSES, (count,), generator=generator)
        pixels = torch.randint(256, (count, 3, 32, 32), generator=generator, dtype=torch.uint8)
        source = f"{count} random images"
    padded = torch.nn.functional.pad(pixels, (4, 4, 4, 4)).permute(0, 2, 3, 1).contiguous()
    return padded.to(DEVICE), labels.to(DEVICE), source


def digit_bytes(count):
    """(images N x 784 uint8, labels N), random."""
    generator = torch.Generator().manual_seed(2)
    labels = torch.randint(CLASSES, (count,), generator=generator)
    return torch.randint(256, (count, 784), generator=generator, dtype=torch.uint8).to(DEVICE), labels.to(DEVICE)


class Batches:
    """Batches in a random order that lies on the device; nothing of a step is decided by the host."""

    def __init__(self, images, labels, batch, dtype):
        self.images, self.labels, self.batch, self.dtype = images, labels, batch, dtype
        self.order = torch.randperm(len(labels), device=DEVICE)
        self.position = torch.zeros((), dtype=torch.long, device=DEVICE)
        self.steps = torch.arange(batch, device=DEVICE)
        self.pixels = torch.arange(32, device=DEVICE)
        self.flat = images.dim() == 2
        self.mean = torch.tensor([255 * m for m in MEAN], device=DEVICE)
        self.scale = torch.tensor([1 / (255 * d) for d in DEVIATION], device=DEVICE)

    def next(self):
        index = self.order[(self.position + self.steps) % len(self.order)]
        self.position += self.batch
        return self.load(index), self.labels[index]

    def load(self, index):
        """Images (B x 784 or B x 3 x 32 x 32, channels last), shifted by up to 4 pixels and flipped, normalized."""
        if self.flat:
            return (self.images[index].float() / 127.5 - 1).to(self.dtype)
        shift = torch.randint(0, 9, (2, self.batch, 1), device=DEVICE)
        flip = torch.rand(self.batch, 1, device=DEVICE) < 0.5
        rows = shift[0] + self.pixels
        columns = shift[1] + torch.where(flip, 31 - self.pixels, self.pixels)
        x = self.images[index[:, None, None], rows[:, :, None], columns[:, None, :]]
        return ((x.float() - self.mean) * self.scale).to(self.dtype).permute(0, 3, 1, 2)
