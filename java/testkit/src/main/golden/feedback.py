"""Golden trainings of feedback alignment and sign symmetry, of which the authors recorded none: their backprop's, computed
again in double by formulas of its own, with other weights on the way back.

    python3 feedback.py FOLDER

reads train_backprop_divnorm.json and train_phsic_adamw_bn.json (for its network) in FOLDER, repeats the first to 1e-12, and
writes train_feedback_alignment_divnorm.json, train_sign_symmetry_divnorm.json and train_sign_symmetry_adamw_bn.json there.
Needs numpy.
"""
import copy
import json
import pathlib
import sys

import numpy as np

LAMBDA, ALPHA = 1.0507009873554804934193349852946, 1.6732632423543772848170429916717


def windows(x):
    """The 3x3 neighbourhoods of images [B, C, H, W] with padding 1, [B, H, W, C * 9]."""
    padded = np.pad(x, ((0, 0), (0, 0), (1, 1), (1, 1)))
    parts = np.lib.stride_tricks.sliding_window_view(padded, (3, 3), axis=(2, 3))
    return parts.transpose(0, 2, 3, 1, 4, 5).reshape(x.shape[0], x.shape[2], x.shape[3], -1)


class Layer:
    """A hidden layer: product, batch norm, activation, 2x2 max-pooling after convolutions, divisive normalization."""

    def __init__(self, config, index, training):
        self.training, self.index, self.config = training, index, config
        self.name = f"hidden_layers.{index}."
        self.convolves = index < len(config["conv_channels"])

    def weight(self, name="layer.weight"):
        return self.training.weights[self.name + name]

    def product(self, x):
        if not self.convolves:
            return x.reshape(len(x), -1) @ self.weight().T
        w = self.weight()
        return (windows(x) @ w.reshape(len(w), -1).T).transpose(0, 3, 1, 2)

    def channels(self, v):
        return v.reshape((1, -1) + (1,) * (self.a.ndim - 2))

    def normalize(self, a, evaluate):
        if not self.config["batch_norm"]:
            return a
        axes = (0,) + tuple(range(2, a.ndim))
        running = self.training.buffers
        mean_name, variance_name = self.name + "batch_norm.running_mean", self.name + "batch_norm.running_var"
        if evaluate:
            mean, variance = running[mean_name], running[variance_name]
        else:
            mean, variance = a.mean(axes), a.var(axes)
            self.count = a.size // len(mean)
            running[mean_name] = 0.9 * running[mean_name] + 0.1 * mean
            running[variance_name] = 0.9 * running[variance_name] + 0.1 * variance * self.count / (self.count - 1)
        self.deviation = np.sqrt(variance + 1e-5)
        self.hat = (a - self.channels(mean)) / self.channels(self.deviation)
        return self.hat * self.channels(self.weight("batch_norm.weight")) + self.channels(self.weight("batch_norm.bias"))

    def forward(self, x, evaluate=False):
        self.x = x
        self.a = self.product(x)
        self.b = self.normalize(self.a, evaluate)
        selu = LAMBDA * np.where(self.b > 0, self.b, ALPHA * np.expm1(np.minimum(self.b, 0)))
        z = selu if self.config["nonlinearity"] == "selu" else np.where(self.b > 0, self.b, 0.01 * self.b)
        if self.convolves:
            batch, channels, height, width = z.shape
            cells = z.reshape(batch, channels, height // 2, 2, width // 2, 2).transpose(0, 1, 2, 4, 3, 5)
            self.cells = cells.reshape(batch, channels, height // 2, width // 2, 4)
            z = self.cells.max(-1)
        self.z = z
        divisive = self.config["divnorm"]
        if divisive is None:
            return z
        groups = z.reshape(len(z), divisive["dim"], -1)
        self.centred = groups - groups.mean(-1, keepdims=True)
        self.n = groups.shape[-1]
        self.s = (divisive["delta"] + (self.centred**2).sum(-1, keepdims=True)) / self.n
        return (self.centred / self.s ** divisive["power"]).reshape(z.shape)

    def backward(self, dr, gradients, back):
        divisive = self.config["divnorm"]
        if divisive is None:
            dz = dr.reshape(self.z.shape)
        else:
            q, e = divisive["power"], dr.reshape(self.centred.shape)
            through = (e * self.centred).sum(-1, keepdims=True)
            dc = e / self.s**q - (2 * q / self.n) * self.s ** (-q - 1) * through * self.centred
            dz = (dc - dc.mean(-1, keepdims=True)).reshape(self.z.shape)
        if self.convolves:
            chosen = np.arange(4) == self.cells.argmax(-1)[..., None]
            cells = (chosen * dz[..., None]).reshape(self.z.shape + (2, 2))
            dz = cells.transpose(0, 1, 2, 4, 3, 5).reshape(self.b.shape)
        negative = 0.01 if self.config["nonlinearity"] == "lrelu" else LAMBDA * ALPHA * np.exp(np.minimum(self.b, 0))
        db = dz * np.where(self.b > 0, LAMBDA if self.config["nonlinearity"] == "selu" else 1, negative)
        da = self.through_batch_norm(db, gradients)
        w = self.weight()
        if not self.convolves:
            gradients[self.name + "layer.weight"] = da.T @ self.x.reshape(len(self.x), -1)
            return None if back is None else (da @ back).reshape(self.x.shape)
        rows = da.transpose(0, 2, 3, 1)
        dw = np.einsum("bhwn,bhwd->nd", rows, windows(self.x))
        gradients[self.name + "layer.weight"] = dw.reshape(w.shape)
        if back is None:
            return None
        flipped = back[:, :, ::-1, ::-1].transpose(1, 0, 2, 3)
        return (windows(da) @ flipped.reshape(len(flipped), -1).T).transpose(0, 3, 1, 2)

    def through_batch_norm(self, db, gradients):
        if not self.config["batch_norm"]:
            return db
        axes = (0,) + tuple(range(2, db.ndim))
        shift, scale = db.sum(axes), (db * self.hat).sum(axes)
        gradients[self.name + "batch_norm.weight"], gradients[self.name + "batch_norm.bias"] = scale, shift
        inner = db - self.channels(shift / self.count) - self.hat * self.channels(scale / self.count)
        return inner * self.channels(self.weight("batch_norm.weight") / self.deviation)


class Training:
    """A golden training's steps."""

    def __init__(self, golden, config):
        self.golden, self.config = golden, config
        shapes = golden["param_shapes"]
        self.weights = {n: np.array(golden["initial"][n]).reshape(shapes[n]) for n in shapes}
        self.buffers = {n: np.array(v["data"] if isinstance(v, dict) else v)
                        for n, v in golden.get("bn_buffers_initial", {}).items()}
        count = len(config["conv_channels"]) + len(config["fc"])
        self.layers = [Layer(config, i, self) for i in range(count)]
        self.state, self.t = {}, 0
        rng = np.random.default_rng(20)
        self.fixed = {n: np.round(rng.uniform(-1, 1, w.shape) / np.sqrt(w[0].size), 4)
                      for n, w in self.weights.items() if n.endswith("layer.weight") and not n.startswith("hidden_layers.0.")}

    def back(self, name):
        w = self.weights[name]
        rule = self.config["rule"]
        return w if rule == "backprop" else np.sign(w) if rule == "sign_symmetry" else self.fixed[name]

    def forward(self, x, evaluate=False):
        for layer in self.layers:
            x = layer.forward(x, evaluate)
        self.last = x.reshape(len(x), -1)
        return self.last @ self.weights["softmax_layer.weight"].T + self.weights["softmax_layer.bias"]

    def step(self, x, labels):
        logits = self.forward(x)
        shifted = logits - logits.max(1, keepdims=True)
        log_sums = np.log(np.exp(shifted).sum(1, keepdims=True))
        loss = (log_sums[:, 0] - shifted[np.arange(len(x)), labels]).mean()
        dy = np.exp(shifted - log_sums)
        dy[np.arange(len(x)), labels] -= 1
        dy /= len(x)
        gradients = {"softmax_layer.weight": dy.T @ self.last, "softmax_layer.bias": dy.sum(0)}
        error = dy @ self.back("softmax_layer.weight")
        for layer in reversed(self.layers):
            back = self.back(layer.name + "layer.weight") if layer.index > 0 else None
            error = layer.backward(error, gradients, back)
        self.t += 1
        rate = self.config["lr_final"] * (1 if self.t <= 3 else 0.25)
        for name, g in gradients.items():
            self.update(name, np.sign(g) if self.config.get("gradient_sign") else g, rate)
        return logits, loss, gradients

    def update(self, name, g, rate):
        w, decay = self.weights[name], self.config["weight_decay_final"]
        if self.config["optimizer"] == "SGD":
            g = g + decay * w
            momentum = g if name not in self.state else self.config["momentum"] * self.state[name] + g
            self.state[name] = momentum
            self.weights[name] = w - rate * momentum
            return
        m, v = self.state.get(name, (0, 0))
        m, v = 0.9 * m + 0.1 * g, 0.999 * v + 0.001 * g**2
        self.state[name] = m, v
        step = m / (1 - 0.9**self.t) / (np.sqrt(v) / np.sqrt(1 - 0.999**self.t) + 1e-8)
        self.weights[name] = w * (1 - rate * decay) - rate * step

    def record(self):
        names = [n for n in self.golden["initial"]]
        flat = lambda arrays: {n: np.asarray(arrays[n]).ravel().tolist() for n in arrays}
        initial = {n: self.weights[n] for n in names}
        if self.config["rule"] == "feedback_alignment":
            initial.update({n + "_backward": w for n, w in self.fixed.items()})
        result = {"meta": {"dtype": "float64", "source": "feedback.py"}, "config": self.config, "initial": flat(initial),
                  "bn_buffers_initial": flat(self.buffers), "steps": []}
        for given in self.golden["steps"]:
            x = np.array(given["x"]).reshape([len(given["labels"])] + self.config["input_chw"])
            logits, loss, gradients = self.step(x, np.array(given["labels"]))
            step = {"step": given["step"], "x": given["x"], "labels": given["labels"], "logits": logits.ravel().tolist(),
                    "final_loss": float(loss), "local_losses": None, "weights": flat(self.weights)}
            if self.buffers:
                step["bn_buffers"] = flat(self.buffers)
            if given["step"] == 1 and not self.config.get("gradient_sign"):
                step["grads"] = flat(gradients)
            result["steps"].append(step)
        last = self.forward(x, evaluate=True)
        result["eval_logits_last_batch"] = {"shape": list(last.shape), "data": last.ravel().tolist()}
        return result


def config_of(golden, rule, signs):
    config = copy.deepcopy(golden["config"])
    config.update(rule=rule, gradient_sign=signs)
    return config


def main():
    folder = pathlib.Path(sys.argv[1])
    read = lambda name: json.loads((folder / f"{name}.json").read_text())
    theirs = read("train_backprop_divnorm")
    ours = Training(theirs, theirs["config"]).record()
    worst = max(np.abs(np.array(a["weights"][n]) - np.array(b["weights"][n])).max()
                for a, b in zip(ours["steps"], theirs["steps"]) for n in theirs["initial"])
    assert worst < 1e-12, f"backprop differs from the authors' by {worst}"
    print(f"backprop differs from the authors' by at most {worst:.1e}")
    with_norm = read("train_phsic_adamw_bn")
    for name, golden, rule, signs in [
        ("train_feedback_alignment_divnorm", theirs, "feedback_alignment", False),
        ("train_sign_symmetry_divnorm", theirs, "sign_symmetry", True),
        ("train_sign_symmetry_adamw_bn", with_norm, "sign_symmetry", False),
    ]:
        text = json.dumps(Training(golden, config_of(golden, rule, signs)).record())
        (folder / f"{name}.json").write_text(text + "\n")


main()
