package io.github.kib4j.op;

import io.github.kib4j.tensor.RefusedException;
import java.util.Arrays;
import java.util.List;
import java.util.function.DoubleUnaryOperator;
import java.util.stream.Collectors;

/**
 * A similarity of two codes {@code x} and {@code y}: linear {@code x.y}, cosine {@code x.y / (|x||y|)}, Gaussian
 * {@code exp(-|x - y|^2 / (2 sigma^2))}, Laplace {@code exp(-|x - y| / sigma)}, inverse multiquadric
 * {@code 1 / sqrt(1 + |x - y|^2 / sigma^2)}, or delta (1 where they are equal, else 0); of a kernel with several widths sigma the mean
 * over them (docs/mathematics.md, equations 3.13 and 11.9). Local objectives take the first three, dependence measures all.
 *
 * @param kind which of them
 * @param widths of the Gaussian, Laplace and inverse multiquadric, ascending; one that means nothing for the others
 */
public record Kernel(Kind kind, List<Double> widths) {
    /** The kernels. */
    public enum Kind {
        /** {@code x.y}. */
        LINEAR,
        /** {@code x.y / (|x||y|)}; a zero code has similarity 0 to all, itself included. */
        COSINE,
        /** The mean of {@code exp(-|x - y|^2 / (2 sigma^2))} over the widths. */
        GAUSSIAN,
        /** The mean of {@code exp(-|x - y| / sigma)} over the widths, with the Euclidean length. */
        LAPLACE,
        /** The mean of {@code 1 / sqrt(1 + |x - y|^2 / sigma^2)} over the widths. */
        INVERSE_MULTIQUADRIC,
        /** 1 where all numbers of two codes are equal, else 0: for class labels, as numbers or one-hot. */
        DELTA
    }

    /** The most widths of a kernel. */
    public static final int MOST_WIDTHS = 8;

    /** The linear kernel. */
    public static final Kernel LINEAR = new Kernel(Kind.LINEAR, List.of(1.0));
    /** The cosine kernel. */
    public static final Kernel COSINE = new Kernel(Kind.COSINE, List.of(1.0));
    /** The delta kernel. */
    public static final Kernel DELTA = new Kernel(Kind.DELTA, List.of(1.0));

    /**
     * A code {@code v} is dead, and similar to none by the cosine kernel, where {@code |v| <= 8 eps sqrt(G) |u|} with the codes'
     * precision {@code eps} and {@code u} the code before centring: what is left of it is rounding.
     */
    public static final double DEAD_FACTOR = 8;

    /**
     * Checks the widths, and puts them in order.
     *
     * @param kind which kernel
     * @param widths of the Gaussian, Laplace and inverse multiquadric, in any order
     */
    public Kernel {
        widths = widths.stream().sorted().toList();
        if (widths.isEmpty() || widths.size() > MOST_WIDTHS) {
            throw new RefusedException((switch (kind) {
                        case LAPLACE -> "A Laplace";
                        case INVERSE_MULTIQUADRIC -> "An inverse multiquadric";
                        default -> "A Gaussian";
                    })
                    + " kernel has 1 to " + MOST_WIDTHS + " widths sigma, but there are " + widths.size()
                    + ".");
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
        return of(Kind.GAUSSIAN, widths);
    }

    /**
     * {@return the Laplace kernel of this width, or the mean of those of several}
     *
     * @param widths sigma, at most 8
     */
    public static Kernel laplace(double... widths) {
        return of(Kind.LAPLACE, widths);
    }

    /**
     * {@return the inverse multiquadric kernel of this width, or the mean of those of several}
     *
     * @param widths sigma, at most 8
     */
    public static Kernel inverseMultiquadric(double... widths) {
        return of(Kind.INVERSE_MULTIQUADRIC, widths);
    }

    private static Kernel of(Kind kind, double... widths) {
        return new Kernel(kind, Arrays.stream(widths).boxed().toList());
    }

    /** {@return whether local objectives take it: linear, cosine and Gaussian} */
    public boolean isOfObjectives() {
        return kind == Kind.LINEAR || kind == Kind.COSINE || kind == Kind.GAUSSIAN;
    }

    /**
     * {@return the kernel}
     *
     * @throws RefusedException if local objectives do not take it
     */
    Kernel ofObjectives() {
        if (!isOfObjectives()) {
            throw new RefusedException("A local objective compares by the linear, cosine or Gaussian kernel, not by "
                    + kind + ", which dependence measures alone take.");
        }
        return this;
    }

    /**
     * {@return the kernel of two codes, for kernels of the distance: all but linear and cosine}
     *
     * @param squares the codes' squared distance
     * @throws IllegalStateException if it is no kernel of the distance
     */
    public double ofSquares(double squares) {
        return switch (kind) {
            case GAUSSIAN -> gaussianOf(squares);
            case LAPLACE -> mean(sigma -> Math.exp(-Math.sqrt(squares) / sigma));
            case INVERSE_MULTIQUADRIC -> mean(sigma -> 1 / Math.sqrt(1 + squares / sigma / sigma));
            case DELTA -> squares == 0 ? 1 : 0;
            case LINEAR, COSINE -> throw new IllegalStateException(kind + " is no kernel of the distance.");
        };
    }

    /**
     * {@return by what the kernel falls with half the squared distance; 0 for the Laplace kernel of equal codes, which has no
     * derivative there}
     *
     * @param squares the codes' squared distance
     * @throws IllegalStateException if it is no kernel of the distance, or delta
     */
    public double slope(double squares) {
        return switch (kind) {
            case GAUSSIAN -> gaussianSlope(squares);
            case LAPLACE ->
                squares == 0 ? 0 : mean(sigma -> Math.exp(-Math.sqrt(squares) / sigma) / sigma / Math.sqrt(squares));
            case INVERSE_MULTIQUADRIC -> mean(sigma -> Math.pow(1 + squares / sigma / sigma, -1.5) / sigma / sigma);
            case LINEAR, COSINE, DELTA -> throw new IllegalStateException(kind + " has no slope in the distance.");
        };
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
