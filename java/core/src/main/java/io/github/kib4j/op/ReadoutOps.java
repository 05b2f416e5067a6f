package io.github.kib4j.op;

import io.github.kib4j.tensor.RefusedException;
import io.github.kib4j.tensor.Shape;
import io.github.kib4j.tensor.Tensor;
import org.jspecify.annotations.Nullable;

/**
 * What a readout makes of activity: fewer features of an image, and the loss.
 *
 * @param <R> what planning gives: an {@link Operation}, or a backend's {@link Work}
 */
public interface ReadoutOps<R> {
    /**
     * {@return the shape of what {@link #averagePool} is to leave of an activity: of an image that of its windows, as square as
     * {@code features / C} allows (docs/mathematics.md, section 7.3); of units all}
     *
     * @param reader of the features, for the sentence that refuses fewer than channels
     * @param activity of a sample
     * @param features the most that are read of an image
     */
    static Shape pooled(String reader, Shape activity, int features) {
        if (activity.rank() != 3) {
            return activity;
        }
        int windows = features / activity.extent(0);
        if (windows == 0) {
            throw new RefusedException(reader + " of " + features + " features cannot read " + activity.extent(0)
                    + " channels; give it at least one feature for each.");
        }
        int width = (int) Math.sqrt(windows);
        return Shape.of(
                activity.extent(0), Math.min(windows / width, activity.extent(1)), Math.min(width, activity.extent(2)));
    }

    /**
     * Plans softmax cross-entropy, mean over the batch, with the shares {@code q = (1 - smoothing) p + smoothing / M}, where {@code p}
     * is one-hot of labels, or given: {@code loss = mean_b (log sum_m exp(y[b,m]) - sum_m q[b,m] y[b,m])} and
     * {@code dy = (softmax(y) - q) / B} (docs/mathematics.md, section 7.5). The meter's slot gets {@code B loss}, its slot of correct
     * answers the number of samples whose largest logit is where {@code p} is largest (the first of equal ones). Where classes have
     * weights {@code w}, {@code q[b,m]} is multiplied by {@code w[m] B / W}, {@code W} being the sum of the labels' weights, or {@code B}
     * of shares: with {@code Q = sum_m q[b,m]} the loss is {@code mean_b (Q log sum_m exp(y[b,m]) - sum_m q[b,m] y[b,m])} and
     * {@code dy = (Q softmax(y) - q) / B}. As PyTorch's, but that a class without a share adds nothing, also where its logit is infinite.
     *
     * @param dy {@code [B, M]}, T; null if only the meter is wanted
     * @param y logits {@code [B, M]}, F32
     * @param wanted labels {@code [B]}, I32, or shares of classes {@code [B, M]}, F32, of which those of a sample add up to 1
     * @param smoothing from 0 to below 1
     * @param weights of classes {@code [M]}, F32, positive; null for none
     * @param meter adds up loss and correct answers; null to add up nothing
     * @return the planned operation
     */
    R crossEntropy(
            @Nullable Tensor dy,
            Tensor y,
            Tensor wanted,
            double smoothing,
            @Nullable Tensor weights,
            @Nullable Meter meter);

    /**
     * Plans softmax cross-entropy without smoothing and weights.
     *
     * @param dy {@code [B, M]}, T; null if only the meter is wanted
     * @param y logits {@code [B, M]}, F32
     * @param wanted labels, or shares of classes
     * @param meter adds up loss and correct answers; null to add up nothing
     * @return the planned operation
     */
    default R crossEntropy(@Nullable Tensor dy, Tensor y, Tensor wanted, @Nullable Meter meter) {
        return crossEntropy(dy, y, wanted, 0, null, meter);
    }

    /**
     * Plans {@code y = y + x}, elementwise: logits of several matrices, and gradients that come by several ways.
     *
     * @param y F32 or T
     * @param x like {@code y}
     * @return the planned operation
     */
    R add(Tensor y, Tensor x);

    /**
     * Plans adaptive average pooling (docs/mathematics.md, section 7.3): position {@code (i, j)} of {@code H' x W'} is the mean over
     * rows {@code floor(i H / H')} up to {@code ceil((i+1) H / H')}, without that one, and columns alike. Windows overlap where
     * {@code H'} does not divide {@code H}.
     *
     * @param y {@code [B, C, H', W']}, T; at most as high and as wide as {@code x}
     * @param x {@code [B, C, H, W]}, T
     * @return the planned operation
     */
    R averagePool(Tensor y, Tensor x);

    /**
     * Plans the gradient of {@link #averagePool}: each position gets its part of all windows that it is in.
     *
     * @param dx like {@code x}, T
     * @param dy like {@code y}, T
     * @return the planned operation
     */
    R averagePoolGradient(Tensor dx, Tensor dy);
}
