package io.github.kib4j.testkit;

import io.github.kib4j.testkit.OperationCase.Bound;
import java.util.Arrays;

/** Bounds on errors. */
final class Bounds {
    private Bounds() {}

    /** Returns a tolerance of {@code relative} times the largest expected number, and {@code floor}. */
    static Bound ofLargest(double relative, double floor) {
        return expected -> {
            double[] tolerances = new double[expected.length];
            Arrays.fill(tolerances, relative * largest(expected, 0, expected.length) + floor);
            return tolerances;
        };
    }

    /** Returns tolerances of {@code relative} times each expected number, and {@code floor}. */
    static Bound ofEach(double relative, double floor) {
        return expected ->
                Arrays.stream(expected).map(x -> relative * Math.abs(x) + floor).toArray();
    }

    /**
     * Returns tolerances for {@code [outer, runs, length]} in this order: {@code relative} times the largest expected number with
     * the same index in the middle, and {@code floor}.
     */
    static Bound ofRuns(int runs, int length, double relative, double floor) {
        return expected -> {
            double[] scales = new double[runs];
            for (int i = 0; i < expected.length; i += length) {
                int run = i / length % runs;
                scales[run] = Math.max(scales[run], largest(expected, i, i + length));
            }
            double[] tolerances = new double[expected.length];
            for (int i = 0; i < expected.length; i++) {
                tolerances[i] = relative * scales[i / length % runs] + floor;
            }
            return tolerances;
        };
    }

    private static double largest(double[] numbers, int start, int end) {
        double largest = 0;
        for (int i = start; i < end; i++) {
            largest = Double.isNaN(numbers[i]) ? largest : Math.max(largest, Math.abs(numbers[i]));
        }
        return largest;
    }
}
