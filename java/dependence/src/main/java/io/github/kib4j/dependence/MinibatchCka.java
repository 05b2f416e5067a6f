package io.github.kib4j.dependence;

import io.github.kib4j.op.Device;
import io.github.kib4j.tensor.RefusedException;
import java.math.BigDecimal;
import java.util.List;

/**
 * CKA of more samples than are at hand at a time: batches are looked at one by one, and what is kept of them adds up (Nguyen, Raghu and
 * Kornblith, "Do wide and deep networks learn the same things?", ICLR 2021; docs/mathematics.md, equation 12.5):
 *
 * <pre>{@code
 * sum_b HSIC(K_b, L_b) / sqrt(sum_b HSIC(K_b, K_b)  sum_b HSIC(L_b, L_b))
 * }</pre>
 *
 * with the unbiased HSIC of each batch {@code b}, so that in expectation the size of batches does not matter. The three sums are exact:
 * in whatever order batches, threads and machines are added, they are the same to the last bit. Immutable; the components are all
 * there is to store or send.
 *
 * @param batches how many were added
 * @param cross the sum of {@code HSIC(K_b, L_b)}
 * @param ofX the sum of {@code HSIC(K_b, K_b)}, not negative
 * @param ofY the sum of {@code HSIC(L_b, L_b)}, not negative
 */
public record MinibatchCka(long batches, BigDecimal cross, BigDecimal ofX, BigDecimal ofY) {
    /** Nothing yet. */
    public static final MinibatchCka EMPTY = new MinibatchCka(0, BigDecimal.ZERO, BigDecimal.ZERO, BigDecimal.ZERO);

    /**
     * Makes equal numbers equal, and checks that they can be sums of batches.
     *
     * @param batches how many were added
     * @param cross the sum of {@code HSIC(K_b, L_b)}
     * @param ofX the sum of {@code HSIC(K_b, K_b)}
     * @param ofY the sum of {@code HSIC(L_b, L_b)}
     * @throws RefusedException if a number is negative that cannot be
     */
    public MinibatchCka {
        cross = cross.stripTrailingZeros();
        ofX = ofX.stripTrailingZeros();
        ofY = ofY.stripTrailingZeros();
        if (batches < 0 || ofX.signum() < 0 || ofY.signum() < 0) {
            throw new RefusedException("Sums of minibatch CKA have no negative batches, ofX or ofY, but these are "
                    + batches + ", " + ofX.doubleValue() + " and " + ofY.doubleValue() + ".");
        }
    }

    /**
     * {@return these sums and a batch more}
     *
     * @param device computes its part
     * @param x 4 samples or more and their kernel
     * @param y as many of the other variable
     * @throws RefusedException as by {@link Measure#of}
     */
    public MinibatchCka add(Device device, Variable x, Variable y) {
        List<Variable> both = List.of(x, y);
        PairMethods.check("Minibatch CKA", Estimator.UNBIASED.leastCount(), both, "x", "y");
        try (Pairs pairs = PairMethods.of(device, both, true, "x", "y")) {
            PairSums sums = pairs.sums(true);
            return plus(new MinibatchCka(
                    1,
                    new BigDecimal(Estimator.UNBIASED.of(sums)),
                    new BigDecimal(Estimator.UNBIASED.ofItself(sums, 0)),
                    new BigDecimal(Estimator.UNBIASED.ofItself(sums, 1))));
        }
    }

    /**
     * {@return both together, exactly}
     *
     * @param other sums of other batches
     */
    public MinibatchCka plus(MinibatchCka other) {
        return new MinibatchCka(
                batches + other.batches, cross.add(other.cross), ofX.add(other.ofX), ofY.add(other.ofY));
    }

    /** {@return minibatch CKA; 0 where of one variable all samples were alike, or there was no batch} */
    public double value() {
        double own = Math.sqrt(ofX.doubleValue()) * Math.sqrt(ofY.doubleValue());
        return own == 0 ? 0 : cross.doubleValue() / own;
    }
}
