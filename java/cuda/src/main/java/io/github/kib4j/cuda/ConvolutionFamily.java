package io.github.kib4j.cuda;

import io.github.kib4j.tensor.RefusedException;
import java.util.Arrays;
import java.util.Locale;
import java.util.stream.Collectors;

/** The ways to compute a layer's products, and the setting that asks for one. */
enum ConvolutionFamily {
    /** What was measured to be fastest, for each product. */
    AUTO,
    /** cuDNN's convolutions. */
    CUDNN,
    /** cuDNN's convolutions, the input's channels filled up with zeros to a multiple of 8. */
    PADDED,
    /** The weight gradient as a product of matrices for each position of the window, over images with a border of zeros. */
    SHIFTED,
    /** Windows copied into the rows of a matrix, for inputs of few channels; not of the data gradient. */
    WINDOWS,
    /** One product of matrices: all there is where the window is one position. */
    MATRIX;

    /**
     * {@return the family of this name}
     *
     * @param name as {@link #toString} gives it
     * @throws RefusedException if there is none of this name; the sentence lists them
     */
    static ConvolutionFamily of(String name) {
        return Arrays.stream(values())
                .filter(family -> family.toString().equals(name))
                .findFirst()
                .orElseThrow(() -> new RefusedException(
                        "The cuda device's setting 'convolution' is one of " + names() + ", not '" + name + "'."));
    }

    /** {@return all names, with commas} */
    static String names() {
        return Arrays.stream(values()).map(ConvolutionFamily::toString).collect(Collectors.joining(", "));
    }

    /** Returns the name in lower case. */
    @Override
    public String toString() {
        return name().toLowerCase(Locale.ROOT);
    }
}
