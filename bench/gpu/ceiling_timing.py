"""How ceiling.py times what a GPU does: replays of a CUDA graph between two events."""
import statistics
import time

import steplib

torch = steplib.torch_or_skip(cpu_will_do=True)
CUDA = torch.cuda.is_available()
DEVICE = torch.device("cuda" if CUDA else "cpu")
TYPES = {"bf16": torch.bfloat16, "fp16": torch.float16, "tf32": torch.float32, "f32": torch.float32}
CALLS = 10  # in a graph


def random(shape, dtype):
    """Standard normal values, channels last where there are four axes."""
    x = torch.randn(shape, device=DEVICE).to(dtype)
    return x.contiguous(memory_format=torch.channels_last) if len(shape) == 4 else x


def captured(work, calls):
    """A CUDA graph of so many calls; `work` has run before."""
    stream = torch.cuda.Stream()
    stream.wait_stream(torch.cuda.current_stream())
    with torch.cuda.stream(stream):
        work()
    torch.cuda.synchronize()
    graph = torch.cuda.CUDAGraph()
    with torch.cuda.graph(graph):
        for _ in range(calls):
            work()
    graph.replay()
    torch.cuda.synchronize()
    return graph


def seconds_of(work, room):
    """Median seconds of one call, over rounds that take about `room` seconds together."""
    for _ in range(3):
        work()
    times = []
    if not CUDA:
        for _ in range(3):
            begin = time.perf_counter()
            work()
            times.append(time.perf_counter() - begin)
        return statistics.median(times)
    graph, until = captured(work, CALLS), time.monotonic() + room
    while len(times) < 5 or (time.monotonic() < until and len(times) < 60):
        begin, end = torch.cuda.Event(enable_timing=True), torch.cuda.Event(enable_timing=True)
        begin.record()
        graph.replay()
        end.record()
        end.synchronize()
        times.append(begin.elapsed_time(end) / 1e3 / CALLS)
    return statistics.median(times)


def launch_times():
    """(what, microseconds) of a launch that does nothing much: one by one, and in a CUDA graph."""
    x, count = torch.zeros(1, device=DEVICE), 2000
    work = lambda: x.add_(1)

    def each(run):
        torch.cuda.synchronize()
        begin = time.perf_counter()
        run()
        torch.cuda.synchronize()
        return (time.perf_counter() - begin) / count * 1e6

    def one_by_one():
        for _ in range(count):
            work()

    one_by_one()
    yield "launch, eager PyTorch", each(one_by_one)
    yield "launch, node of a CUDA graph", each(captured(work, count).replay)
