package io.github.kib4j.objective;

import io.github.kib4j.op.Device;
import io.github.kib4j.op.Estimator;
import io.github.kib4j.op.Kernel;
import io.github.kib4j.tensor.DataType;
import io.github.kib4j.tensor.RefusedException;
import io.github.kib4j.tensor.Scope;
import io.github.kib4j.tensor.Shape;
import io.github.kib4j.tensor.Tensor;
import org.jspecify.annotations.Nullable;

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
    private static final int MOST = Integer.MAX_VALUE - 8;

    private Dependence() {}

    /**
     * {@return HSIC (at least 0) or pHSIC of paired samples} It is computed in double: right to 1e-5 of {@code
     * sqrt(dependence(x, x) dependence(y, y))}, at any scale of the samples and where they are alike.
     *
     * @param device the device that computes
     * @param x {@code B} samples of one variable, each of the same length
     * @param kernelX compares samples of {@code x}
     * @param y {@code B} samples of the other
     * @param kernelY compares samples of {@code y}
     * @param estimator HSIC or pHSIC
     * @throws IllegalArgumentException if there are no samples, not as many of both, rows of different lengths, missing rows, or
     *     entries that are not finite numbers
     */
    public static double of(
            Device device, float[][] x, Kernel kernelX, float[][] y, Kernel kernelY, Estimator estimator) {
        check(x, "x");
        check(y, "y");
        if (x.length != y.length) {
            throw new RefusedException(
                    "Dependence needs paired samples, but got " + x.length + " of x and " + y.length + " of y.");
        }
        try (Scope scope = device.newScope("dependence")) {
            Tensor value = scope.allocate(DataType.F64, Shape.of(1));
            device.run(
                    device.gram().dependence(value, tensor(scope, x), kernelX, tensor(scope, y), kernelY, estimator));
            return value.readDoubles()[0];
        }
    }

    private static void check(float[] @Nullable [] rows, String name) {
        if (rows == null || rows.length == 0 || rows[0] == null || rows[0].length == 0) {
            throw new RefusedException("Dependence needs at least one sample with at least one entry in " + name + ".");
        }
        int width = rows[0].length;
        if ((long) rows.length * width > MOST) {
            throw new RefusedException(name + " has " + rows.length + " samples of " + width
                    + " entries, more than an array can hold; take fewer samples.");
        }
        for (int b = 0; b < rows.length; b++) {
            if (rows[b] == null) {
                throw new RefusedException("Sample " + b + " of " + name + " is missing (null).");
            }
            if (rows[b].length != width) {
                throw new RefusedException("Sample " + b + " of " + name + " has " + rows[b].length
                        + " entries, the first has " + width + ".");
            }
            for (int k = 0; k < width; k++) {
                if (!Float.isFinite(rows[b][k])) {
                    throw new RefusedException("Entry " + k + " of sample " + b + " of " + name + " is " + rows[b][k]
                            + "; dependence needs finite numbers.");
                }
            }
        }
    }

    private static Tensor tensor(Scope scope, float[][] rows) {
        int width = rows[0].length;
        float[] flat = new float[rows.length * width];
        for (int b = 0; b < rows.length; b++) {
            System.arraycopy(rows[b], 0, flat, b * width, width);
        }
        Tensor tensor = scope.allocate(DataType.F32, Shape.of(rows.length, width));
        tensor.write(flat);
        return tensor;
    }
}
