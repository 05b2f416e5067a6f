"""One network trained by one rule in PyTorch, and the speed of its step."""
import statistics
import time

from rival_data import CUDA, DEVICE, Batches, torch
from rival_networks import F, Mlp, Vgg, likeness_of, normalized, phsic

MOMENTUM = 0.95
BLOCKS = 9  # of steps that are timed


def no_autocast():
    return torch.autocast(DEVICE.type, enabled=False)


def sgd(groups):
    """The fastest SGD that this torch has."""
    for extra in ({"fused": True}, {"foreach": True}, {}):
        if extra.get("fused") and not CUDA:
            continue
        try:
            return torch.optim.SGD(groups, lr=0.1, momentum=MOMENTUM, **extra)
        except (TypeError, RuntimeError):
            pass
    raise AssertionError


class Training:
    """`step()` trains on the next batch; `row` names network, rule, precision, mode and batch."""

    def __init__(self, row, images, labels, channels, mlp_width, groups):
        self.row = row
        self.bf16 = row["precision"] == "bf16"
        self.net = Vgg(channels) if row["net"] == "vgg" else Mlp(mlp_width)
        self.groups = groups
        self.batches = Batches(images, labels, row["batch"], torch.bfloat16 if self.bf16 else torch.float32)
        rate, readout_rate = {"vgg": 0.5, "mlp": 1.0}[row["net"]], 5e-4
        if row["rule"] == "backprop":
            rate = readout_rate = 5e-3
        self.optimizer = sgd([{"params": self.net.weights, "lr": rate, "weight_decay": 1e-7},
                              {"params": self.net.readout, "lr": readout_rate, "weight_decay": 1e-6}])
        self.losses = self.local_losses if row["rule"] == "phsic" else self.backprop_loss
        if row["mode"].startswith("compile"):
            self.losses = torch.compile(self.losses, dynamic=False)
            self.batches.load = torch.compile(self.batches.load, dynamic=False)
        self.loss = torch.zeros((), device=DEVICE)

    def autocast(self):
        return torch.autocast(DEVICE.type, dtype=torch.bfloat16, enabled=self.bf16, cache_enabled=False)

    def local_losses(self, x, labels):
        likeness = likeness_of(labels)
        total = 0.0
        for k in range(len(self.net.weights)):
            with self.autocast():
                z = self.net.hidden(k, x.detach())
            with no_autocast():
                u, r = normalized(z, self.groups)
                total = total + phsic(u, likeness)
                x = self.net.drop(r)
        return total + self.readout_loss(x.detach(), labels)

    def backprop_loss(self, x, labels):
        for k in range(len(self.net.weights)):
            with self.autocast():
                x = self.net.drop(self.net.hidden(k, x))
        return self.readout_loss(x, labels)

    def readout_loss(self, x, labels):
        with self.autocast():
            logits = F.linear(x.flatten(1), *self.net.readout)
        return F.cross_entropy(logits.float(), labels)

    def set_gradients(self, parameters, loss):
        for p, g in zip(parameters, torch.autograd.grad(loss, parameters)):
            p.grad = g

    def step(self):
        x, labels = self.batches.next()
        if self.row["mode"].startswith("layer"):
            loss = self.layer_by_layer(x, labels)
        else:
            loss = self.losses(x, labels)
            self.set_gradients(self.net.weights + self.net.readout, loss)
        self.optimizer.step()
        self.loss.copy_(loss.detach())

    def layer_by_layer(self, x, labels):
        """A layer's gradient is taken before the next one runs, so its activations can go."""
        likeness = likeness_of(labels)
        for k, w in enumerate(self.net.weights):
            with self.autocast():
                z = self.net.hidden(k, x)
            with no_autocast():
                u, r = normalized(z, self.groups)
                self.set_gradients([w], phsic(u, likeness))
                x = self.net.drop(r)
            del z, u, r
        loss = self.readout_loss(x, labels)
        self.set_gradients(self.net.readout, loss)
        return loss

    def flops(self):
        """Of one step: forward, weight gradients, and for backprop the data gradients of all but the first layer."""
        passes = 2 if self.row["rule"] == "phsic" else 3
        return self.row["batch"] * (passes * self.net.flops - (0 if passes == 2 else self.net.first))


def synchronize():
    if CUDA:
        torch.cuda.synchronize()


def captured(step):
    """The step as a CUDA graph's replay; `step` has run before."""
    stream = torch.cuda.Stream()
    stream.wait_stream(torch.cuda.current_stream())
    with torch.cuda.stream(stream):
        for _ in range(3):
            step()
    torch.cuda.current_stream().wait_stream(stream)
    synchronize()
    graph = torch.cuda.CUDAGraph()
    with torch.cuda.graph(graph):
        step()
    return graph.replay


def seconds_of(step, count):
    """Of so many steps: by events on a GPU."""
    if not CUDA:
        begin = time.perf_counter()
        for _ in range(count):
            step()
        return time.perf_counter() - begin
    begin, end = torch.cuda.Event(enable_timing=True), torch.cuda.Event(enable_timing=True)
    begin.record()
    for _ in range(count):
        step()
    end.record()
    end.synchronize()
    return begin.elapsed_time(end) / 1e3


def measured(step, batch, seconds):
    """Images/s over nine blocks of steps that take `seconds` together: median, least, most."""
    for _ in range(3):
        step()
    synchronize()
    once = max(seconds_of(step, 2) / 2, 1e-5)
    count = max(1, min(2000, int(seconds / BLOCKS / once)))
    speeds = sorted(batch * count / seconds_of(step, count) for _ in range(BLOCKS))
    return {"images_per_s": statistics.median(speeds), "least": speeds[0], "most": speeds[-1],
            "ms_per_step": 1e3 * batch / statistics.median(speeds), "steps": BLOCKS * count}
