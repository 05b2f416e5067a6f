package io.github.kib4j.dependence;

/** Computes sums over pairs of samples on a device, and gradients with respect to the first variable's. */
interface Pairs extends AutoCloseable {
    /**
     * Returns the sums.
     *
     * @param withSquares whether the sums of squares are needed; else they may be 0
     */
    PairSums sums(boolean withSquares);

    /** Returns the gradient of a function of the sums, which were asked for before, with respect to the first variable: {@code n x D}. */
    double[] gradient(Slope slope);

    @Override
    void close();
}
