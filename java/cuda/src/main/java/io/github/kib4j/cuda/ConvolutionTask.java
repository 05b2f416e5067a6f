package io.github.kib4j.cuda;

import io.github.kib4j.cuda.ConvolutionKernels.Images;
import io.github.kib4j.tensor.DataType;
import java.util.Locale;

/**
 * A product of a layer, without its memory: a convolution of stride 1 over channels-last images, or one of its gradients. A matrix is
 * a window of one position over images of one position.
 *
 * @param direction what is computed
 * @param batch images
 * @param channels of the input
 * @param height of an image
 * @param width of an image
 * @param filters channels of the output
 * @param kernel odd size of the window
 * @param type of {@code x}, {@code dy} and {@code dx}
 * @param weights type of the weights; F32 for their gradient
 * @param result type of what is computed
 * @param bias whether a bias is added to the output
 */
record ConvolutionTask(
        Direction direction,
        int batch,
        int channels,
        int height,
        int width,
        int filters,
        int kernel,
        DataType type,
        DataType weights,
        DataType result,
        boolean bias) {
    /** What is computed from what. */
    enum Direction {
        /** {@code y} from {@code x} and {@code w}. */
        FORWARD,
        /** {@code dw} from {@code x} and {@code dy}. */
        WEIGHT_GRADIENT,
        /** {@code dx} from {@code w} and {@code dy}. */
        DATA_GRADIENT;

        @Override
        public String toString() {
            return name().toLowerCase(Locale.ROOT).replace('_', ' ');
        }
    }

    /** Returns the same of another number of images. */
    ConvolutionTask withBatch(int images) {
        return new ConvolutionTask(
                direction, images, channels, height, width, filters, kernel, type, weights, result, bias);
    }

    /** Returns the positions of all images. */
    long rows() {
        return (long) batch * height * width;
    }

    /** Returns the weights of a filter. */
    long window() {
        return (long) kernel * kernel * channels;
    }

    /** Returns the size of {@code x}. */
    Images inputs() {
        return new Images(batch, height, width, channels);
    }

    /** Returns the size of {@code y}. */
    Images outputs() {
        return new Images(batch, height, width, filters);
    }

    /** Returns the size of {@code w}. */
    Images filterImages() {
        return new Images(filters, kernel, kernel, channels);
    }

    int padding() {
        return kernel / 2;
    }

    /** Returns whether a window is one position, so that it all is one product of matrices. */
    boolean isMatrix() {
        return kernel == 1;
    }

    /** Returns the bytes of {@code x}, or {@code dx}. */
    long inputBytes() {
        return rows() * channels * type.bytes();
    }

    /** Returns the bytes of {@code w}, or {@code dw}. */
    long weightBytes() {
        return filters * window() * weights.bytes();
    }

    /** Returns the bytes of {@code y}, or {@code dy}. */
    long outputBytes() {
        return rows() * filters * (direction == Direction.FORWARD ? result : type).bytes();
    }

    /** Returns multiplications and additions of the plain sums. */
    double operations() {
        return 2.0 * rows() * filters * window();
    }

    /** Returns it in one line, which two tasks share if and only if they are equal. */
    @Override
    public String toString() {
        String images = height * width == 1 ? "" : " " + height + "x" + width;
        return direction + " " + kernel + "x" + kernel + " " + channels + "->" + filters + images + " batch " + batch
                + " "
                + type + (weights == type ? "" : " weights " + weights) + (result == type ? "" : " result " + result)
                + (bias ? " bias" : "");
    }
}
