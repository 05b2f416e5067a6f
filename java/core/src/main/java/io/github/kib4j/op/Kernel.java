package io.github.kib4j.op;

import io.github.kib4j.tensor.RefusedException;

/**
 * A similarity of two codes: linear {@code x.y}, cosine {@code x.y / (|x||y|)}, or Gaussian
 * {@code exp(-|x - y|^2 / (2 sigma^2))}.
 *
 * @param sigma width of the Gaussian; ignored by the others
 */
public record Kernel(Kind kind, double sigma) {
    /** The three kernels. */
    public enum Kind {
        /** {@code x.y}. */
        LINEAR,
        /** {@code x.y / (|x||y|)}; a zero code has similarity 0 to all, itself included. */
        COSINE,
        /** {@code exp(-|x - y|^2 / (2 sigma^2))}. */
        GAUSSIAN
    }

    /** The linear kernel. */
    public static final Kernel LINEAR = new Kernel(Kind.LINEAR, 1);
    /** The cosine kernel. */
    public static final Kernel COSINE = new Kernel(Kind.COSINE, 1);

    /**
     * A code {@code v} is dead, and similar to none by the cosine kernel, where {@code |v| <= 8 eps sqrt(G) |u|} with the codes'
     * precision {@code eps} and {@code u} the code before centring: what is left of it is rounding.
     */
    public static final double DEAD_FACTOR = 8;

    /**
     * Checks sigma.
     *
     * @param kind which kernel
     * @param sigma width of the Gaussian
     */
    public Kernel {
        if (!(sigma * sigma > 0) || !Double.isFinite(sigma * sigma) || sigma < 0) {
            throw new RefusedException(
                    "A kernel's sigma must be positive and finite, its square too, but is " + sigma + ".");
        }
    }

    /** {@return all that decides bits} */
    public Signature signature() {
        return Signature.EMPTY.with("kind", kind).with("sigma", sigma);
    }

    /**
     * {@return the Gaussian kernel of this width}
     *
     * @param sigma width of the Gaussian
     */
    public static Kernel gaussian(double sigma) {
        return new Kernel(Kind.GAUSSIAN, sigma);
    }
}
