package io.github.kib4j.experiment.report;

import io.github.kib4j.files.Safetensors;
import io.github.kib4j.tensor.Shape;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.function.IntToDoubleFunction;
import org.jspecify.annotations.Nullable;

/**
 * The weights of a first layer, each unit's as a small image: grey, or the middle of its colour, is 0, and the largest weight of a
 * unit is at the end of the scale.
 *
 * @param shown how many units
 * @param units all of them
 * @param side height of a unit's image in pixels
 * @param picture the images in rows, a pixel apart
 */
record Filters(int shown, int units, int side, Picture picture) {
    /** The first layer's weights in a checkpoint. */
    static final String NAME = "hidden_layers.0.layer.weight";

    private static final int MOST_CONVOLUTIONS = 128;
    private static final int MOST_ROWS = 64;
    private static final int MIDDLE = 128;
    private static final int REACH = 127;

    /**
     * {@return the images; null where the weights are not of images}
     *
     * @param weights {@code [N, C, 3, 3]} of convolutions, or {@code [N, C H W]}
     * @param image {@code C x H x W}; null where that is not known, which convolutions do not mind
     */
    static @Nullable Filters of(Safetensors.Array weights, @Nullable Shape image) {
        Shape shape = weights.shape();
        if (shape.rank() == 4) {
            return of(weights, Shape.of(shape.extent(1), shape.extent(2), shape.extent(3)), MOST_CONVOLUTIONS, 16);
        }
        if (shape.rank() == 2 && image != null && image.size() == shape.extent(1) && image.extent(1) > 1) {
            return of(weights, image, MOST_ROWS, 8);
        }
        return null;
    }

    private static Filters of(Safetensors.Array weights, Shape image, int most, int columns) {
        int units = weights.shape().extent(0);
        int shown = Math.min(units, most);
        int height = image.extent(1);
        int width = image.extent(2);
        int across = Math.min(columns, shown);
        int down = (shown + across - 1) / across;
        Picture picture = Picture.empty(across * (width + 1) - 1, down * (height + 1) - 1);
        IntToDoubleFunction numbers = numbers(weights);
        int size = Math.toIntExact(image.size());
        int second = image.extent(0) < 3 ? 0 : height * width;
        for (int unit = 0; unit < shown; unit++) {
            int first = unit * size;
            double largest = 0;
            for (int i = 0; i < size; i++) {
                largest = Math.max(largest, Math.abs(numbers.applyAsDouble(first + i)));
            }
            for (int i = 0; i < height * width; i++) {
                picture.set(
                        unit % across * (width + 1) + i % width,
                        unit / across * (height + 1) + i / width,
                        Picture.colour(
                                level(numbers.applyAsDouble(first + i), largest),
                                level(numbers.applyAsDouble(first + second + i), largest),
                                level(numbers.applyAsDouble(first + 2 * second + i), largest)));
            }
        }
        return new Filters(shown, units, height, picture);
    }

    /** Returns the numbers of single precision, or of double, as the reference saves them; zeros of any other type. */
    private static IntToDoubleFunction numbers(Safetensors.Array weights) {
        ByteBuffer data = weights.data().duplicate().order(ByteOrder.LITTLE_ENDIAN);
        return switch (weights.type()) {
            case F32 -> i -> data.getFloat(4 * i);
            case F64 -> i -> data.getDouble(8 * i);
            default -> i -> 0;
        };
    }

    private static int level(double weight, double largest) {
        return largest > 0 ? (int) Math.round(MIDDLE + REACH * weight / largest) : MIDDLE;
    }
}
