package io.github.kib4j.layer;

import io.github.kib4j.op.Grouping;
import io.github.kib4j.tensor.RefusedException;

/**
 * One sample's change of a linear layer's weights as a product (docs/mathematics.md, equation 4.9), to be read: what arrived at a
 * synapse, what its unit did, and one number that the unit's whole group is told. The descended gradient is
 *
 * <pre>
 * dW[k,m] = third[g(k)] post[k] pre[m]
 *
 * third[g] = (2p/n) s[g]^(p+q-1) du[g]     of which the power of s is 1 where p + q = 1
 * post[k]  = r[k] f'(a[k])                 without divisive normalization (z[k] - zbar[g(k)]) f'(a[k])
 * pre[m]   = x[m]
 * </pre>
 *
 * Without grouping each unit is a group of its own, {@code third = du} and {@code post = f'(a)}.
 *
 * @param pre {@code [D]}
 * @param post {@code [N]}
 * @param third {@code [G]}, or {@code [N]} without grouping
 */
@SuppressWarnings("ArrayRecordComponent") // is not compared
public record ThreeFactors(double[] pre, double[] post, double[] third) {
    /**
     * {@return the factors of one sample}
     *
     * @param layer linear, without batch normalization, whose post-synaptic term is not of one sample
     * @param weights {@code [N, D]}, row-major
     * @param x {@code [D]}: what the layer reads
     * @param du {@code [G]}, or {@code [N]} without grouping: the objective's gradient with respect to the sample's code
     * @throws RefusedException if the layer is another one, or the arrays do not fit it
     */
    public static ThreeFactors of(LayerSpec layer, double[] weights, double[] x, double[] du) {
        if (layer.isConvolution() || layer.batchNorm()) {
            throw new RefusedException(
                    "The three factors are written out for linear layers without batch normalization.");
        }
        int n = layer.units();
        Grouping grouping = layer.grouping();
        int groups = grouping == null ? n : grouping.groups();
        if (weights.length != n * x.length || du.length != groups || n % groups != 0) {
            throw new RefusedException("Of a layer of " + n + " units with " + x.length + " inputs and " + groups
                    + " groups there are not " + weights.length + " weights and " + du.length + " third factors.");
        }
        double[] z = new double[n];
        double[] slope = new double[n];
        for (int k = 0; k < n; k++) {
            double a = 0;
            for (int m = 0; m < x.length; m++) {
                a += weights[k * x.length + m] * x[m];
            }
            z[k] = layer.activation().of(a);
            slope[k] = layer.activation().slope(z[k], a > 0);
        }
        return grouping == null ? new ThreeFactors(x.clone(), slope, du.clone()) : grouped(grouping, x, z, slope, du);
    }

    private static ThreeFactors grouped(Grouping grouping, double[] x, double[] z, double[] slope, double[] du) {
        int n = z.length / grouping.groups();
        double[] post = new double[z.length];
        double[] third = new double[grouping.groups()];
        for (int g = 0; g < third.length; g++) {
            double mean = 0;
            for (int k = g * n; k < (g + 1) * n; k++) {
                mean += z[k] / n;
            }
            double s = grouping.delta() / n;
            for (int k = g * n; k < (g + 1) * n; k++) {
                s += (z[k] - mean) * (z[k] - mean) / n;
            }
            if (s == 0) { // all activities equal, and no delta: nothing changes
                continue;
            }
            double q = grouping.divisivePower();
            third[g] = 2 * grouping.power() / n * Math.pow(s, grouping.power() + q - 1) * du[g];
            for (int k = g * n; k < (g + 1) * n; k++) {
                post[k] = (z[k] - mean) * Math.pow(s, -q) * slope[k];
            }
        }
        return new ThreeFactors(x.clone(), post, third);
    }

    /**
     * {@return the gradient that they are of, {@code [N, D]}, row-major: the weights change against it}
     */
    public double[] product() {
        double[] dw = new double[post.length * pre.length];
        int n = post.length / third.length;
        for (int k = 0; k < post.length; k++) {
            for (int m = 0; m < pre.length; m++) {
                dw[k * pre.length + m] = third[k / n] * post[k] * pre[m];
            }
        }
        return dw;
    }
}
