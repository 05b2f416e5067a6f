package io.github.kib4j.objective;

import io.github.kib4j.op.Device;
import io.github.kib4j.op.Estimator;
import io.github.kib4j.op.Kernel;
import io.github.kib4j.tensor.DataType;
import io.github.kib4j.tensor.Scope;
import io.github.kib4j.tensor.Shape;
import io.github.kib4j.tensor.Tensor;

/**
 * How dependent two variables are, from samples: HSIC in five lines for other tools.
 *
 * <pre>{@code
 * try (Device device = Devices.open("auto", 0).device()) {
 *     double hsic = Dependence.of(device, x, Kernel.gaussian(5), y, Kernel.COSINE, Estimator.HSIC);
 * }
 * }</pre>
 */
public final class Dependence {
    private Dependence() {}

    /**
     * {@return HSIC or pHSIC of paired samples}
     *
     * @param device the device that computes
     * @param x {@code B} samples of one variable, each of the same length
     * @param kernelX compares samples of {@code x}
     * @param y {@code B} samples of the other
     * @param kernelY compares samples of {@code y}
     * @param estimator HSIC or pHSIC
     * @throws IllegalArgumentException if there are no samples, not as many of both, or rows of different lengths
     */
    public static double of(
            Device device, float[][] x, Kernel kernelX, float[][] y, Kernel kernelY, Estimator estimator) {
        if (x.length != y.length) {
            throw new IllegalArgumentException(
                    "Dependence needs paired samples, but got " + x.length + " of x and " + y.length + " of y.");
        }
        try (Scope scope = device.newScope()) {
            Tensor kx = gram(device, scope, x, kernelX, "x");
            Tensor ky = gram(device, scope, y, kernelY, "y");
            Tensor value = scope.allocate(DataType.F64, Shape.of(1));
            device.gram().dependence(value, kx, ky, estimator).run();
            return value.readDoubles()[0];
        }
    }

    private static Tensor gram(Device device, Scope scope, float[][] rows, Kernel kernel, String name) {
        if (rows.length == 0 || rows[0].length == 0) {
            throw new IllegalArgumentException(
                    "Dependence needs at least one sample with at least one entry in " + name + ".");
        }
        int width = rows[0].length;
        float[] flat = new float[Math.multiplyExact(rows.length, width)];
        for (int b = 0; b < rows.length; b++) {
            if (rows[b].length != width) {
                throw new IllegalArgumentException("Sample " + b + " of " + name + " has " + rows[b].length
                        + " entries, the first has " + width + ".");
            }
            System.arraycopy(rows[b], 0, flat, b * width, width);
        }
        Tensor codes = scope.allocate(DataType.F32, Shape.of(rows.length, width));
        codes.write(flat);
        Tensor k = scope.allocate(DataType.F32, Shape.of(rows.length, rows.length));
        device.gram().matrix(k, codes, kernel, false).run();
        return k;
    }
}
