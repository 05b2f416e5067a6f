package io.github.kib4j.dependence;

import io.github.kib4j.op.GramOps;
import io.github.kib4j.op.Kernel;
import io.github.kib4j.tensor.RefusedException;
import io.github.kib4j.tensor.Scope;

/**
 * A random variable: samples of it, and the kernel that compares two of them.
 *
 * @param observations its samples
 * @param kernel compares two of them
 * @param isWidthOfSamples whether the kernel's width is a function of the samples, through which no gradient goes
 */
public record Variable(Observations observations, Kernel kernel, boolean isWidthOfSamples) {
    /**
     * {@return a variable}
     *
     * @param observations its samples
     * @param kernel compares two of them
     */
    public static Variable of(Observations observations, Kernel kernel) {
        return new Variable(observations, kernel, false);
    }

    /**
     * {@return a variable}
     *
     * @param rows {@code n} samples of {@code D} numbers, as {@link Observations#of(double[][])} has them
     * @param kernel compares two of them
     */
    public static Variable of(double[][] rows, Kernel kernel) {
        return of(Observations.of(rows), kernel);
    }

    /**
     * {@return a variable}
     *
     * @param rows {@code n} samples of {@code D} numbers
     * @param kernel compares two of them
     */
    public static Variable of(float[][] rows, Kernel kernel) {
        return of(Observations.of(rows), kernel);
    }

    /**
     * {@return a variable whose kernel is as wide as its samples are apart: the median heuristic, {@link MedianHeuristic#width}}
     *
     * <p>Of such a variable there is no gradient, since the width follows the samples, and a median of tied distances has no
     * derivative; {@link #withConstantWidth} takes the width for a number that was given.
     *
     * @param observations its samples
     * @param kind Gaussian, Laplace or inverse multiquadric
     * @param seed which samples the median is of, if they are many
     * @throws RefusedException if the kernel has no width, or the median distance is 0
     */
    public static Variable withMedian(Observations observations, Kernel.Kind kind, long seed) {
        return new Variable(observations, MedianHeuristic.kernel(kind, seed, observations), true);
    }

    /** {@return this variable with its width as a constant, which gradients do not ask about} */
    public Variable withConstantWidth() {
        return of(observations, kernel);
    }

    /** Returns it, if gradients can be with respect to its samples. */
    Variable differentiable(String name) {
        if (isWidthOfSamples) {
            throw new RefusedException("The width of the kernel of " + name + ", "
                    + kernel.widths().get(0)
                    + ", is the median of its distances, through which no gradient goes (of ties there is none); take it as a"
                    + " constant by withConstantWidth().");
        }
        if (kernel.kind() == Kernel.Kind.DELTA) {
            throw new RefusedException("The delta kernel of " + name
                    + " has no gradient; take the gradient with respect to another variable.");
        }
        return this;
    }

    /**
     * Returns it as a device's operations take it.
     *
     * @param name what it is called where it is refused
     * @param ignoresShifts whether the measure of linear kernels stays the same where samples are shifted
     */
    GramOps.Samples on(Scope scope, String name, boolean ignoresShifts) {
        boolean isDoubleOfDistance = hasWidth() && !observations.isSingle() && !observations.isTensor();
        boolean isShifted = kernel.kind() == Kernel.Kind.LINEAR && ignoresShifts;
        Observations taken = isDoubleOfDistance || isShifted ? observations.centred(name) : observations;
        return new GramOps.Samples(taken.tensor(scope, name), kernel);
    }

    /** Returns its kernel in words. */
    String kernelText() {
        return kernel.kind() + (hasWidth() ? " of width " + kernel.widths() : "");
    }

    /** Returns whether its kernel is one of the distance, which shifts do not change. */
    private boolean hasWidth() {
        return switch (kernel.kind()) {
            case GAUSSIAN, LAPLACE, INVERSE_MULTIQUADRIC -> true;
            case LINEAR, COSINE, DELTA -> false;
        };
    }

    @Override
    public String toString() {
        return observations + " by " + kernelText();
    }
}
