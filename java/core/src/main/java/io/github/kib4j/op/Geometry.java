package io.github.kib4j.op;

import io.github.kib4j.tensor.RefusedException;

/**
 * How weights meet their input: all of it (a matrix), or a window around each position (a convolution).
 *
 * @param kernel odd size {@code k} of a convolution's window; 0 for a matrix
 */
public record Geometry(int kernel) {
    /** A matrix. */
    public static final Geometry LINEAR = new Geometry(0);

    /**
     * Checks the size.
     *
     * @param kernel odd size of a convolution's window; 0 for a matrix
     */
    public Geometry {
        if (kernel != 0 && (kernel < 1 || kernel % 2 == 0)) {
            throw new RefusedException("A convolution's kernel size must be odd and positive, but is " + kernel + ".");
        }
    }

    /** {@return whether it is a convolution} */
    public boolean isConvolution() {
        return kernel > 0;
    }

    /** {@return the positions of zeros around an image: {@code (k-1)/2}} */
    public int padding() {
        return kernel / 2;
    }
}
