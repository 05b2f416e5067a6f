package io.github.kib4j.dependence;

import io.github.kib4j.op.Device;
import io.github.kib4j.op.GramOps;
import io.github.kib4j.tensor.DataType;
import io.github.kib4j.tensor.Scope;
import io.github.kib4j.tensor.Shape;
import io.github.kib4j.tensor.Tensor;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** Sums over pairs through tiles of Gram matrices, of any kernels: {@code O(n^2 D)} work. */
final class TilePairs implements Pairs {
    private final Device device;
    private final Scope scope;
    private final List<GramOps.Samples> samples = new ArrayList<>();
    private final String[] names;

    TilePairs(Device device, List<Variable> variables, boolean ignoresShifts, String... names) {
        this.device = device;
        this.names = names;
        scope = device.newScope("dependence");
        try {
            for (int a = 0; a < variables.size(); a++) {
                samples.add(variables.get(a).on(scope, names[a], ignoresShifts));
            }
        } catch (RuntimeException e) {
            scope.close();
            throw e;
        }
    }

    private int count() {
        return samples.get(0).values().shape().extent(0);
    }

    @Override
    public PairSums sums(boolean withSquares) {
        int n = count();
        int v = samples.size();
        try (Scope results = device.newScope("dependence sums")) {
            Tensor products = results.allocate(DataType.F64, Shape.of(1 + v));
            Tensor rows = results.allocate(DataType.F64, Shape.of(v, n));
            Tensor diagonals = results.allocate(DataType.F64, Shape.of(v, n));
            device.run(device.gram().sums(products, rows, diagonals, samples));
            double[] sums = products.readDoubles();
            return new PairSums(
                            sums[0],
                            Arrays.copyOfRange(sums, 1, 1 + v),
                            split(rows.readDoubles(), n),
                            split(diagonals.readDoubles(), n))
                    .finite(names);
        }
    }

    private static double[][] split(double[] values, int n) {
        double[][] parts = new double[values.length / n][];
        for (int a = 0; a < parts.length; a++) {
            parts[a] = Arrays.copyOfRange(values, a * n, a * n + n);
        }
        return parts;
    }

    @Override
    public double[] gradient(Slope slope) {
        int n = count();
        try (Scope results = device.newScope("dependence gradient")) {
            Tensor dx = results.allocate(DataType.F32, samples.get(0).values().shape());
            Tensor scales = results.allocate(DataType.F64, Shape.of(2));
            scales.write(new double[] {slope.product(), 2 * slope.square()});
            double[] w = Arrays.copyOf(slope.rows(), 2 * n);
            for (int i = 0; i < n; i++) {
                w[i] /= 2;
                w[n + i] = slope.diagonal()[i];
            }
            Tensor weights = results.allocate(DataType.F64, Shape.of(2, n));
            weights.write(w);
            device.run(device.gram().gradient(dx, samples.get(0), samples.subList(1, samples.size()), scales, weights));
            return dx.readDoubles();
        }
    }

    /**
     * Returns quadratic forms of centred or plain Gram matrices: {@code sum_ij w_ip w_jp prod_a (K^a_ij - shifts_ai - shifts_aj)}.
     *
     * @param shifts {@code [V, n]}; zeros for none
     * @param weights {@code [n, P]}
     * @param diagonal whether pairs of a sample with itself are in the sum
     */
    double[] forms(double[] shifts, float[] weights, boolean diagonal) {
        int n = count();
        int p = weights.length / n;
        try (Scope results = device.newScope("dependence forms")) {
            Tensor values = results.allocate(DataType.F64, Shape.of(p));
            Tensor shift = results.allocate(DataType.F64, Shape.of(samples.size(), n));
            shift.write(shifts);
            Tensor weight = results.allocate(DataType.F32, Shape.of(n, p));
            weight.write(weights);
            device.run(device.gram().forms(values, samples, shift, weight, diagonal));
            return values.readDoubles();
        }
    }

    /** Returns {@code sum_{i != j} K_ij L_{pi(i), pi(j)}} of variables 0 and 1, for each row {@code pi} of {@code [P, n]}. */
    double[] shuffled(int[] permutations) {
        int n = count();
        int p = permutations.length / n;
        try (Scope results = device.newScope("dependence permutations")) {
            Tensor values = results.allocate(DataType.F64, Shape.of(p));
            Tensor orders = results.allocate(DataType.I32, Shape.of(p, n));
            orders.write(permutations);
            device.run(device.gram().shuffled(values, samples.get(0), samples.get(1), orders));
            return values.readDoubles();
        }
    }

    @Override
    public void close() {
        scope.close();
    }
}
