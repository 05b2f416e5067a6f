package io.github.kib4j.dependence;

import io.github.kib4j.op.Device;
import io.github.kib4j.op.Kernel;
import io.github.kib4j.tensor.RefusedException;
import java.util.List;

/**
 * Unbiased estimates as means over blocks of samples, for so many that all pairs are too many: {@code O(n b)} work for blocks of {@code b}
 * (Zaremba, Gretton and Blaschko, "B-tests: low variance kernel two-sample tests", NeurIPS 2013; of HSIC: Zhang, Filippi, Gretton and
 * Sejdinovic, "Large-scale kernel methods for independence testing", Statistics and Computing 28, 2018). Samples must be independent
 * draws; blocks are cut in their order, and what is left behind the last is not looked at. {@link Estimate#pValue} is that of the
 * test: the mean of many blocks is normal, and under the null hypothesis its own mean is 0.
 */
public final class BlockAverages {
    private BlockAverages() {}

    /**
     * {@return the mean of the unbiased HSIC of blocks, and its standard error from their spread}
     *
     * @param device computes it
     * @param x {@code n} samples and their kernel
     * @param y as many of the other variable
     * @param block how many samples are in a block, 4 or more; at most half of them
     * @throws RefusedException as by {@link Measure#of}, or if there are fewer than two blocks
     */
    public static Estimate hsic(Device device, Variable x, Variable y, int block) {
        int n = x.observations().count();
        PairMethods.check("An average of blocks", 2, List.of(x, y), "x", "y");
        check(block, 4, n, "x and y");
        double[] values = new double[n / block];
        Variable hostX = new Variable(x.observations().onHost(), x.kernel(), false);
        Variable hostY = new Variable(y.observations().onHost(), y.kernel(), false);
        for (int k = 0; k < values.length; k++) {
            values[k] = Measure.HSIC_UNBIASED.of(device, part(hostX, k, block), part(hostY, k, block));
        }
        return Estimate.of(values);
    }

    private static Variable part(Variable variable, int k, int block) {
        return Variable.of(variable.observations().part(k * block, block), variable.kernel());
    }

    /**
     * {@return the mean of the unbiased MMD of blocks, and its standard error from their spread}
     *
     * @param device computes it
     * @param x one sample
     * @param y the other; as many blocks are taken as both have
     * @param kernel compares two of either
     * @param block how many samples of each are in a block, 2 or more
     * @throws RefusedException as by {@link Discrepancy#of}, or if there are fewer than two blocks
     */
    public static Estimate mmd(Device device, Observations x, Observations y, Kernel kernel, int block) {
        Discrepancy.MMD_UNBIASED.check(x, y);
        int n = Math.min(x.count(), y.count());
        check(block, 2, n, "each");
        double[] values = new double[n / block];
        Observations hostX = x.onHost();
        Observations hostY = y.onHost();
        for (int k = 0; k < values.length; k++) {
            values[k] = Discrepancy.MMD_UNBIASED.of(
                    device, hostX.part(k * block, block), hostY.part(k * block, block), kernel);
        }
        return Estimate.of(values);
    }

    private static void check(int block, int least, int n, String name) {
        if (block < least || n / block < 2) {
            throw new RefusedException("block is " + block + ", but blocks need at least " + least
                    + " samples, and two of them at most the " + n + " of " + name + ".");
        }
    }
}
