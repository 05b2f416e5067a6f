package io.github.kib4j.dependence;

import io.github.kib4j.op.Device;
import io.github.kib4j.op.Geometry;
import io.github.kib4j.op.Kernel;
import io.github.kib4j.op.Phase;
import io.github.kib4j.op.Program;
import io.github.kib4j.op.Step;
import io.github.kib4j.tensor.DataType;
import io.github.kib4j.tensor.RefusedException;
import io.github.kib4j.tensor.Scope;
import io.github.kib4j.tensor.Shape;
import io.github.kib4j.tensor.Tensor;
import java.nio.DoubleBuffer;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;

/**
 * Features {@code f(x)} whose products stand for a kernel, {@code f(x).f(y) ~ k(x, y)}: with them every measure takes {@code O(n)} work, by
 * {@code Kernel.LINEAR} (docs/mathematics.md, section 12.4). {@link #fourierHsic} and {@link #nystromHsic} say how far off HSIC of
 * features is.
 */
public final class Features {
    private static final int MOST_ROWS = 4096;

    /** How small against a kernel's largest value what a landmark adds to those before is rounding of single precision. */
    private static final double ROUNDING = 1e-5;

    private Features() {}

    /**
     * {@return random Fourier features: {@code [cos(w_m.x), sin(w_m.x)] / sqrt(M)} of {@code M} frequencies drawn from the kernel's
     * spectrum} (Rahimi and Recht, "Random features for large-scale kernel machines", NeurIPS 2007.) With {@code g} normal in {@code D}
     * dimensions and {@code h} in one, frequencies of a Gaussian are {@code g / sigma}, of a Laplace kernel {@code g / (sigma |h|)}, of an
     * inverse multiquadric {@code |h| g / sigma}; several widths take turns. In expectation products are the kernel.
     *
     * @param device computes products
     * @param variable samples, and a Gaussian, Laplace or inverse multiquadric kernel
     * @param frequencies {@code M}, a multiple of the kernel's widths; there are {@code 2 M} features
     * @param seed which frequencies
     * @throws RefusedException if the kernel has no such features, {@code M} is no multiple of its widths, or a number is not finite
     */
    public static Observations fourier(Device device, Variable variable, int frequencies, long seed) {
        return fourier(device, "variable", variable, frequencies, new Random(seed));
    }

    private static Observations fourier(Device device, String name, Variable variable, int frequencies, Random random) {
        Kernel kernel = variable.kernel();
        if (!hasWidth(kernel)) {
            throw new RefusedException("The kernel " + kernel.kind() + " of " + name
                    + " has no Fourier features; GAUSSIAN, LAPLACE and INVERSE_MULTIQUADRIC have.");
        }
        int widths = kernel.widths().size();
        if (frequencies < 1 || frequencies % widths != 0) {
            throw new RefusedException("frequencies is " + frequencies + ", but must be a positive multiple of the "
                    + widths + " widths of " + name + ".");
        }
        int d = variable.observations().width();
        double[] w = new double[Math.multiplyExact(frequencies, d)];
        for (int m = 0; m < frequencies; m++) {
            double scale = 1 / kernel.widths().get(m % widths);
            double h = Math.abs(random.nextGaussian());
            if (kernel.kind() == Kernel.Kind.LAPLACE) {
                scale /= Math.max(h, 1e-12);
            } else if (kernel.kind() == Kernel.Kind.INVERSE_MULTIQUADRIC) {
                scale *= h;
            }
            for (int k = 0; k < d; k++) {
                w[m * d + k] = scale * random.nextGaussian();
            }
        }
        int width = 2 * frequencies;
        float[] features = new float[size(variable.observations().count(), width)];
        double share = 1 / Math.sqrt(frequencies);
        project(device, name, variable.observations().centred(name), w, frequencies, (i, products, at) -> {
            for (int m = 0; m < frequencies; m++) {
                features[i * width + m] = (float) (share * Math.cos(products[at + m]));
                features[i * width + frequencies + m] = (float) (share * Math.sin(products[at + m]));
            }
        });
        return Observations.of(features, variable.observations().count(), width);
    }

    private static int size(int count, int width) {
        if ((long) count * width > Integer.MAX_VALUE - 8) {
            throw new RefusedException(
                    count + " samples of " + width + " features are more than an array can hold; take fewer features.");
        }
        return count * width;
    }

    private static boolean hasWidth(Kernel kernel) {
        return switch (kernel.kind()) {
            case GAUSSIAN, LAPLACE, INVERSE_MULTIQUADRIC -> true;
            case LINEAR, COSINE, DELTA -> false;
        };
    }

    /** Takes a sample's products. */
    private interface Sink {
        void take(int sample, double[] products, int at);
    }

    /** Multiplies each sample by the rows of {@code w [M, D]}, some thousand samples at a time. */
    private static void project(Device device, String name, Observations samples, double[] w, int m, Sink sink) {
        int d = samples.width();
        int rows = Math.max(1, Math.min(Math.min(MOST_ROWS, samples.count()), (1 << 23) / Math.max(m, d)));
        try (Scope scope = device.newScope("features")) {
            Tensor chunk = scope.allocate(DataType.F32, Shape.of(rows, d));
            Tensor weights = scope.allocate(DataType.F32, Shape.of(m, d));
            weights.write(w);
            Tensor products = scope.allocate(DataType.F32, Shape.of(rows, m));
            Program program = device.compile(
                    device.newWorkspace(scope),
                    List.of(Step.main(
                            Phase.FORWARD, device.product().forward(products, chunk, weights, null, Geometry.LINEAR))));
            double[] values = new double[rows * d];
            for (int first = 0; first < samples.count(); first += rows) {
                int length = Math.min(rows, samples.count() - first);
                Arrays.fill(values, 0);
                samples.read(name, first, length, values);
                chunk.write(values);
                program.run();
                double[] results = products.readDoubles();
                for (int r = 0; r < length; r++) {
                    sink.take(first + r, results, r * m);
                }
            }
        }
    }

    /**
     * {@return Nyström features: with landmarks {@code z_1..z_m} drawn from the samples and {@code R'R = k(z, z)}, {@code f(x) = k(x, z)
     * R^-1}} (Williams and Seeger, "Using the Nyström method to speed up kernel machines", NeurIPS 2000.) Products are never far above the
     * kernel, and equal it between landmarks. Landmarks that add nothing to those before are left out (a Cholesky factorisation with
     * pivots), so that there may be fewer features.
     *
     * @param device computes kernels and products
     * @param variable samples and their kernel
     * @param landmarks {@code m}, at most the samples
     * @param seed which samples
     * @throws RefusedException if there are no landmarks or more than samples, or a number is not finite
     */
    public static Observations nystrom(Device device, Variable variable, int landmarks, long seed) {
        return nystrom(device, "variable", variable, landmarks, new Random(seed));
    }

    private static Observations nystrom(Device device, String name, Variable variable, int landmarks, Random random) {
        Observations samples = hasWidth(variable.kernel())
                ? variable.observations().centred(name)
                : variable.observations().onHost();
        int n = samples.count();
        if (landmarks < 1 || landmarks > n) {
            throw new RefusedException(
                    "landmarks is " + landmarks + ", but must be 1 to the " + n + " samples of " + name + ".");
        }
        Observations z = samples.inOrder(Draws.some(random, n, landmarks));
        double[] inverse = inverse(block(device, name, z, z, variable.kernel()), landmarks);
        int rank = inverse.length / landmarks;
        if (rank == 0) {
            return Observations.of(new float[n], n, 1);
        }
        float[] features = new float[size(n, rank)];
        int rows = Math.max(1, Math.min(Math.min(MOST_ROWS, n), (1 << 23) / Math.max(landmarks, samples.width())));
        for (int first = 0; first < n; first += rows) {
            int length = Math.min(rows, n - first);
            double[] similarities = block(device, name, samples.part(first, length), z, variable.kernel());
            for (int r = 0; r < length; r++) {
                for (int k = 0; k < rank; k++) {
                    double sum = 0;
                    for (int m = 0; m < landmarks; m++) {
                        sum += similarities[r * landmarks + m] * inverse[k * landmarks + m];
                    }
                    features[(first + r) * rank + k] = (float) sum;
                }
            }
        }
        return Observations.of(features, n, rank);
    }

    private static double[] block(Device device, String name, Observations x, Observations z, Kernel kernel) {
        try (Scope scope = device.newScope("kernel matrix")) {
            Tensor matrix = scope.allocate(DataType.F32, Shape.of(x.count(), z.count()));
            device.run(device.gram().matrix(matrix, x.tensor(scope, name), z.tensor(scope, name), kernel));
            return matrix.readDoubles();
        }
    }

    /**
     * Returns the columns of {@code R^-1}, one behind the other, for {@code R'R = K} of those landmarks that add something: Cholesky with
     * the largest pivot first, where each new column is made orthogonal to those before.
     */
    private static double[] inverse(double[] k, int m) {
        double[] left = new double[m];
        double largest = 0;
        for (int i = 0; i < m; i++) {
            left[i] = k[i * m + i];
            largest = Math.max(largest, left[i]);
        }
        double[] columns = new double[m * m];
        double[] factor = new double[m * m];
        int rank = 0;
        for (; rank < m; rank++) {
            int pivot = 0;
            for (int i = 1; i < m; i++) {
                pivot = left[i] > left[pivot] ? i : pivot;
            }
            if (!(left[pivot] > ROUNDING * largest)) {
                break;
            }
            double root = Math.sqrt(left[pivot]);
            // Column `rank` of R^-1: the pivot's unit vector less what columns before have of it.
            int at = rank * m;
            columns[at + pivot] = 1 / root;
            for (int c = 0; c < rank; c++) {
                double part = factor[c * m + pivot] / root;
                for (int i = 0; i < m; i++) {
                    columns[at + i] -= part * columns[c * m + i];
                }
            }
            for (int i = 0; i < m; i++) {
                double sum = 0;
                for (int j = 0; j < m; j++) {
                    sum += columns[at + j] * k[j * m + i];
                }
                factor[at + i] = sum;
                left[i] -= sum * sum;
            }
            left[pivot] = 0;
        }
        return Arrays.copyOf(columns, rank * m);
    }

    /**
     * {@return HSIC of random Fourier features: the mean over independent draws of frequencies, and its standard error from their spread}
     * Since products of features are the kernel in expectation and both variables have frequencies of their own, so is HSIC: what
     * {@code error} says is all there is. Variables with the linear or cosine kernel stay as they are, labels (delta) become one-hot.
     *
     * @param device computes it
     * @param x {@code n} samples and their kernel
     * @param y as many of the other variable
     * @param frequencies of each variable in each draw
     * @param draws how many, 2 or more
     * @param seed which frequencies
     * @throws RefusedException as by {@link Measure#of} and {@link #fourier}, or if there is only one draw
     */
    public static Estimate fourierHsic(Device device, Variable x, Variable y, int frequencies, int draws, long seed) {
        if (draws < 2) {
            throw new RefusedException("draws is " + draws + ", but an error needs at least 2.");
        }
        PairMethods.check("HSIC of features", 2, List.of(x, y), "x", "y");
        Random random = new Random(seed);
        double[] values = new double[draws];
        for (int k = 0; k < draws; k++) {
            Variable u = hasWidth(x.kernel()) ? linear(fourier(device, "x", x, frequencies, random)) : exact("x", x);
            Variable v = hasWidth(y.kernel()) ? linear(fourier(device, "y", y, frequencies, random)) : exact("y", y);
            values[k] = Measure.HSIC.of(device, u, v);
        }
        return Estimate.of(values);
    }

    private static Variable linear(Observations features) {
        return Variable.of(features, Kernel.LINEAR);
    }

    /** Returns a variable without a width as one with a linear or cosine kernel: labels become one-hot. */
    private static Variable exact(String name, Variable variable) {
        if (variable.kernel().kind() != Kernel.Kind.DELTA) {
            return variable;
        }
        Observations labels = variable.observations().onHost();
        Map<DoubleBuffer, Integer> classes = new HashMap<>();
        int[] ofSample = new int[labels.count()];
        for (int i = 0; i < ofSample.length; i++) {
            double[] row = new double[labels.width()];
            labels.read(name, i, 1, row);
            for (int k = 0; k < row.length; k++) {
                row[k] += 0.0; // one zero, not two
            }
            ofSample[i] = classes.computeIfAbsent(DoubleBuffer.wrap(row), key -> classes.size());
        }
        float[] oneHot = new float[size(ofSample.length, classes.size())];
        for (int i = 0; i < ofSample.length; i++) {
            oneHot[i * classes.size() + ofSample[i]] = 1;
        }
        return linear(Observations.of(oneHot, ofSample.length, classes.size()));
    }

    /**
     * A number that is not below {@code value} and not above {@code value + above}, up to rounding.
     *
     * @param value the lower end
     * @param above how much more it can be
     */
    public record Range(double value, double above) {}

    /**
     * {@return HSIC of Nyström features, and how much more HSIC itself can be} What features leave out of {@code K} and {@code L}, {@code
     * E} and {@code F}, has no negative eigenvalue and a known trace, so that (docs/mathematics.md, equation 12.13)
     *
     * <pre>{@code
     * 0 <= HSIC(K, L) - HSIC(K - E, L - F) <= (tr E (n sqrt(HSIC(L-F, L-F)) + tr F) + n sqrt(HSIC(K-E, K-E)) tr F) / n^2
     * }</pre>
     *
     * Variables with the linear or cosine kernel stay as they are, labels (delta) become one-hot.
     *
     * @param device computes it
     * @param x {@code n} samples and their kernel
     * @param y as many of the other variable
     * @param landmarks of each variable
     * @param seed which landmarks
     * @throws RefusedException as by {@link Measure#of} and {@link #nystrom}
     */
    public static Range nystromHsic(Device device, Variable x, Variable y, int landmarks, long seed) {
        PairMethods.check("HSIC of features", 2, List.of(x, y), "x", "y");
        Random random = new Random(seed);
        Variable u = hasWidth(x.kernel()) ? linear(nystrom(device, "x", x, landmarks, random)) : exact("x", x);
        Variable v = hasWidth(y.kernel()) ? linear(nystrom(device, "y", y, landmarks, random)) : exact("y", y);
        double n = x.observations().count();
        double missingX = hasWidth(x.kernel()) ? missing("x", u) : 0;
        double missingY = hasWidth(y.kernel()) ? missing("y", v) : 0;
        double ownX = n * Math.sqrt(Measure.HSIC.of(device, u, u));
        double ownY = n * Math.sqrt(Measure.HSIC.of(device, v, v));
        double above = (missingX * (ownY + missingY) + ownX * missingY) / n / n;
        return new Range(Measure.HSIC.of(device, u, v), above);
    }

    /** Returns the trace of what features leave out of a kernel whose diagonal is 1. */
    private static double missing(String name, Variable features) {
        Observations samples = features.observations();
        double[] row = new double[samples.width()];
        double sum = 0;
        for (int i = 0; i < samples.count(); i++) {
            samples.read(name, i, 1, row);
            double squares = 0;
            for (double number : row) {
                squares += number * number;
            }
            sum += Math.max(0, 1 - squares);
        }
        return sum;
    }
}
