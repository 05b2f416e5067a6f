package io.github.kib4j.op;

import io.github.kib4j.tensor.RefusedException;
import java.util.Arrays;
import java.util.List;
import java.util.function.DoubleUnaryOperator;
import java.util.stream.Collectors;

/**
 * A similarity of two codes: linear {@code x.y}, cosine {@code x.y / (|x||y|)}, or Gaussian {@code exp(-|x - y|^2 / (2 sigma^2))};
 * of a Gaussian kernel with several widths sigma the mean over them (docs/mathematics.md, equation 3.13).
 *
 * @param kind which of them
 * @param widths of the Gaussian, ascending; one that means nothing for the others
 */
public record Kernel(Kind kind, List<Double> widths) {
    /** The three kernels. */
    public enum Kind {
        /** {@code x.y}. */
        LINEAR,
        /** {@code x.y / (|x||y|)}; a zero code has similarity 0 to all, itself included. */
        COSINE,
        /** The mean of {@code exp(-|x - y|^2 / (2 sigma^2))} over the widths. */
        GAUSSIAN
    }

    /** The most widths of a Gaussian. */
    public static final int MOST_WIDTHS = 8;

    /** The linear kernel. */
    public static final Kernel LINEAR = new Kernel(Kind.LINEAR, List.of(1.0));
    /** The cosine kernel. */
    public static final Kernel COSINE = new Kernel(Kind.COSINE, List.of(1.0));

    /**
     * A code {@code v} is dead, and similar to none by the cosine kernel, where {@code |v| <= 8 eps sqrt(G) |u|} with the codes'
     * precision {@code eps} and {@code u} the code before centring: what is left of it is rounding.
     */
    public static final double DEAD_FACTOR = 8;

    /**
     * Checks the widths, and puts them in order.
     *
     * @param kind which kernel
     * @param widths of the Gaussian, in any order
     */
    public Kernel {
        widths = widths.stream().sorted().toList();
        if (widths.isEmpty() || widths.size() > MOST_WIDTHS) {
            throw new RefusedException("A Gaussian kernel has 1 to " + MOST_WIDTHS + " widths sigma, but there are "
                    + widths.size() + ".");
        }
        for (double sigma : widths) {
            if (!(sigma * sigma > 0) || !Double.isFinite(sigma * sigma) || sigma < 0) {
                throw new RefusedException(
                        "A kernel's sigma must be positive and finite, its square too, but is " + sigma + ".");
            }
        }
    }

    /** {@return all that decides bits} */
    public Signature signature() {
        String sigma = widths.stream().map(String::valueOf).collect(Collectors.joining(","));
        return Signature.EMPTY.with("kind", kind).with("sigma", sigma);
    }

    /**
     * {@return the Gaussian kernel of this width, or the mean of those of several}
     *
     * @param widths sigma, at most 8
     */
    public static Kernel gaussian(double... widths) {
        return new Kernel(Kind.GAUSSIAN, Arrays.stream(widths).boxed().toList());
    }

    /**
     * {@return the Gaussian kernel of two codes}
     *
     * @param squares their squared distance
     */
    public double gaussianOf(double squares) {
        return mean(sigma -> Math.exp(-squares / sigma / sigma / 2));
    }

    /**
     * {@return {@link #gaussianOf} less 1, of which nothing is lost where codes are alike}
     *
     * @param squares the codes' squared distance
     */
    public double gaussianLessOne(double squares) {
        return mean(sigma -> Math.expm1(-squares / sigma / sigma / 2));
    }

    /**
     * {@return by what the Gaussian kernel falls with half the squared distance: the mean of {@code exp(...) / sigma^2}}
     *
     * @param squares the codes' squared distance
     */
    public double gaussianSlope(double squares) {
        return mean(sigma -> Math.exp(-squares / sigma / sigma / 2) / sigma / sigma);
    }

    private double mean(DoubleUnaryOperator ofWidth) {
        double sum = 0;
        for (double sigma : widths) {
            sum += ofWidth.applyAsDouble(sigma);
        }
        return sum / widths.size();
    }
}
