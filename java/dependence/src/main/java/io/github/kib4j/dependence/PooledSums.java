package io.github.kib4j.dependence;

import io.github.kib4j.op.Device;
import io.github.kib4j.op.Kernel;
import java.util.List;

/**
 * Sums over pairs of two samples, {@code m} of {@code x} and {@code n} of {@code y} (docs/mathematics.md, equation 12.7).
 *
 * @param m how many of {@code x}
 * @param n how many of {@code y}
 * @param xx {@code sum_{i != j} k(x_i, x_j)}
 * @param yy {@code sum_{i != j} k(y_i, y_j)}
 * @param xy {@code sum_ij k(x_i, y_j)}
 * @param xDiagonal {@code sum_i k(x_i, x_i)}
 * @param yDiagonal {@code sum_i k(y_i, y_i)}
 */
record PooledSums(int m, int n, double xx, double yy, double xy, double xDiagonal, double yDiagonal) {
    static PooledSums of(Device device, Observations x, Observations y, Kernel kernel) {
        Observations z = together(x, y, kernel);
        PairSums pooled = pooled(device, z, kernel, false);
        double xx = pairs(device, z.part(0, x.count()), kernel);
        double yy = pairs(device, z.part(x.count(), y.count()), kernel);
        return of(pooled, x.count(), xx, yy);
    }

    /** Returns both, with the linear kernel less their mean, which MMD does not mind. */
    static Observations together(Observations x, Observations y, Kernel kernel) {
        Observations z = Observations.together(x, y);
        return kernel.kind() == Kernel.Kind.LINEAR ? z.centred("the samples") : z;
    }

    private static double pairs(Device device, Observations samples, Kernel kernel) {
        return PairSums.sum(pooled(device, samples, kernel, false).rows()[0]);
    }

    static PairSums pooled(Device device, Observations samples, Kernel kernel, boolean withSquares) {
        try (Pairs pairs = PairMethods.of(device, List.of(Variable.of(samples, kernel)), false, "the samples")) {
            return pairs.sums(withSquares);
        }
    }

    private static PooledSums of(PairSums pooled, int m, double xx, double yy) {
        double[] rows = pooled.rows()[0];
        double[] diagonal = pooled.diagonals()[0];
        double all = 0;
        double xDiagonal = 0;
        double yDiagonal = 0;
        for (int i = 0; i < rows.length; i++) {
            all += rows[i];
            xDiagonal += i < m ? diagonal[i] : 0;
            yDiagonal += i < m ? 0 : diagonal[i];
        }
        return new PooledSums(m, rows.length - m, xx, yy, (all - xx - yy) / 2, xDiagonal, yDiagonal);
    }
}
