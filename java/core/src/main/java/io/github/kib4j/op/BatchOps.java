package io.github.kib4j.op;

import io.github.kib4j.tensor.RefusedException;
import io.github.kib4j.tensor.Tensor;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The input pipeline: a batch out of the data set's numbers, which live on the device.
 *
 * @param <R> what planning gives: an {@link Operation}, or a backend's {@link Work}
 */
public interface BatchOps<R> {
    /** Which images are mirrored left to right. The kernels know a constant by its number. */
    enum Mirror {
        /** None. */
        NEVER,
        /** One of two, at random. */
        RANDOM,
        /** All. */
        ALWAYS
    }

    /**
     * What is done to an image: shifted by a random {@code dy, dx} in {@code [-padding, padding]} with zeros coming in,
     * mirrored left to right as {@code mirror} says, and normalized per channel to {@code (value - mean) / deviation}, the value being
     * {@code byte / 255} or a float as it is.
     */
    record Spec(int padding, Mirror mirror, List<Double> mean, List<Double> deviation, long seed) {
        /**
         * Checks the numbers; how many channels there are is the batch's to say.
         *
         * @param padding how far an image is shifted at most
         * @param mirror which images are mirrored
         * @param mean per channel, of bytes as parts of 255 or of floats as they are
         * @param deviation per channel
         * @param seed key of the shifts and mirrors
         */
        public Spec {
            mean = List.copyOf(mean);
            deviation = List.copyOf(deviation);
            if (padding < 0) {
                throw new RefusedException("Padding must be at least 0 pixels, but is " + padding + ".");
            }
            if (!mean.stream().allMatch(Double::isFinite)) {
                throw new RefusedException("Means of channels must be finite, but are " + mean + ".");
            }
            if (!deviation.stream().allMatch(d -> d > 0 && Double.isFinite(d))) {
                throw new RefusedException(
                        "Deviations of channels, which pixels are divided by, must be positive and finite, but are "
                                + deviation + ".");
            }
        }
    }

    /**
     * Plans one batch: sample {@code j} is entry {@code e = order[position + j]}, the position being the clock's: image
     * {@code i = e mod count} in its view {@code v = e / count}, each moved by random numbers of its own. Numbers
     * outside the image count as 0, as torchvision pads before it normalizes. With {@code spec.padding > 0}, or where
     * images are mirrored at random, words of {@code Philox(seed; i, epoch, v, AUGMENTATION)} decide: word 0
     * {@code dy = below(w, 2 padding + 1) - padding}, word 1 likewise {@code dx}, word 2 the mirror (lowest bit 1); pixel
     * {@code (y, x)} of the output reads {@code (y + dy, x' + dx)} with {@code x' = W-1-x} where mirrored, else {@code x}.
     *
     * @param x {@code [B, C, H, W]}, T
     * @param labels {@code [B]}, I32
     * @param images {@code [count, C, H, W]}, U8 or F32; features are images of one pixel
     * @param allLabels {@code [count]}, I32
     * @param order {@code [at least position + B]}, I32; null for the data set's own order
     * @param spec what is done to an image
     * @param clock gives epoch and position
     * @return the planned operation
     */
    R images(Tensor x, Tensor labels, Tensor images, Tensor allLabels, @Nullable Tensor order, Spec spec, Clock clock);

    /**
     * Plans the batch's rows of a table: row {@code j} of {@code out} is the first {@code m} numbers of row
     * {@code order[position + j] mod count} of {@code all}, the position being the clock's.
     *
     * @param out {@code [B, m]}, F32
     * @param all {@code [count, at least m]}, F32
     * @param order {@code [at least position + B]}, I32; null for the table's own order
     * @param clock gives the position
     * @return the planned operation
     */
    R rows(Tensor out, Tensor all, @Nullable Tensor order, Clock clock);

    /**
     * Plans mixup of a batch's images (docs/mathematics.md, section 7.6), in place: {@code x_j = l x_j + (1 - l) x_{B-1-j}} of what both
     * were. The one in the middle of an odd batch stays. {@code l} is that of the clock's step in the epoch, the last of the table's
     * for all later ones.
     *
     * @param x {@code [B, ...]}, T
     * @param parts {@code [at least 1]}, F64: {@code l} of an epoch's steps, from 0 to 1
     * @param clock gives the step in the epoch
     * @return the planned operation
     */
    R mix(Tensor x, Tensor parts, Clock clock);

    /**
     * Plans the shares of classes of images that were {@linkplain #mix mixed}: {@code l onehot_j + (1 - l) onehot_{B-1-j}}.
     *
     * @param shares {@code [B, M]}, F32
     * @param labels {@code [B]}, I32
     * @param parts {@code [at least 1]}, F64: {@code l} of an epoch's steps, from 0 to 1
     * @param clock gives the step in the epoch
     * @return the planned operation
     */
    R mixLabels(Tensor shares, Tensor labels, Tensor parts, Clock clock);
}
