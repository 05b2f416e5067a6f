package io.github.kib4j.djl;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.types.Shape;
import io.github.kib4j.dependence.Gradient;
import io.github.kib4j.dependence.Measure;
import io.github.kib4j.dependence.Observations;
import io.github.kib4j.dependence.Variable;
import io.github.kib4j.op.Device;
import io.github.kib4j.op.Kernel;
import io.github.kib4j.tensor.RefusedException;

/**
 * Dependence measures of DJL's arrays, and their gradients. An array {@code [n, ...]} holds {@code n} samples. Arrays of 32-bit floats
 * in the processor's memory are read where they lie, others are copied first; nothing of an array is kept.
 */
public final class ArrayDependence {
    private final Device device;
    private final Measure measure;
    private final Kernel kernelX;
    private final Kernel kernelY;

    /**
     * Says what is measured.
     *
     * @param device computes it
     * @param measure of dependence
     * @param kernelX compares samples of the one variable
     * @param kernelY compares samples of the other
     */
    public ArrayDependence(Device device, Measure measure, Kernel kernelX, Kernel kernelY) {
        this.device = device;
        this.measure = measure;
        this.kernelX = kernelX;
        this.kernelY = kernelY;
    }

    /**
     * {@return the measure}
     *
     * @param x {@code [n, ...]}
     * @param y {@code [n, ...]}
     * @throws IllegalArgumentException if an array has no samples, samples are not paired, or numbers are not finite
     */
    public double of(NDArray x, NDArray y) {
        return measure.of(device, variable(x, kernelX), variable(y, kernelY));
    }

    /**
     * {@return the gradient of the measure with respect to {@code x}, like {@code x}, of 32-bit floats, owned by its manager} A loss of
     * DJL's has it by the chain rule: {@code (x * gradient).sum()}, with the gradient as a constant, has the measure's gradient.
     *
     * @param x {@code [n, ...]}
     * @param y {@code [n, ...]}
     * @throws IllegalArgumentException as {@link #of} does, or where the kernel of {@code x} has no derivative
     */
    public NDArray gradient(NDArray x, NDArray y) {
        Gradient gradient = measure.gradient(device, variable(x, kernelX), variable(y, kernelY));
        float[] flat = new float[Math.toIntExact(x.size())];
        int at = 0;
        for (double[] row : gradient.dx()) {
            for (double number : row) {
                flat[at++] = (float) number;
            }
        }
        return x.getManager().create(flat, x.getShape());
    }

    private static Variable variable(NDArray array, Kernel kernel) {
        return Variable.of(observations(array), kernel);
    }

    /** Returns an array's samples, which must not be read after the array is closed. */
    static Observations observations(NDArray array) {
        Shape shape = array.getShape();
        if (shape.dimension() == 0 || shape.size() == 0) {
            throw new RefusedException("An array of samples is n x D, but this one is of the shape " + shape + ".");
        }
        int count = Math.toIntExact(shape.get(0));
        int width = Math.toIntExact(shape.size() / count);
        return Observations.of(Floats.of(array), count, width);
    }
}
