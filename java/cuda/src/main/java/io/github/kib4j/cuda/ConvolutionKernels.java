package io.github.kib4j.cuda;

import io.github.kib4j.bindings.Specs;
import io.github.kib4j.bindings.internal.kib_queue;
import io.github.kib4j.cuda.internal.kib_convolution_images;
import io.github.kib4j.cuda.internal.kib_cuda;
import io.github.kib4j.tensor.DataType;
import org.bytedeco.javacpp.BytePointer;
import org.bytedeco.javacpp.FloatPointer;

/** The project's own kernels that products need; {@code kib/convolution.h} and {@code kib/layout.h} say what they do. */
record ConvolutionKernels(CudaKernels library) {
    /** The size of images or filters, channels last. */
    record Images(long count, long height, long width, long channels) {
        long numbers() {
            return count * height * width * channels;
        }

        Images withChannels(long other) {
            return new Images(count, height, width, other);
        }
    }

    private static kib_queue queue(Queue queue) {
        return new kib_queue().threads(0).stream(queue.stream());
    }

    private static kib_convolution_images images(Images images) {
        return new kib_convolution_images()
                .count(images.count())
                .height(images.height())
                .width(images.width())
                .channels(images.channels());
    }

    /** Returns what copies images into others of more or fewer positions and channels, {@code lead} zero positions before them. */
    Runnable fit(BytePointer out, BytePointer in, DataType type, Images to, Images from, long lead, Queue queue) {
        kib_convolution_images toImages = images(to);
        kib_convolution_images fromImages = images(from);
        kib_queue stream = queue(queue);
        int number = Specs.type(type);
        return () -> library.check(kib_cuda.kib_convolution_fit(out, in, number, toImages, fromImages, lead, stream));
    }

    /** Returns what copies each position's window into a row of {@code row} numbers. */
    Runnable windows(BytePointer out, BytePointer in, DataType type, Images from, int kernel, long row, Queue queue) {
        kib_convolution_images images = images(from);
        kib_queue stream = queue(queue);
        int number = Specs.type(type);
        return () -> library.check(kib_cuda.kib_convolution_windows(out, in, number, images, kernel, row, stream));
    }

    /** Returns what adds a number to each channel of rows. */
    Runnable addBias(BytePointer y, BytePointer bias, DataType type, long rows, long channels, Queue queue) {
        kib_queue stream = queue(queue);
        FloatPointer numbers = new FloatPointer(bias);
        int number = Specs.type(type);
        return () -> library.check(kib_cuda.kib_convolution_add_bias(y, numbers, number, rows, channels, stream));
    }

    /** Returns what rounds F32 to BF16. */
    Runnable narrow(BytePointer narrow, BytePointer wide, long count, Queue queue) {
        kib_queue stream = queue(queue);
        FloatPointer from = new FloatPointer(wide);
        int number = Specs.type(DataType.BF16);
        return () -> library.check(library.kernels().layout_narrow(narrow, from, number, count, stream));
    }

    /** Returns what makes BF16 F32. */
    Runnable widen(BytePointer wide, BytePointer narrow, long count, Queue queue) {
        kib_queue stream = queue(queue);
        FloatPointer to = new FloatPointer(wide);
        int number = Specs.type(DataType.BF16);
        return () -> library.check(library.kernels().layout_widen(to, narrow, number, count, stream));
    }
}
