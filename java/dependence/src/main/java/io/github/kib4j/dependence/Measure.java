package io.github.kib4j.dependence;

import io.github.kib4j.op.Device;
import io.github.kib4j.tensor.RefusedException;
import io.github.kib4j.tensor.Tensor;
import java.util.List;

/**
 * Measures of how dependent two variables are, from {@code n} paired samples with Gram matrices {@code K} of {@code x} and {@code L} of
 * {@code y} (docs/mathematics.md, section 12.1). All are symmetric in both variables. With a variable whose samples are all alike they
 * are 0. {@code H = I - 11'/n}.
 */
public enum Measure {
    /** {@code tr(K H L H) / n^2}, at least 0: the biased HSIC (Gretton et al., 2005, which divides by {@code (n-1)^2}). 2 samples or more. */
    HSIC("HSIC", Estimator.BIASED, false),
    /**
     * The unbiased HSIC, which may be negative (Song et al., 2012): with {@code K} and {@code L} without their diagonals {@code
     * [tr(K L) + 1'K1 1'L1 / ((n-1)(n-2)) - 2 1'K L1 / (n-2)] / (n (n-3))}. 4 samples or more.
     */
    HSIC_UNBIASED("The unbiased HSIC", Estimator.UNBIASED, false),
    /** {@code mean_ij (K_ij - mean(K)) L_ij}: the plausible HSIC (Pogodin and Latham, 2020). 2 samples or more. */
    PHSIC("pHSIC", Estimator.PLAUSIBLE, false),
    /**
     * {@code HSIC(K, L) / sqrt(HSIC(K, K) HSIC(L, L))} with the biased HSIC, between 0 and 1: centred kernel alignment (Kornblith et
     * al., 2019). 2 samples or more.
     */
    CKA("CKA", Estimator.BIASED, true),
    /** The same with the unbiased HSIC, between -1 and 1 (Nguyen et al., 2021). 4 samples or more. */
    CKA_UNBIASED("The unbiased CKA", Estimator.UNBIASED, true);

    private final String title;
    private final Estimator estimator;
    private final boolean isAlignment;

    Measure(String title, Estimator estimator, boolean isAlignment) {
        this.title = title;
        this.estimator = estimator;
        this.isAlignment = isAlignment;
    }

    /**
     * {@return the measure} Linear and cosine kernels take {@code O(n D^2)} work where {@code n} is at least {@code D}, of both
     * variables together, others {@code O(n^2 D)}; the memory is that of the samples, and of {@code D^2} numbers.
     *
     * <p>The reference computes in double; elsewhere similarities are right to a few units of single precision, and sums are in double.
     *
     * @param device computes it
     * @param x {@code n} samples and their kernel
     * @param y as many of the other variable
     * @throws RefusedException if the samples are not paired or too few, or a number is not finite or too large
     */
    public double of(Device device, Variable x, Variable y) {
        List<Variable> both = check(x, y);
        try (Pairs pairs = pairs(device, both)) {
            return value(pairs.sums(isAlignment));
        }
    }

    /**
     * {@return the measure, and its gradient with respect to the samples of {@code x}} With respect to {@code y}: exchange both. A pair of
     * which the kernel has no derivative adds 0: equal samples with the Laplace kernel, a zero sample with the cosine kernel. Where CKA
     * is 0 since samples are all alike, so is its gradient.
     *
     * @param device computes it
     * @param x {@code n} samples and their kernel
     * @param y as many of the other variable
     * @throws RefusedException as by {@link #of}, or if {@code x} has the delta kernel, or a kernel whose width is the median of {@code
     *     x}
     */
    public Gradient gradient(Device device, Variable x, Variable y) {
        List<Variable> both = check(x.differentiable("x"), y);
        try (Pairs pairs = pairs(device, both)) {
            Slope slope = slope(pairs.sums(isAlignment));
            return Gradient.of(
                    slope.value(),
                    pairs.gradient(slope),
                    0,
                    x.observations().count(),
                    x.observations().width());
        }
    }

    /**
     * {@return the measure, whose gradient is written to a tensor}
     *
     * @param device computes it
     * @param x {@code n} samples and their kernel
     * @param y as many of the other variable
     * @param dx receives the gradient with respect to {@code x}: as many numbers
     * @throws RefusedException as by {@link #gradient(Device, Variable, Variable)}, or if {@code dx} has another number of numbers
     */
    public double gradient(Device device, Variable x, Variable y, Tensor dx) {
        List<Variable> both = check(x.differentiable("x"), y);
        long numbers = (long) x.observations().count() * x.observations().width();
        if (dx.shape().size() != numbers) {
            throw new RefusedException(
                    "dx has " + dx.shape().size() + " numbers, x has " + numbers + "; both must have as many.");
        }
        try (Pairs pairs = pairs(device, both)) {
            Slope slope = slope(pairs.sums(isAlignment));
            dx.write(pairs.gradient(slope));
            return slope.value();
        }
    }

    private List<Variable> check(Variable x, Variable y) {
        List<Variable> both = List.of(x, y);
        PairMethods.check(title, estimator.leastCount(), both, "x", "y");
        return both;
    }

    private Pairs pairs(Device device, List<Variable> both) {
        return PairMethods.of(device, both, estimator != Estimator.PLAUSIBLE, "x", "y");
    }

    /** Returns the estimator of HSIC that it is made of. */
    Estimator estimator() {
        return estimator;
    }

    /** Returns what it is called at the beginning of a sentence. */
    String title() {
        return title;
    }

    /** Returns the factor that makes the measure of HSIC: 1, or of CKA that of both variables' own; 0 where one of them is 0. */
    double scale(PairSums sums) {
        if (!isAlignment) {
            return 1;
        }
        double own = Math.sqrt(estimator.ofItself(sums, 0)) * Math.sqrt(estimator.ofItself(sums, 1));
        return own == 0 ? 0 : 1 / own;
    }

    /** Returns whether sums of squares are needed. */
    boolean isAlignment() {
        return isAlignment;
    }

    private double value(PairSums sums) {
        return scale(sums) * estimator.of(sums);
    }

    /** Returns the measure and its derivatives: {@code d(f/sqrt(g h)) = (df - f/(2g) dg) / sqrt(g h)}. */
    Slope slope(PairSums sums) {
        Slope hsic = estimator.slope(sums);
        if (!isAlignment) {
            return hsic;
        }
        double scale = scale(sums);
        Slope own = estimator.slopeOfItself(sums);
        double share = scale == 0 ? 0 : -hsic.value() / (2 * own.value());
        return hsic.plus(share, own, scale, scale * hsic.value());
    }
}
