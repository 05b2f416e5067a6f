"""The tables of device-check's report. Each takes {step: what it wrote} and returns lines of Markdown; none, if the steps
wrote nothing for it. Beside a figure stands what model.py predicts for it; what was not measured stays empty."""
import model

EXPECTED = model.SCENARIOS["expected"]
RULES = {"phsic": "phsic", "cosine-grp-div": "phsic", "backprop": "backprop"}  # names of the rules that the model knows


def rows(found, step):
    return [r for r in found.get(step, {}).get("rows", []) if isinstance(r, dict)]


def number(value, digits=0):
    """A figure for people, one below 10 with two digits more; empty where there is none."""
    if not isinstance(value, (int, float)):
        return ""
    return f"{value:,.{digits + 2 if abs(value) < 10 else digits}f}"


def ratio(a, b):
    return f"{a / b:.2f}" if a and b else ""


def line(*cells):
    return "| " + " | ".join(str(c) for c in cells) + " |"


def head(*titles):
    """A table's first two lines; a title that begins with < is of a column of words."""
    return [line(*(t.lstrip("<") for t in titles)), line(*("---" if t.startswith("<") else "--:" for t in titles))]


def card(found):
    cards = found.get("machine", {}).get("cards")
    if isinstance(cards, list) and cards:
        return str(cards[0].get("name", "an unknown card"))
    for step in ("rival", "ceiling"):
        device = found.get(step, {}).get("device")
        if device and device != "cpu":
            return device
    return "no GPU" if cards else "an unknown machine"


def is_of_model(found):
    """Whether the prediction is of this card."""
    return card(found).endswith(model.CARD)


def machine(found):
    """Date, card, driver, libraries; whether the prediction is of this card."""
    m = found.get("machine", {})
    if not m or "unreadable" in m:
        return ["The step `machine` was not run, so date, driver and versions are not known."]
    lines = [f"{m.get('date')}; {m.get('system')}, kernel {m.get('kernel')}, {m.get('processors')} processors ({m.get('processor')}), "
             f"{m.get('memory_gb')} GB; Python {m.get('python')}."]
    if m.get("kib4j"):
        lines.append(f"kib4j: commit {m['kib4j'].get('commit')}, bundle made {m['kib4j'].get('made')}.")
    cards = m.get("cards")
    if isinstance(cards, list):
        lines += [f"Card {i}: " + ", ".join(f"{key} {value}" for key, value in c.items()) + "." for i, c in enumerate(cards)]
    else:
        lines.append(f"No card: {cards}.")
    versions = [f"{name} {version}" for name, version in m.get("packages", {}).items()]
    p = found.get("probe", {})
    versions += [f"{key} {p[key]} (as loaded)" for key in ("cuda_driver", "cuda_runtime", "cudnn") if key in p]
    lines.append("Versions: " + (", ".join(versions) or "none of torch or NVIDIA's wheels is installed") + ".")
    if isinstance(cards, list) and not is_of_model(found):
        lines.append(f"**The prediction is of an {model.CARD}, which this card is not.**")
    return lines


def prediction():
    """What model.py says, for report.json: images/s and milliseconds by scenario, rule and batch; microseconds by layer."""
    steps = [{"scenario": name, "rule": rule, "batch": batch, "ms": 1e3 * s, "images_per_s": batch / s}
             for name, scenario in model.SCENARIOS.items() for rule in model.PER_IMAGE for batch in model.BATCHES
             for s in [model.seconds(batch, scenario, rule)]]
    layers = [{"layer": layer.name, "batch": batch, "direction": direction,
               "us": 1e6 * model.convolution(layer, batch, direction, EXPECTED)}
              for layer in model.LAYERS for batch in (128, 512) for direction in ("forward", "wgrad", "dgrad")]
    return {"card": model.CARD, "steps": steps, "layers": layers}


def predicted_speed(net, rule, precision, batch, scenario="expected"):
    """Images/s, or None for what the model does not know."""
    if net != "vgg" or rule not in RULES or precision != "bf16" or not isinstance(batch, int) or batch < 64:
        return None
    return batch / model.seconds(batch, model.SCENARIOS[scenario], RULES[rule])


def key_of(row):
    return row.get("net"), RULES.get(row.get("rule"), row.get("rule")), row.get("precision"), row.get("batch")


def training(found):
    """Images/s of whole steps: kib4j's, the prediction, the best that PyTorch gives."""
    ours = {}
    for r in rows(found, "bench"):
        if "images_per_s" in r and r["images_per_s"] > ours.get(key_of(r), {}).get("images_per_s", 0):
            ours[key_of(r)] = r
    best = {}
    for r in rows(found, "rival"):
        if "images_per_s" in r and r["images_per_s"] > best.get(key_of(r), {}).get("images_per_s", 0):
            best[key_of(r)] = r
    if not ours and not best:
        return []
    lines = ["Images/s, medians of 9 blocks (least to most). Predicted: expected (with sm80 kernels to hopeful), of kib4j.", ""]
    lines += head("<net", "<rule", "<precision", "batch", "<kib4j", "<predicted", "kib4j : predicted", "<PyTorch, best", "<its mode",
                  "kib4j : PyTorch", "MB kib4j", "MB PyTorch")
    for key in sorted(set(ours) | set(best), key=str):
        o, b = ours.get(key, {}), best.get(key, {})
        expected = predicted_speed(*key)
        range_ = [number(predicted_speed(*key, scenario)) for scenario in ("sm80 kernels", "hopeful")]
        lines.append(line(*key, spread(o), number(expected) + (f" ({' to '.join(range_)})" if expected else ""),
                          ratio(o.get("images_per_s"), expected), spread(b), b.get("mode", ""),
                          ratio(o.get("images_per_s"), b.get("images_per_s")), number(o.get("peak_mb")),
                          number(b.get("peak_allocated_mb"))))
    failed = [r for r in rows(found, "rival") + rows(found, "bench") if "error" in r]
    name = lambda r: " ".join(str(r.get(k, "")) for k in ("net", "rule", "precision", "mode", "batch"))
    return lines + [""] + [f"* {name(r)}: {r['error'][:160]}" for r in failed]


def spread(row):
    if "images_per_s" not in row:
        return ""
    between = f" ({number(row['least'])} to {number(row['most'])})" if "least" in row and "most" in row else ""
    return number(row["images_per_s"]) + between


def convolutions(found):
    """TFLOP/s of each layer's products by every way that was timed."""
    cells = {}

    def put(row, layer, types, way):
        if "tflop_per_s" in row:
            cells.setdefault((layer, row["batch"], row["direction"], types), {})[way] = row["tflop_per_s"]

    for r in rows(found, "probe"):
        if "layer" in r and r.get("beta") == 0:
            put(r, r["layer"], r["types"], r["api"])
    for r in rows(found, "ceiling"):
        if r.get("direction") in ("forward", "wgrad", "dgrad"):
            put(r, r["what"], f"{r['dtype']}/{r['dtype']}", "torch")
        elif r.get("direction") in ("wgrad9", "wgrad9f"):
            result = "f32" if r["direction"] == "wgrad9f" else r["dtype"]
            put({**r, "direction": "wgrad"}, r["what"], f"{r['dtype']}/{result}", "nine")
    if not cells:
        return []
    lines = ["TFLOP/s. cuDNN called directly by its two interfaces, through PyTorch, and as nine products over a zero border.", ""]
    lines += head("<layer", "batch", "<direction", "<types", "legacy", "graph API", "PyTorch", "nine products", "predicted",
                  "best : predicted")
    for key in sorted(cells):
        ways, expected = cells[key], predicted_rate(*key)
        best = max(ways.values())
        measured = (number(ways.get(way)) for way in ("legacy", "graph", "torch", "nine"))
        lines.append(line(*key, *measured, number(expected), ratio(best, expected)))
    checks = [r for r in rows(found, "probe") if "check" in r]
    wrong = [f"{r['check']} {r['types']} {r['math']} beta {r['beta']}" for r in checks if r.get("right") is False]
    lines += ["", f"Small cases against double precision: {sum(r.get('right') is True for r in checks)} right, "
              f"{len(wrong)} WRONG{': ' + '; '.join(wrong) if wrong else ''}, {sum('error' in r for r in checks)} refused."]
    lines += [f"* refused: {r['check']} {r['types']} {r['math']} beta {r['beta']}: {r['error'][:120]}" for r in checks if "error" in r]
    return lines


def predicted_rate(layer, batch, direction, types):
    """TFLOP/s of a layer, or of all together; None for what the model does not know."""
    chosen = model.LAYERS if layer.startswith("all ") else [x for x in model.LAYERS if x.name == layer.replace("pad", "")]
    if not chosen or not types.startswith("bf16") or batch < 64:
        return None
    times = [(x, model.convolution(x, batch, direction, EXPECTED)) for x in chosen]
    inputs = lambda x: 8 if layer == "conv1pad" else x.inputs
    flop = sum(2 * 9 * inputs(x) * x.outputs * x.size ** 2 * batch for x, time in times if time)
    return flop / sum(time for _, time in times) / 1e12 if flop else None


def ceilings(found):
    """Copies, launches and plain products; beside them what the model takes for granted."""
    assumed = {"copy": model.COPY / 1e12, "launch, node of a CUDA graph": model.NODE * 1e6,
               "square 8192x8192x8192 bf16": model.PRODUCT / 1e12}
    plain = ("memory", "launch", "product")
    chosen = [r for r in rows(found, "ceiling") if r.get("direction") in plain or str(r.get("what")).startswith("all ")]
    if not chosen:
        return []
    lines = head("<what", "<direction", "<type", "batch", "microseconds", "rate", "<", "the model takes")
    for r in chosen:
        units = (("tflop_per_s", "TFLOP/s"), ("tb_per_s", "TB/s"), ("us", "us"))
        rate, unit = next(((r[key], unit) for key, unit in units if key in r), (None, ""))
        taken = assumed.get(r["what"], assumed.get(f"{r['what']} {r['dtype']}"))
        lines.append(line(r["what"], r["direction"], r["dtype"], r["batch"] or "", number(r.get("us")), number(rate), unit, number(taken)))
    return lines


def kernels(found):
    """Our kernels beside their bounds."""
    chosen = [r for r in rows(found, "kernels") if "us" in r]
    if not chosen:
        return []
    copied = found["kernels"].get("copy_tb_per_s")
    lines = [f"Copies moved {copied:.2f} TB/s in the same run." if copied else "", ""]
    lines += head("<kernel", "<shape", "microseconds", "spread, %", "GB/s", "TFLOP/s", "bound, microseconds", "bound : time",
                  "predicted, microseconds", "time : predicted")
    for r in chosen:
        expected = 1e6 * model.kernel(r.get("bytes", 0), r.get("flop", 0), EXPECTED)
        lines.append(line(r["kernel"], r["shape"], number(r["us"], 1), number(100 * r.get("spread", 0)), number(r.get("gb_per_s")),
                          number(r.get("tflop_per_s")), number(r.get("bound_us"), 1), ratio(r.get("bound_us"), r["us"]),
                          number(expected, 1), ratio(r["us"], expected)))
    return lines


def sanitizer(found):
    chosen = [r for r in rows(found, "sanitizer") if "tool" in r]
    if not chosen:
        return []
    said = lambda r: str(r["why"]).replace("|", "\\|")
    return head("<tool", "<result", "errors", "seconds", "<last word") + [
        line(r["tool"], r["state"], r["errors"], r["seconds"], said(r)) for r in chosen]


def marks(found):
    """Seconds and joules to marks of accuracy."""
    chosen = rows(found, "train")
    if not chosen:
        return []
    about = found["train"]
    lines = [f"Data: {about.get('data')}; {about.get('precision')}; epochs {about.get('epochs')}; joules: {about.get('joules')}.", ""]
    lines += head("<rule", "<mark", "epoch", "test accuracy, %", "s of training", "J of training", "s of the process", "J meanwhile")
    for r in chosen:
        if "error" in r:
            lines.append(line(r["rule"], "error: " + str(r["error"]).replace("|", "\\|"), "", "", "", "", "", ""))
        else:
            mark = "last epoch" if r["mark"] is None else f"{r['mark']} %"
            lines.append(line(r["rule"], mark, r["epoch"], number(r["test_accuracy"], 2), number(r["gpu_s"], 1), number(r["gpu_joules"]),
                              number(r["process_s"], 1), number(r["process_joules"])))
    return lines
