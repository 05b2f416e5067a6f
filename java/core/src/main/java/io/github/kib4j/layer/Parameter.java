package io.github.kib4j.layer;

import io.github.kib4j.tensor.Shape;
import io.github.kib4j.tensor.Tensor;

/**
 * A learned array and its gradient.
 *
 * @param name its name in checkpoints, for example {@code hidden_layers.0.layer.weight}
 * @param stored its shape in checkpoints: that of the value, but for a linear layer {@code N x D}
 * @param value F32
 * @param gradient F32, like the value
 */
public record Parameter(String name, Shape stored, Tensor value, Tensor gradient) {}
