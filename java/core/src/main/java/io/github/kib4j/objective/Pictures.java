package io.github.kib4j.objective;

import io.github.kib4j.op.Device;
import io.github.kib4j.op.Kernel;
import io.github.kib4j.op.Signature;
import io.github.kib4j.tensor.RefusedException;
import io.github.kib4j.tensor.Scope;
import io.github.kib4j.tensor.Shape;
import java.util.function.IntToDoubleFunction;

/**
 * An image's target is the image itself, made smaller: means of windows of numbers: of bytes between 0 and 1, of floats
 * normalized ones.
 *
 * @param image {@code C x H x W}
 * @param window rows and columns of one
 * @param kernel compares targets
 * @param centred whether each target is centred over its entries
 */
record Pictures(Shape image, int window, Kernel kernel, boolean centred) implements TeachingSignal {
    Pictures {
        if (image.rank() != 3) {
            throw new RefusedException("Images have channels, rows and columns, but are " + image + ".");
        }
        if (window < 1) {
            throw new RefusedException("A window has at least 1 row, but is to have " + window + ".");
        }
    }

    private int rows() {
        return (image.extent(1) + window - 1) / window;
    }

    private int columns() {
        return (image.extent(2) + window - 1) / window;
    }

    @Override
    public int outputs() {
        return image.extent(0) * rows() * columns();
    }

    @Override
    public Signature signature() {
        return Signature.of("pictures")
                .with("image", image)
                .with("window", window)
                .with("kernel", kernel.signature())
                .with("centred", centred);
    }

    @Override
    public Resident reside(Device device, Scope scope, TrainingSet set) {
        if (!set.image().equals(image)) {
            throw new RefusedException(
                    "Targets are to be made of images of " + image + ", but these are " + set.image() + ".");
        }
        return new ResidentTargets(
                device,
                scope,
                set,
                outputs(),
                () -> {
                    IntToDoubleFunction values = set.values().get();
                    return i -> smaller(values, i);
                },
                kernel,
                centred);
    }

    private double[] smaller(IntToDoubleFunction values, int index) {
        int height = image.extent(1);
        int width = image.extent(2);
        double[] sums = new double[outputs()];
        for (int c = 0; c < image.extent(0); c++) {
            for (int h = 0; h < height; h++) {
                for (int w = 0; w < width; w++) {
                    int top = h / window * window;
                    int left = w / window * window;
                    int area = Math.min(window, height - top) * Math.min(window, width - left);
                    double value = values.applyAsDouble(((index * image.extent(0) + c) * height + h) * width + w);
                    sums[(c * rows() + h / window) * columns() + w / window] += value / area;
                }
            }
        }
        return sums;
    }
}
