package io.github.kib4j.dependence;

import io.github.kib4j.tensor.DataType;
import io.github.kib4j.tensor.RefusedException;
import io.github.kib4j.tensor.Scope;
import io.github.kib4j.tensor.Shape;
import io.github.kib4j.tensor.Tensor;
import java.nio.FloatBuffer;
import org.jspecify.annotations.Nullable;

/**
 * {@code n} samples of {@code D} numbers each, in an array or buffer of the caller's, or in a tensor. Nothing is copied here: numbers
 * are read when something is computed of them, and must be finite then.
 */
public final class Observations {
    private final int count;
    private final int width;
    private final Reader reader;
    private final boolean isSingle;
    private final @Nullable Tensor tensor;

    /** Reads a sample. */
    private interface Reader {
        /** Copies sample {@code row} to {@code into} from {@code at} on. */
        void read(int row, double[] into, int at);
    }

    private Observations(int count, int width, boolean isSingle, @Nullable Tensor tensor, Reader reader) {
        this.count = count;
        this.width = width;
        this.isSingle = isSingle;
        this.tensor = tensor;
        this.reader = reader;
    }

    /**
     * {@return samples in double precision} Devices but the reference compute with them rounded to single precision; kernels of the
     * distance see them less their mean, so that an offset costs no digits, and so does the linear one where the measure allows it.
     *
     * @param rows {@code n} rows of {@code D} numbers
     * @throws RefusedException if there are none, a row is missing, or rows are of different lengths
     */
    public static Observations of(double[][] rows) {
        int width = width(rows, row -> row.length);
        return new Observations(
                rows.length, width, false, null, (row, into, at) -> System.arraycopy(rows[row], 0, into, at, width));
    }

    /**
     * {@return samples in single precision}
     *
     * @param rows {@code n} rows of {@code D} numbers
     * @throws RefusedException if there are none, a row is missing, or rows are of different lengths
     */
    public static Observations of(float[][] rows) {
        int width = width(rows, row -> row.length);
        return new Observations(rows.length, width, true, null, (row, into, at) -> {
            float[] from = rows[row];
            for (int k = 0; k < width; k++) {
                into[at + k] = from[k];
            }
        });
    }

    private interface Length<T> {
        int of(T row);
    }

    private static <T> int width(T @Nullable [] rows, Length<T> length) {
        if (rows == null || rows.length == 0 || rows[0] == null || length.of(rows[0]) == 0) {
            throw new RefusedException("Observations need at least one row with at least one number.");
        }
        int width = length.of(rows[0]);
        for (int i = 0; i < rows.length; i++) {
            if (rows[i] == null) {
                throw new RefusedException("rows[" + i + "] is missing (null).");
            }
            if (length.of(rows[i]) != width) {
                throw new RefusedException("rows[" + i + "] has " + length.of(rows[i]) + " numbers, rows[0] has "
                        + width + "; all rows must be of one length.");
            }
        }
        return width;
    }

    /**
     * {@return samples that lie one behind the other: number {@code k} of sample {@code i} is {@code values[i D + k]}}
     *
     * @param values {@code count x width} numbers
     * @param count {@code n}
     * @param width {@code D}
     * @throws RefusedException if the array has another length
     */
    public static Observations of(float[] values, int count, int width) {
        if ((long) count * width != values.length) {
            throw new RefusedException("values has " + values.length + " numbers, but " + count + " samples of " + width
                    + " are " + (long) count * width + ".");
        }
        return of(values, 0, count, width, width, 1);
    }

    /**
     * {@return samples at places of an array: number {@code k} of sample {@code i} is {@code values[offset + i rowStride + k
     * columnStride]}}
     *
     * @param values holds them
     * @param offset where the first number of the first sample is
     * @param count {@code n}
     * @param width {@code D}
     * @param rowStride from a sample to the next, may be negative or 0
     * @param columnStride from a number of a sample to the next, may be negative or 0
     * @throws RefusedException if a place is outside the array
     */
    public static Observations of(float[] values, int offset, int count, int width, int rowStride, int columnStride) {
        sizes(count, width);
        long rows = (long) (count - 1) * rowStride;
        long columns = (long) (width - 1) * columnStride;
        long first = offset + Math.min(0, rows) + Math.min(0, columns);
        long last = offset + Math.max(0, rows) + Math.max(0, columns);
        if (first < 0 || last >= values.length) {
            throw new RefusedException("values has " + values.length
                    + " numbers, but offset, count, width and strides reach from " + first + " to " + last + ".");
        }
        return new Observations(count, width, true, null, (row, into, at) -> {
            int from = (int) (offset + (long) row * rowStride);
            for (int k = 0; k < width; k++) {
                into[at + k] = values[from + k * columnStride];
            }
        });
    }

    /**
     * {@return samples that lie one behind the other from the buffer's position on} The buffer's position may change afterwards.
     *
     * @param values holds {@code count x width} numbers or more
     * @param count {@code n}
     * @param width {@code D}
     * @throws RefusedException if the buffer has fewer numbers
     */
    public static Observations of(FloatBuffer values, int count, int width) {
        sizes(count, width);
        if ((long) count * width > values.remaining()) {
            throw new RefusedException("values has " + values.remaining() + " numbers left, but " + count
                    + " samples of " + width + " are " + (long) count * width + ".");
        }
        FloatBuffer own = values.slice();
        return new Observations(count, width, true, null, (row, into, at) -> {
            for (int k = 0; k < width; k++) {
                into[at + k] = own.get(row * width + k);
            }
        });
    }

    /**
     * {@return samples in a tensor, which is used where it lies} It is copied if it is of another type than F32 or of rank 1, where linear
     * or cosine kernels make do without Gram matrices, and where a linear kernel's samples are centred.
     *
     * @param values {@code [n, ...]}, floating, of the device that computes
     * @throws RefusedException if the tensor is not floating, or a scalar
     */
    public static Observations of(Tensor values) {
        if (!values.type().isFloating() || values.shape().rank() == 0) {
            throw new RefusedException("values must be floating and of the shape n x D, but is " + values.type()
                    + " and " + values.shape() + ".");
        }
        return new Observations(
                values.shape().extent(0),
                values.shape().rowSize(),
                values.type() != DataType.F64,
                values,
                (row, into, at) -> {
                    throw new IllegalStateException("A tensor is read whole.");
                });
    }

    /**
     * {@return class labels, to be compared by {@code Kernel.DELTA}: whether two are the same}
     *
     * @param labels one for each sample, each below {@code 2^24} in size
     * @throws RefusedException if there are none, or one is too large for single precision
     */
    public static Observations ofLabels(int... labels) {
        sizes(labels.length, 1);
        for (int i = 0; i < labels.length; i++) {
            if (Math.abs((long) labels[i]) > 1 << 24) {
                throw new RefusedException("labels[" + i + "] is " + labels[i]
                        + ", which single precision does not tell from its neighbours; number the classes from 0.");
            }
        }
        return new Observations(labels.length, 1, true, null, (row, into, at) -> into[at] = labels[row]);
    }

    private static void sizes(int count, int width) {
        if (count < 1 || width < 1) {
            throw new RefusedException("Observations need at least one sample of at least one number, but count is "
                    + count + " and width " + width + ".");
        }
    }

    /** {@return {@code n}, how many samples there are} */
    public int count() {
        return count;
    }

    /** {@return {@code D}, how many numbers a sample has} */
    public int width() {
        return width;
    }

    /** Returns them on the host: a tensor's as they are now. */
    Observations onHost() {
        if (tensor == null) {
            return this;
        }
        double[] all = tensor.readDoubles();
        return new Observations(
                count, width, isSingle, null, (row, into, at) -> System.arraycopy(all, row * width, into, at, width));
    }

    /**
     * {@return some of them, one behind the other} A tensor's are copied to the host.
     *
     *
     * @param first the first of them
     * @param length how many
     * @throws RefusedException if there are not as many
     */
    public Observations part(int first, int length) {
        if (first < 0 || length < 1 || (long) first + length > count) {
            throw new RefusedException(
                    "There are " + count + " samples, and no " + length + " of them from " + first + " on.");
        }
        Reader all = onHost().reader;
        return new Observations(length, width, isSingle, null, (row, into, at) -> all.read(first + row, into, at));
    }

    /** Returns those of one and behind them those of another. */
    static Observations together(Observations x, Observations y) {
        if (x.width != y.width) {
            throw new RefusedException("Samples of x have " + x.width + " numbers, those of y " + y.width
                    + "; two samples to be compared must have as many.");
        }
        Reader first = x.onHost().reader;
        Reader second = y.onHost().reader;
        return new Observations(
                Math.addExact(x.count, y.count), x.width, x.isSingle && y.isSingle, null, (row, into, at) -> {
                    if (row < x.count) {
                        first.read(row, into, at);
                    } else {
                        second.read(row - x.count, into, at);
                    }
                });
    }

    /** Returns them in another order: {@code order[i]} is which of these is sample {@code i}. */
    Observations inOrder(int[] order) {
        Reader all = onHost().reader;
        return new Observations(order.length, width, isSingle, null, (row, into, at) -> all.read(order[row], into, at));
    }

    /** Copies a sample as it is. */
    void readRow(int row, double[] into) {
        reader.read(row, into, 0);
    }

    /** Refuses samples, which are called {@code name}, if one of their numbers is not finite. */
    void check(String name) {
        double[] row = new double[width];
        for (int i = 0; i < count; i++) {
            read(name, i, 1, row);
        }
    }

    /** Copies samples, which are called {@code name} where one of their numbers is not finite. */
    void read(String name, int first, int length, double[] into) {
        for (int row = 0; row < length; row++) {
            reader.read(first + row, into, row * width);
        }
        for (int k = 0; k < length * width; k++) {
            if (!Double.isFinite(into[k])) {
                throw new RefusedException("Number " + k % width + " of sample " + (first + k / width) + " of " + name
                        + " is " + into[k] + "; dependence measures need finite numbers.");
            }
        }
    }

    /** Returns all samples in double precision. */
    double[] all(String name) {
        double[] values = new double[numbers(name)];
        onHost().read(name, 0, count, values);
        return values;
    }

    private int numbers(String name) {
        if ((long) count * width > Integer.MAX_VALUE - 8) {
            throw new RefusedException(name + " has " + count + " samples of " + width
                    + " numbers, more than an array can hold; take fewer samples, or averages of blocks.");
        }
        return count * width;
    }

    /** Returns them less their mean, so that of samples which are all alike nothing is left. */
    Observations centred(String name) {
        Observations host = onHost();
        double[] mean = host.mean(name);
        return new Observations(count, width, false, null, (row, into, at) -> {
            host.reader.read(row, into, at);
            for (int k = 0; k < width; k++) {
                into[at + k] -= mean[k];
            }
        });
    }

    private double[] mean(String name) {
        double[] row = new double[width];
        double[] first = new double[width];
        double[] sum = new double[width];
        for (int i = 0; i < count; i++) {
            read(name, i, 1, row);
            if (i == 0) {
                System.arraycopy(row, 0, first, 0, width);
            }
            for (int k = 0; k < width; k++) {
                sum[k] += row[k] - first[k];
            }
        }
        for (int k = 0; k < width; k++) {
            sum[k] = first[k] + sum[k] / count;
        }
        return sum;
    }

    /** Returns whether they lie in a tensor. */
    boolean isTensor() {
        return tensor != null;
    }

    /** Returns whether they are in single precision, which devices other than the reference round nothing of. */
    boolean isSingle() {
        return isSingle;
    }

    /** Returns them as a tensor of a scope, or as the tensor that they are. */
    Tensor tensor(Scope scope, String name) {
        if (tensor != null && tensor.shape().rank() > 1 && (tensor.type() == DataType.F32 || !isSingle)) {
            return tensor;
        }
        double[] values = all(name);
        Tensor copy = scope.allocate(DataType.F32, Shape.of(count, width));
        copy.write(values);
        return copy;
    }

    @Override
    public String toString() {
        return count + " x " + width + (tensor == null ? "" : " on a device");
    }
}
