package io.github.kib4j.checkpoint;

import io.github.kib4j.tensor.DataType;
import io.github.kib4j.tensor.RefusedException;
import io.github.kib4j.tensor.Shape;
import java.util.List;

/**
 * What a network reads: samples, and how their numbers become its input, {@code (value - mean) / deviation} of their channel. A value
 * is a float as it is, or a byte divided by 255.
 *
 * @param shape of a sample, {@code C x H x W}
 * @param type of the samples' numbers: {@link DataType#U8} or {@link DataType#F32}
 * @param mean of each channel
 * @param deviation of each channel
 */
public record Input(Shape shape, DataType type, List<Double> mean, List<Double> deviation) {
    /**
     * Checks that they fit each other.
     *
     * @param shape of a sample, {@code C x H x W}
     * @param type of the samples' numbers
     * @param mean of each channel, finite
     * @param deviation of each channel, positive and finite
     */
    public Input {
        mean = List.copyOf(mean);
        deviation = List.copyOf(deviation);
        if (shape.rank() != 3) {
            throw new RefusedException("A sample is of channels, height and width, not " + shape + ".");
        }
        if (type != DataType.U8 && type != DataType.F32) {
            throw new RefusedException("Samples are bytes or floats, not " + type + ".");
        }
        if (mean.size() != shape.extent(0) || deviation.size() != mean.size()) {
            throw new RefusedException(
                    "Samples of " + shape + " need a mean and a deviation for each channel, but have " + mean.size()
                            + " and " + deviation.size() + ".");
        }
        if (!mean.stream().allMatch(Double::isFinite)
                || !deviation.stream().allMatch(d -> d > 0 && Double.isFinite(d))) {
            throw new RefusedException("Means must be finite, and deviations positive and finite, but are " + mean
                    + " and " + deviation + ".");
        }
    }
}
