"""The paper's VGG and MLP in PyTorch, and the local objective, written as a user of PyTorch would write them."""
import math

from rival_data import CLASSES, DEVICE, torch

F = torch.nn.functional
GAMMA = 2.0
VGG_CHANNELS = (128, 256, 256, 512, 512, 512)
VGG_POOLED = (1, 3, 4, 5)  # layers, counted from 0, that end with a 2x2 max pool


def initial(*shape):
    """PyTorch's default: uniform within 1 / sqrt(inputs)."""
    bound = 1 / math.sqrt(math.prod(shape[1:]))
    w = torch.empty(*shape, device=DEVICE).uniform_(-bound, bound)
    if w.dim() == 4:
        w = w.contiguous(memory_format=torch.channels_last)
    return w.requires_grad_()


def alpha_dropout(x, rate):
    """Keeps SELU's mean and variance."""
    floor = -1.7580993408473766
    keep = 1 - rate
    a = (keep + floor * floor * keep * rate) ** -0.5
    b = -a * rate * floor
    mask = torch.rand_like(x, dtype=torch.float32) < keep
    return torch.where(mask, x, torch.full_like(x, floor)) * a + b


class Vgg:
    """Six 3x3 convolutions with SELU, a fully connected layer, a readout; `flops` of a forward pass of one image."""

    def __init__(self, channels, size=32):
        self.weights, inputs = [], 3
        self.flops = 0
        for k, outputs in enumerate(channels):
            self.weights.append(initial(outputs, inputs, 3, 3))
            self.flops += 2 * 9 * inputs * outputs * size * size
            if k == 0:
                self.first = self.flops
            size //= 2 if k in VGG_POOLED else 1
            inputs = outputs
        hidden = 2 * channels[-1]
        self.weights.append(initial(hidden, inputs * size * size))
        self.readout = [initial(CLASSES, hidden), torch.zeros(CLASSES, device=DEVICE, requires_grad=True)]
        self.flops += 2 * inputs * size * size * hidden + 2 * hidden * CLASSES

    def hidden(self, k, x):
        w = self.weights[k]
        if w.dim() == 2:
            return F.selu(F.linear(x.flatten(1), w))
        z = F.selu(F.conv2d(x, w, padding=1))
        return F.max_pool2d(z, 2) if k in VGG_POOLED else z

    def drop(self, x):
        return alpha_dropout(x, 0.05)


class Mlp:
    """Three hidden layers with leaky ReLU, a readout."""

    def __init__(self, width=1024):
        sizes = [784, width, width, width]
        self.weights = [initial(n, m) for m, n in zip(sizes, sizes[1:])]
        self.readout = [initial(CLASSES, width), torch.zeros(CLASSES, device=DEVICE, requires_grad=True)]
        self.flops = 2 * sum(m * n for m, n in zip(sizes, sizes[1:])) + 2 * width * CLASSES
        self.first = 2 * sizes[0] * sizes[1]

    def hidden(self, k, x):
        return F.leaky_relu(F.linear(x, self.weights[k]), 0.01)

    def drop(self, x):
        return F.dropout(x, 0.01)


def normalized(z, groups, delta=1.0, q=0.2):
    """(u, r): grouped activity (B x G, f32) and divisively normalized activity, r without a gradient."""
    grouped = z.unflatten(1, (groups, -1)).float()
    over = tuple(range(2, grouped.dim()))
    centred = grouped - grouped.mean(over, keepdim=True)
    n = centred[0, 0].numel()
    s = (delta + centred.square().sum(over, keepdim=True)) / n
    u = s.flatten(1).pow(1 - q)
    r = (centred.detach() * s.detach().pow(-q)).flatten(1, 2)
    return u, r.to(z.dtype)


def phsic(u, likeness):
    """pHSIC(K, K) - gamma pHSIC(L, K), K the cosine kernel of centred codes."""
    v = u - u.mean(1, keepdim=True)
    v = v / v.norm(dim=1, keepdim=True).clamp_min(1e-12)
    k = v @ v.t()
    return ((k - k.mean()) * k).mean() - GAMMA * ((likeness - likeness.mean()) * k).mean()


def likeness_of(labels):
    """The cosine kernel of centred one-hot labels, B x B."""
    same = labels[:, None] == labels[None, :]
    return torch.where(same, 1.0, -1.0 / (CLASSES - 1))
