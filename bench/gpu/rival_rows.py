"""Which steps rival.py times, in the order of their worth."""
import json


def rows_of(options, cuda):
    """Rows of network, rule, precision, mode and batch; without a GPU the plain step stands for every mode."""
    rows = []

    def add(net, rule, precision, mode, *batches):
        for batch in batches:
            rows.append({"net": net, "rule": rule, "precision": precision, "mode": mode, "batch": batch})

    small, large = options.batches
    add("vgg", "phsic", "bf16", "graph", small, large)
    add("vgg", "backprop", "bf16", "graph", small, large)
    add("vgg", "phsic", "bf16", "compile-graph", small, large)
    add("vgg", "backprop", "bf16", "compile-graph", small, large)
    add("mlp", "phsic", "f32", "graph", 2 * small)
    add("mlp", "backprop", "f32", "graph", 2 * small)
    add("vgg", "phsic", "tf32", "graph", small, large)
    add("vgg", "backprop", "tf32", "graph", small)
    add("vgg", "phsic", "bf16", "eager", small)
    add("vgg", "backprop", "bf16", "eager", small)
    add("vgg", "phsic", "bf16", "layer-graph", large)
    add("mlp", "phsic", "bf16", "graph", 2 * small)
    add("mlp", "backprop", "bf16", "graph", 2 * small)
    add("mlp", "phsic", "f32", "eager", 2 * small)
    add("vgg", "phsic", "f32", "graph", small)
    add("vgg", "backprop", "f32", "graph", small)
    if options.all:
        add("vgg", "phsic", "bf16", "layer", small)
        add("vgg", "backprop", "tf32", "graph", large)
        add("vgg", "phsic", "f32", "graph", large)
        add("vgg", "phsic", "bf16", "graph", 2 * large, 4 * large)
        add("vgg", "backprop", "bf16", "graph", 2 * large)
        add("vgg", "phsic", "bf16", "compile-graph", 4 * large)
        add("mlp", "phsic", "tf32", "graph", 2 * small, 2 * large)
        add("mlp", "phsic", "f32", "compile-graph", 2 * small)
        add("mlp", "backprop", "f32", "compile-graph", 2 * small)
        add("mlp", "phsic", "bf16", "graph", 4 * large)
    if cuda:
        return rows
    for row in rows:
        row["mode"] = "layer" if row["mode"].startswith("layer") else "eager"
    return list({json.dumps(row): row for row in rows}.values())
