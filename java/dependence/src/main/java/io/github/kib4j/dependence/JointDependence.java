package io.github.kib4j.dependence;

import io.github.kib4j.op.Device;
import io.github.kib4j.op.GramOps;
import io.github.kib4j.tensor.RefusedException;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;

/**
 * The dependence of several variables at once, 0 in the limit exactly where all are independent of all (for kernels rich enough): dHSIC of
 * Pfister, Bühlmann, Schölkopf and Peters, 2018 (docs/mathematics.md, equation 12.6).
 */
public final class JointDependence {
    private JointDependence() {}

    /**
     * {@return {@code mean_ij prod_a K^a_ij + prod_a mean(K^a) - 2 mean_i prod_a mean_j K^a_ij}} Of two variables it is
     * {@link Measure#HSIC}. {@code O(n^2 D)} work, and the memory of the samples.
     *
     * @param device computes it
     * @param variables 2 to 8 of {@code n} paired samples, {@code n} at least twice as many as there are variables
     * @throws RefusedException if there are too few or too many variables, the samples are not paired or too few, or a number is not
     *     finite or too large
     */
    public static double of(Device device, List<Variable> variables) {
        String[] names = check(variables);
        try (TilePairs pairs = new TilePairs(device, variables, false, names)) {
            return slope(pairs.sums(false)).value();
        }
    }

    /**
     * {@return the measure and its gradient with respect to the samples of one of the variables}
     *
     * @param device computes it
     * @param variables as of {@link #of}
     * @param index which of them
     * @throws RefusedException as by {@link #of}, or if there is no such variable, its kernel is delta, or its kernel's width the
     *     median of its samples
     */
    public static Gradient gradient(Device device, List<Variable> variables, int index) {
        String[] names = check(variables);
        if (index < 0 || index >= variables.size()) {
            throw new RefusedException(
                    "index is " + index + ", but there are variables 0 to " + (variables.size() - 1) + ".");
        }
        Variable x = variables.get(index).differentiable(names[index]);
        List<Variable> first = new ArrayList<>(variables);
        first.set(index, first.get(0));
        first.set(0, x);
        String name = names[index];
        names[index] = names[0];
        names[0] = name;
        try (TilePairs pairs = new TilePairs(device, first, false, names)) {
            Slope slope = slope(pairs.sums(false));
            return Gradient.of(
                    slope.value(),
                    pairs.gradient(slope),
                    0,
                    x.observations().count(),
                    x.observations().width());
        }
    }

    static String[] check(List<Variable> variables) {
        int v = variables.size();
        if (v < 2 || v > GramOps.MOST_VARIABLES) {
            throw new RefusedException("dHSIC is of 2 to " + GramOps.MOST_VARIABLES + " variables, but there "
                    + (v == 1 ? "is 1." : "are " + v + "."));
        }
        String[] names = IntStream.range(0, v).mapToObj(a -> "variable " + a).toArray(String[]::new);
        PairMethods.check("dHSIC of " + v + " variables", 2 * v, variables, names);
        return names;
    }

    static Slope slope(PairSums sums) {
        int n = sums.count();
        int v = sums.rows().length;
        double squared = (double) n * n;
        double[][] means = new double[v][];
        double meanOfOthers = 1;
        double mean = 0;
        for (int a = 0; a < v; a++) {
            means[a] = sums.wholeRows(a);
            for (int i = 0; i < n; i++) {
                means[a][i] /= n;
            }
            double all = PairSums.sum(means[a]) / n;
            if (a == 0) {
                mean = all;
            } else {
                meanOfOthers *= all;
            }
        }
        double value = sums.product() / squared + mean * meanOfOthers;
        double[] rows = new double[n];
        double[] diagonal = new double[n];
        for (int i = 0; i < n; i++) {
            double diagonals = 1;
            double others = 1;
            for (int a = 1; a < v; a++) {
                diagonals *= sums.diagonals()[a][i];
                others *= means[a][i];
            }
            value += sums.diagonals()[0][i] * diagonals / squared - 2 * means[0][i] * others / n;
            rows[i] = (meanOfOthers - 2 * others) / squared;
            diagonal[i] = diagonals / squared + rows[i];
        }
        return new Slope(Math.max(0, value), 1 / squared, 0, rows, diagonal);
    }
}
