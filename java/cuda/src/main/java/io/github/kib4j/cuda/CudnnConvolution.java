package io.github.kib4j.cuda;

import static org.bytedeco.cuda.global.cudnn.*;

import io.github.kib4j.cuda.ConvolutionTask.Direction;
import io.github.kib4j.op.Lane;
import io.github.kib4j.tensor.DataType;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.function.IntSupplier;
import org.bytedeco.cuda.cudnn.cudnnContext;
import org.bytedeco.cuda.cudnn.cudnnConvolutionBwdDataAlgoPerf_t;
import org.bytedeco.cuda.cudnn.cudnnConvolutionBwdFilterAlgoPerf_t;
import org.bytedeco.cuda.cudnn.cudnnConvolutionFwdAlgoPerf_t;
import org.bytedeco.cuda.cudnn.cudnnConvolutionStruct;
import org.bytedeco.cuda.cudnn.cudnnFilterStruct;
import org.bytedeco.cuda.cudnn.cudnnTensorStruct;
import org.bytedeco.javacpp.BytePointer;
import org.bytedeco.javacpp.FloatPointer;
import org.bytedeco.javacpp.IntPointer;
import org.bytedeco.javacpp.SizeTPointer;
import org.jspecify.annotations.Nullable;

/**
 * A convolution or one of its gradients by cuDNN's three calls of old, over channels-last images: by those of its algorithms that
 * promise equal bits.
 */
final class CudnnConvolution {
    private static final int MOST = 8;

    /** The largest workspace that an algorithm may ask for. */
    private static final long MOST_BYTES = 1L << 30;

    private static final FloatPointer ONE = new FloatPointer(1f);
    private static final FloatPointer ZERO = new FloatPointer(0f);

    private final Cudnn library;
    private final Direction direction;
    private final cudnnTensorStruct x;
    private final cudnnFilterStruct w;
    private final cudnnTensorStruct y;
    private final cudnnConvolutionStruct convolution;
    private final boolean isMixed;
    private final List<Algorithm> algorithms;

    /**
     * Describes it.
     *
     * @param task gives direction, sizes, and the type of images
     * @param channels of the input: the task's, or more
     * @param filterType of the filters, or of their gradient
     */
    CudnnConvolution(
            Cudnn library, ConvolutionTask task, int channels, DataType filterType, SinglePrecision precision) {
        this.library = library;
        direction = task.direction();
        x = library.images(task.type(), task.batch(), channels, task.height(), task.width());
        y = library.images(task.type(), task.batch(), task.filters(), task.height(), task.width());
        w = library.filters(filterType, task.filters(), channels, task.kernel());
        boolean exact = task.type() == DataType.F32 && precision == SinglePrecision.F32;
        isMixed = filterType != task.type();
        convolution = library.convolution(task.padding(), exact ? CUDNN_FMA_MATH : CUDNN_TENSOR_OP_MATH);
        algorithms = ask();
    }

    /** An algorithm of cuDNN's for a convolution, by its number. */
    record Algorithm(int number, long scratchBytes) {}

    /** Returns the algorithms that promise equal bits, those first that cuDNN's heuristic takes for the fastest. */
    List<Algorithm> algorithms() {
        return algorithms;
    }

    private List<Algorithm> ask() {
        List<Algorithm> algorithms = new ArrayList<>();
        try (SizeTPointer bytes = new SizeTPointer(1)) {
            for (int number : repeatable()) {
                if (workspace(number, bytes) != CUDNN_STATUS_SUCCESS) {
                    CudaStatus.saidByDnn();
                } else if (bytes.get() <= MOST_BYTES) {
                    algorithms.add(new Algorithm(number, bytes.get()));
                }
            }
        }
        return algorithms;
    }

    private Set<Integer> repeatable() {
        Set<Integer> numbers = new LinkedHashSet<>();
        cudnnContext handle = library.handle(Lane.MAIN);
        try (IntPointer count = new IntPointer(1)) {
            switch (direction) {
                case FORWARD -> {
                    cudnnConvolutionFwdAlgoPerf_t found = new cudnnConvolutionFwdAlgoPerf_t(MOST);
                    if (answers(
                            cudnnGetConvolutionForwardAlgorithm_v7(handle, x, w, convolution, y, MOST, count, found))) {
                        for (int i = 0; i < count.get(); i++) {
                            found.position(i);
                            add(numbers, found.algo(), found.status(), found.determinism());
                        }
                    }
                }
                case WEIGHT_GRADIENT -> {
                    cudnnConvolutionBwdFilterAlgoPerf_t found = new cudnnConvolutionBwdFilterAlgoPerf_t(MOST);
                    if (answers(cudnnGetConvolutionBackwardFilterAlgorithm_v7(
                            handle, x, y, convolution, w, MOST, count, found))) {
                        for (int i = 0; i < count.get(); i++) {
                            found.position(i);
                            add(numbers, found.algo(), found.status(), found.determinism());
                        }
                    }
                }
                case DATA_GRADIENT -> {
                    cudnnConvolutionBwdDataAlgoPerf_t found = new cudnnConvolutionBwdDataAlgoPerf_t(MOST);
                    if (answers(cudnnGetConvolutionBackwardDataAlgorithm_v7(
                            handle, w, y, convolution, x, MOST, count, found))) {
                        for (int i = 0; i < count.get(); i++) {
                            found.position(i);
                            add(numbers, found.algo(), found.status(), found.determinism());
                        }
                    }
                }
            }
        }
        return numbers;
    }

    /** Returns whether this cuDNN has such a convolution at all: of types that differ it may say either. */
    private boolean answers(int status) {
        if (UnsupportedException.isDnn(status) || isMixed && UnsupportedException.isDnnParameter(status)) {
            CudaStatus.saidByDnn();
            return false;
        }
        CudaStatus.checkDnn(status, "cudnnGetConvolution...Algorithm_v7, " + direction);
        return true;
    }

    private static void add(Set<Integer> numbers, int algorithm, int status, int determinism) {
        if (status == CUDNN_STATUS_SUCCESS && determinism == CUDNN_DETERMINISTIC) {
            numbers.add(algorithm);
        }
    }

    private int workspace(int algorithm, SizeTPointer bytes) {
        cudnnContext handle = library.handle(Lane.MAIN);
        return switch (direction) {
            case FORWARD -> cudnnGetConvolutionForwardWorkspaceSize(handle, x, w, convolution, y, algorithm, bytes);
            case WEIGHT_GRADIENT ->
                cudnnGetConvolutionBackwardFilterWorkspaceSize(handle, x, y, convolution, w, algorithm, bytes);
            case DATA_GRADIENT ->
                cudnnGetConvolutionBackwardDataWorkspaceSize(handle, w, y, convolution, x, algorithm, bytes);
        };
    }

    /** What is computed from what, and in what. */
    record Parts(Recipe.Part x, Recipe.Part w, Recipe.Part y, Recipe.@Nullable Part scratch) {}

    /**
     * Adds the call to a recipe.
     *
     * @param adds whether to what the result holds, and not in its place
     */
    void addTo(Recipe recipe, Algorithm algorithm, Parts parts, boolean adds) {
        recipe.then((memory, queue) -> call(
                library.handle(queue.lane()),
                queue,
                algorithm,
                adds ? ONE : ZERO,
                parts.x.in(memory),
                parts.w.in(memory),
                parts.y.in(memory),
                parts.scratch == null ? null : parts.scratch.in(memory)));
    }

    private Runnable call(
            cudnnContext handle,
            Queue queue,
            Algorithm algorithm,
            FloatPointer beta,
            BytePointer xAt,
            BytePointer wAt,
            BytePointer yAt,
            @Nullable BytePointer scratch) {
        int number = algorithm.number;
        long bytes = algorithm.scratchBytes;
        IntSupplier call = switch (direction) {
            case FORWARD ->
                () -> cudnnConvolutionForward(
                        handle, ONE, x, xAt, w, wAt, convolution, number, scratch, bytes, beta, y, yAt);
            case WEIGHT_GRADIENT ->
                () -> cudnnConvolutionBackwardFilter(
                        handle, ONE, x, xAt, y, yAt, convolution, number, scratch, bytes, beta, w, wAt);
            case DATA_GRADIENT ->
                () -> cudnnConvolutionBackwardData(
                        handle, ONE, w, wAt, y, yAt, convolution, number, scratch, bytes, beta, x, xAt);
        };
        String name = "cuDNN's convolution, " + direction + " by algorithm " + number;
        return () -> {
            CudaStatus.checkDnn(cudnnSetStream(handle, queue.stream()), "cudnnSetStream");
            int status = call.getAsInt();
            if (UnsupportedException.isDnn(status)) {
                CudaStatus.saidByDnn();
                throw new UnsupportedException(name);
            }
            CudaStatus.checkDnn(status, name);
        };
    }
}
