package io.github.kib4j.bench.djl;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import ai.djl.nn.Activation;
import ai.djl.nn.convolutional.Conv2d;
import ai.djl.nn.core.Linear;
import ai.djl.nn.norm.BatchNorm;
import ai.djl.nn.pooling.Pool;
import io.github.kib4j.layer.LayerSpec;
import io.github.kib4j.op.BatchNormOps;
import io.github.kib4j.op.Dropout;
import io.github.kib4j.op.Grouping;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** A hidden layer in DJL's functions (docs/mathematics.md, section 2). */
record DjlLayer(LayerSpec spec, NDArray weight, @Nullable BatchNormalization batchNorm) {
    /** Batch norm's learned and running numbers, each {@code [C]}. */
    record BatchNormalization(NDArray scale, NDArray shift, NDArray runningMean, NDArray runningVariance) {
        NDArray of(NDArray a) {
            return BatchNorm.batchNorm(
                            a,
                            runningMean,
                            runningVariance,
                            scale,
                            shift,
                            1,
                            (float) BatchNormOps.MOMENTUM,
                            (float) BatchNormOps.EPSILON,
                            true)
                    .singletonOrThrow();
        }
    }

    /** Returns what is learned, in kib4j's order. */
    List<NDArray> parameters() {
        return batchNorm == null ? List.of(weight) : List.of(weight, batchNorm.scale(), batchNorm.shift());
    }

    /** Returns the activities {@code z} after pooling. */
    NDArray activities(NDArray x) {
        NDArray a;
        if (spec.isConvolution()) {
            long padding = (spec.kernelSize() - 1) / 2;
            a = Conv2d.conv2d(x, weight, null, new Shape(1, 1), new Shape(padding, padding))
                    .singletonOrThrow();
        } else {
            a = Linear.linear(x.reshape(x.getShape().get(0), -1), weight).singletonOrThrow();
        }
        if (batchNorm != null) {
            a = batchNorm.of(a);
        }
        NDArray z = switch (spec.activation()) {
            case IDENTITY -> a;
            case RELU -> Activation.relu(a);
            case LEAKY_RELU -> Activation.leakyRelu(a, 0.01f);
            case SELU -> Activation.selu(a);
        };
        Shape two = new Shape(2, 2);
        return switch (spec.pooling()) {
            case NONE -> z;
            case MAX -> Pool.maxPool2d(z, two, two, new Shape(0, 0), false);
            case AVERAGE -> Pool.avgPool2d(z, two, two, new Shape(0, 0), false, true);
        };
    }

    /** Group statistics of activities: {@code z - zbar [B, G, n]} and {@code s [B, G, 1]}. */
    record Groups(NDArray centred, NDArray scale) {
        static Groups of(NDArray z, Grouping grouping) {
            NDArray grouped = z.reshape(z.getShape().get(0), grouping.groups(), -1);
            NDArray centred = grouped.sub(grouped.mean(new int[] {2}, true));
            long n = centred.getShape().get(2);
            NDArray scale = centred.square()
                    .sum(new int[] {2}, true)
                    .add((float) grouping.delta())
                    .div(n);
            return new Groups(centred, scale);
        }

        NDArray code(Grouping grouping) {
            return scale.pow((float) grouping.power()).squeeze(2);
        }
    }

    /** Returns what the next layer reads of activities that no gradient needs any more. */
    NDArray sent(NDArray z, Groups groups) {
        Grouping grouping = spec.grouping();
        if (grouping == null || grouping.divisivePower() == 0) {
            return dropped(z.stopGradient());
        }
        NDArray normalized = groups.centred()
                .stopGradient()
                .div(groups.scale().stopGradient().pow((float) grouping.divisivePower()));
        return dropped(normalized.reshape(z.getShape()));
    }

    /** Dropout; alpha dropout, which DJL has not, by its definition. */
    NDArray dropped(NDArray r) {
        Dropout dropout = spec.dropout();
        if (dropout.isNone()) {
            return r;
        }
        if (!dropout.alpha()) {
            return ai.djl.nn.norm.Dropout.dropout(r, (float) dropout.rate(), true)
                    .singletonOrThrow();
        }
        NDArray kept = r.getManager()
                .randomUniform(0, 1, r.getShape())
                .gte((float) dropout.rate())
                .toType(DataType.FLOAT32, false);
        return r.mul((float) dropout.keptScale())
                .add((float) (dropout.keptShift() - dropout.droppedValue()))
                .mul(kept)
                .add((float) dropout.droppedValue());
    }
}
