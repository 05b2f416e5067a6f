package io.github.kib4j.dependence;

import io.github.kib4j.op.Device;
import io.github.kib4j.op.Geometry;
import io.github.kib4j.op.Kernel;
import io.github.kib4j.op.Operation;
import io.github.kib4j.op.Phase;
import io.github.kib4j.op.Program;
import io.github.kib4j.op.Step;
import io.github.kib4j.tensor.DataType;
import io.github.kib4j.tensor.Scope;
import io.github.kib4j.tensor.Shape;
import io.github.kib4j.tensor.Tensor;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * Sums over pairs of one or two variables with linear or cosine kernels, without pairs: from {@code X'Y}, {@code X'X} and {@code Y'Y},
 * {@code O(n D^2)} work and {@code D^2} numbers, at any {@code n} (docs/mathematics.md, section 12.2).
 *
 * <p>Samples are taken by thousands: on the host brought to length 1 (cosine), and where the measure does not mind shifts less their
 * mean, both in double; multiplied on the device in single precision; and the products added up in double.
 */
final class ProductPairs implements Pairs {
    /** The most samples in a product of single precision, and the most numbers of one. */
    private static final int MOST_ROWS = 8192;

    private static final int MOST_NUMBERS = 1 << 23;

    /** Into how many parts samples are divided among Java's threads. */
    private static final int PARTS = 16;

    /** Columns of a block: of symmetric products only blocks on and above the diagonal are computed. */
    private static final int BLOCK = 512;

    private final Device device;
    private final List<Side> sides = new ArrayList<>();
    private final int count;
    private final String[] names;
    private double @Nullable [] squaresOfFirst;
    private double @Nullable [] cross;
    private @Nullable PairSums sums;

    ProductPairs(Device device, List<Variable> variables, boolean centred, String... names) {
        this.device = device;
        this.names = names;
        count = variables.get(0).observations().count();
        for (int a = 0; a < variables.size(); a++) {
            sides.add(new Side(variables.get(a), names[a], centred));
        }
    }

    /** Returns whether it can, and is less work than pairs are. */
    static boolean suits(List<Variable> variables) {
        long width = 0;
        for (Variable variable : variables) {
            if (variable.kernel().kind() != Kernel.Kind.LINEAR
                    && variable.kernel().kind() != Kernel.Kind.COSINE) {
                return false;
            }
            width += variable.observations().width();
        }
        return variables.size() <= 2 && width <= variables.get(0).observations().count();
    }

    /** A variable's samples as they are multiplied. */
    private static final class Side {
        private final Observations observations;
        private final String name;
        private final boolean isCosine;
        private final boolean isCentred;
        private final int width;
        private final double[] mean;
        /** Sums over samples of those that are multiplied, and each one's squared length. */
        private final double[] total;

        private final double[] diagonal;

        Side(Variable variable, String name, boolean isCentred) {
            observations = variable.observations().onHost();
            this.name = name;
            this.isCentred = isCentred;
            isCosine = variable.kernel().kind() == Kernel.Kind.COSINE;
            width = observations.width();
            mean = new double[width];
            total = new double[width];
            diagonal = new double[observations.count()];
            addUp();
        }

        /**
         * Finds the mean, or the sum. It is that of differences from the first sample, so that of samples which are all the same nothing
         * is left. A number that is not finite makes a sum that is not.
         */
        private void addUp() {
            int n = observations.count();
            double[] first = new double[width];
            direct(0, first);
            double[][] sums = new double[PARTS][];
            inParts(n, (part, from, to) -> {
                double[] row = new double[width];
                double[] sum = new double[width];
                for (int i = from; i < to; i++) {
                    direct(i, row);
                    for (int k = 0; k < width; k++) {
                        sum[k] += row[k] - first[k];
                    }
                }
                sums[part] = sum;
            });
            for (int k = 0; k < width; k++) {
                double sum = 0;
                for (double[] part : sums) {
                    sum += part[k];
                }
                if (!Double.isFinite(sum)) {
                    observations.check(name);
                }
                if (isCentred) {
                    mean[k] = first[k] + sum / n;
                } else {
                    total[k] = n * first[k] + sum;
                }
            }
        }

        /** Reads a sample, of length 1 with the cosine kernel; a zero sample stays 0. Returns its length before. */
        private double direct(int i, double[] row) {
            observations.readRow(i, row);
            if (!isCosine) {
                return 1;
            }
            double largest = 0;
            for (double number : row) {
                largest = Math.max(largest, Math.abs(number));
            }
            if (largest == 0) {
                return 0;
            }
            double squares = 0;
            for (double number : row) {
                squares += number / largest * (number / largest);
            }
            double length = Math.sqrt(squares);
            for (int k = 0; k < width; k++) {
                row[k] = row[k] / largest / length;
            }
            return length * largest;
        }

        void read(int i, double[] row) {
            direct(i, row);
            for (int k = 0; k < width; k++) {
                row[k] -= mean[k];
            }
        }

        int blocks() {
            return (width + BLOCK - 1) / BLOCK;
        }

        int blockWidth(int block) {
            return Math.min(BLOCK, width - block * BLOCK);
        }
    }

    private interface Part {
        void run(int part, int from, int to);
    }

    /** Works on parts of {@code 0 .. n - 1} at a time: always the same parts, so that sums do not depend on who adds them up. */
    private static void inParts(int n, Part part) {
        IntStream.range(0, PARTS)
                .parallel()
                .forEach(p -> part.run(p, (int) ((long) n * p / PARTS), (int) ((long) n * (p + 1) / PARTS)));
    }

    /** Returns the sum of squares, in four sums side by side. */
    private static double squares(double[] row) {
        double a = 0;
        double b = 0;
        double c = 0;
        double d = 0;
        int k = 0;
        for (; k + 3 < row.length; k += 4) {
            a += row[k] * row[k];
            b += row[k + 1] * row[k + 1];
            c += row[k + 2] * row[k + 2];
            d += row[k + 3] * row[k + 3];
        }
        for (; k < row.length; k++) {
            a += row[k] * row[k];
        }
        return a + b + (c + d);
    }

    /** A block of a product of two variables, and where it is added. */
    private record Block(double[] sum, int sumWidth, int row, int column, Tensor tensor) {
        void add() {
            int rows = tensor.shape().extent(0);
            int columns = tensor.shape().extent(1);
            if (tensor.type() == DataType.F64) {
                double[] values = tensor.readDoubles();
                for (int i = 0; i < rows; i++) {
                    for (int j = 0; j < columns; j++) {
                        sum[(row + i) * sumWidth + column + j] += values[i * columns + j];
                    }
                }
            } else {
                float[] values = tensor.readFloats();
                for (int i = 0; i < rows; i++) {
                    int at = (row + i) * sumWidth + column;
                    for (int j = 0; j < columns; j++) {
                        sum[at + j] += values[i * columns + j];
                    }
                }
            }
        }
    }

    private int rows() {
        int widest = sides.stream().mapToInt(side -> side.width).max().orElseThrow();
        return Math.max(1, Math.min(Math.min(MOST_ROWS, count), MOST_NUMBERS / widest));
    }

    @Override
    public PairSums sums(boolean withSquares) {
        int v = sides.size();
        int rows = rows();
        double[][] products = new double[v * v][];
        try (Scope scope = device.newScope("dependence products")) {
            List<Tensor[]> chunks = new ArrayList<>();
            for (Side side : sides) {
                Tensor[] parts = new Tensor[side.blocks()];
                for (int p = 0; p < parts.length; p++) {
                    parts[p] = scope.allocate(DataType.F32, Shape.of(rows, side.blockWidth(p)));
                }
                chunks.add(parts);
            }
            List<Block> blocks = new ArrayList<>();
            List<Step> steps = new ArrayList<>();
            for (int a = 0; a < v; a++) {
                for (int b = a; b < v; b++) {
                    if (a == b && !withSquares) {
                        continue;
                    }
                    int sumWidth = sides.get(b).width;
                    double[] sum = new double[Math.multiplyExact(sides.get(a).width, sumWidth)];
                    products[a * v + b] = sum;
                    for (int p = 0; p < chunks.get(a).length; p++) {
                        for (int q = a == b ? p : 0; q < chunks.get(b).length; q++) {
                            Tensor product = scope.allocate(
                                    DataType.F32,
                                    Shape.of(
                                            sides.get(a).blockWidth(p),
                                            sides.get(b).blockWidth(q)));
                            blocks.add(new Block(sum, sumWidth, p * BLOCK, q * BLOCK, product));
                            steps.add(step(device.product()
                                    .weightGradient(
                                            product, null, chunks.get(a)[p], chunks.get(b)[q], Geometry.LINEAR)));
                        }
                    }
                }
            }
            Program program = steps.isEmpty() ? null : device.compile(device.newWorkspace(scope), steps);
            for (int first = 0; first < count; first += rows) {
                for (int a = 0; a < v; a++) {
                    write(sides.get(a), first, rows, chunks.get(a));
                }
                if (program != null) {
                    program.run();
                    blocks.forEach(Block::add);
                }
            }
        }
        for (int a = 0; a < v; a++) {
            mirror(products[a * v + a], sides.get(a).width);
        }
        squaresOfFirst = products[0];
        cross = v == 2 ? products[1] : null;
        sums = sums(v, products).finite(names);
        return sums;
    }

    private static Step step(Operation operation) {
        return Step.main(Phase.FORWARD, operation);
    }

    /** Fills what is below the blocks that were computed. */
    private static void mirror(double @Nullable [] product, int width) {
        if (product != null) {
            for (int i = 0; i < width; i++) {
                for (int j = 0; j < i; j++) {
                    product[i * width + j] = product[j * width + i];
                }
            }
        }
    }

    /** Writes samples from {@code first} on, and zeros behind the last. */
    private void write(Side side, int first, int rows, Tensor[] parts) {
        boolean isDouble = parts[0].type() == DataType.F64;
        double[][] doubles = new double[isDouble ? parts.length : 0][];
        float[][] floats = new float[isDouble ? 0 : parts.length][];
        for (int p = 0; p < parts.length; p++) {
            if (isDouble) {
                doubles[p] = new double[rows * side.blockWidth(p)];
            } else {
                floats[p] = new float[rows * side.blockWidth(p)];
            }
        }
        inParts(Math.min(rows, count - first), (part, from, to) -> {
            double[] row = new double[side.width];
            for (int r = from; r < to; r++) {
                side.read(first + r, row);
                side.diagonal[first + r] = squares(row);
                for (int p = 0; p < parts.length; p++) {
                    int width = side.blockWidth(p);
                    if (isDouble) {
                        System.arraycopy(row, p * BLOCK, doubles[p], r * width, width);
                    } else {
                        float[] floatsOfBlock = floats[p];
                        for (int k = 0; k < width; k++) {
                            floatsOfBlock[r * width + k] = (float) row[p * BLOCK + k];
                        }
                    }
                }
            }
        });
        for (int p = 0; p < parts.length; p++) {
            if (isDouble) {
                parts[p].write(doubles[p]);
            } else {
                parts[p].write(floats[p]);
            }
        }
    }

    private PairSums sums(int v, double[][] products) {
        double[][] rows = new double[v][count];
        double[][] diagonals = new double[v][];
        double[] squares = new double[v];
        double product = 0;
        for (int a = 0; a < v; a++) {
            Side side = sides.get(a);
            diagonals[a] = side.diagonal.clone();
            double[] sums = rows[a];
            inParts(count, (part, from, to) -> {
                double[] row = new double[side.width];
                for (int i = from; i < to; i++) {
                    if (!side.isCentred) {
                        side.read(i, row);
                        for (int k = 0; k < side.width; k++) {
                            sums[i] += row[k] * side.total[k];
                        }
                    }
                    sums[i] -= side.diagonal[i];
                }
            });
            squares[a] = offDiagonal(products[a * v + a], diagonals[a], diagonals[a]);
            product = a == 0 ? PairSums.sum(rows[0]) : offDiagonal(products[1], diagonals[0], diagonals[1]);
        }
        return new PairSums(product, squares, rows, diagonals);
    }

    /** Returns {@code sum_{i != j} K_ij L_ij = |X'Y|^2 - sum_i K_ii L_ii}. */
    private static double offDiagonal(double @Nullable [] product, double[] kd, double[] ld) {
        if (product == null) {
            return 0;
        }
        double sum = 0;
        for (double entry : product) {
            sum += entry * entry;
        }
        for (int i = 0; i < kd.length; i++) {
            sum -= kd[i] * ld[i];
        }
        return sum;
    }

    /**
     * {@code dX = 2 S X}, {@code S} as {@link Slope} says: {@code a Y (Y'X) + b X (X'X)} on the device, diagonals and rank-one terms on
     * the host.
     */
    @Override
    public double[] gradient(Slope slope) {
        PairSums known = sums;
        if (known == null) {
            throw new IllegalStateException("Sums come before gradients.");
        }
        Side x = sides.get(0);
        double a = sides.size() == 2 ? slope.product() : 0;
        double b = 2 * slope.square();
        double constant = sides.size() == 1 ? slope.product() : 0;
        double[] weighted = new double[x.width];
        double[] row = new double[x.width];
        for (int i = 0; i < count; i++) {
            x.read(i, row);
            for (int k = 0; k < x.width; k++) {
                weighted[k] += slope.rows()[i] / 2 * row[k];
            }
        }
        double[] dx = new double[Math.multiplyExact(count, x.width)];
        if (cross != null && a != 0) {
            addProduct(dx, sides.get(1), cross, a);
        }
        if (squaresOfFirst != null && b != 0) {
            addProduct(dx, x, squaresOfFirst, b);
        }
        for (int i = 0; i < count; i++) {
            x.read(i, row);
            double w = slope.rows()[i] / 2;
            double own = slope.diagonal()[i] - 2 * w - constant - b * known.diagonals()[0][i];
            if (sides.size() == 2) {
                own -= a * known.diagonals()[1][i];
            }
            for (int k = 0; k < x.width; k++) {
                int at = i * x.width + k;
                dx[at] = 2 * (dx[at] + own * row[k] + (w + constant) * x.total[k] + weighted[k]);
            }
            if (x.isCosine) {
                throughDirection(x, i, row, dx);
            }
        }
        return dx;
    }

    /** Adds {@code factor F P'} to {@code dx}, where {@code F [n, D]} are a variable's samples and {@code P [D_x, D]} their product with x. */
    private void addProduct(double[] dx, Side from, double[] product, double factor) {
        int width = sides.get(0).width;
        int rows = Math.min(rows(), Math.max(1, MOST_NUMBERS / width));
        try (Scope scope = device.newScope("dependence gradient")) {
            Tensor w = scope.allocate(DataType.F32, Shape.of(width, from.width));
            w.write(product);
            Tensor chunk = scope.allocate(DataType.F32, Shape.of(rows, from.width));
            Tensor out = scope.allocate(DataType.F32, Shape.of(rows, width));
            Program program = device.compile(
                    device.newWorkspace(scope),
                    List.of(step(device.product().forward(out, chunk, w, null, Geometry.LINEAR))));
            double[] values = new double[rows * from.width];
            double[] row = new double[from.width];
            for (int first = 0; first < count; first += rows) {
                int length = Math.min(rows, count - first);
                Arrays.fill(values, 0);
                for (int r = 0; r < length; r++) {
                    from.read(first + r, row);
                    System.arraycopy(row, 0, values, r * from.width, from.width);
                }
                chunk.write(values);
                program.run();
                double[] result = out.readDoubles();
                for (int k = 0; k < length * width; k++) {
                    dx[first * width + k] += factor * result[k];
                }
            }
        }
    }

    /** From the gradient with respect to a sample's direction that with respect to the sample: {@code (d - (d.h) h) / |x|}. */
    private static void throughDirection(Side x, int i, double[] row, double[] dx) {
        double length = x.direct(i, row);
        double along = 0;
        for (int k = 0; k < x.width; k++) {
            along += dx[i * x.width + k] * row[k];
        }
        for (int k = 0; k < x.width; k++) {
            int at = i * x.width + k;
            dx[at] = length == 0 ? 0 : (dx[at] - along * row[k]) / length;
        }
    }

    @Override
    public void close() {
        // what lies on the device is of one call each
    }
}
