package io.github.kib4j.cuda;

import io.github.kib4j.cuda.ConvolutionTask.Direction;
import java.util.List;
import java.util.stream.Stream;

/** All ways to compute a task, those first that are taken where none was measured. */
record ConvolutionCandidates(ConvolutionLibraries libraries) {
    /** The most numbers of a tensor that cuDNN's calls of old take. */
    private static final long MOST_NUMBERS = Integer.MAX_VALUE;

    /** The widest windows that are copied. */
    private static final int WIDEST_WINDOW = 128;

    /**
     * Returns the plans.
     *
     * @throws IllegalStateException if neither library has the product
     */
    List<ConvolutionPlan> of(ConvolutionTask task) {
        MatrixPlans matrices = new MatrixPlans(libraries, task);
        List<ConvolutionPlan> plans = (task.isMatrix()
                        ? Stream.concat(matrices.plain(), convolutions(task))
                        : Stream.concat(convolutions(task), parts(task, matrices)))
                .toList();
        if (plans.isEmpty()) {
            throw new IllegalStateException("Neither cuBLASLt nor cuDNN computes the " + task + ".");
        }
        return plans;
    }

    private Stream<ConvolutionPlan> convolutions(ConvolutionTask task) {
        boolean gradient = task.direction() == Direction.WEIGHT_GRADIENT;
        boolean isLinear = task.isMatrix() && task.height() * task.width() == 1;
        if (isLinear || !gradient && task.result() != task.type()) {
            return Stream.of();
        }
        Stream<ConvolutionPlan> plain = convolutions(task, ConvolutionFamily.CUDNN, task.channels());
        int channels = ConvolutionLibraries.filledUp(task.channels());
        return channels == task.channels()
                ? plain
                : Stream.concat(plain, convolutions(task, ConvolutionFamily.PADDED, channels));
    }

    private Stream<ConvolutionPlan> convolutions(ConvolutionTask task, ConvolutionFamily family, int channels) {
        return new CudnnPlans(libraries, task, family, channels, MOST_NUMBERS).all();
    }

    private static Stream<ConvolutionPlan> parts(ConvolutionTask task, MatrixPlans matrices) {
        boolean gradient = task.direction() == Direction.WEIGHT_GRADIENT;
        boolean narrow = task.direction() != Direction.DATA_GRADIENT && task.window() <= WIDEST_WINDOW;
        return Stream.concat(narrow ? matrices.windows() : Stream.of(), gradient ? matrices.shifted() : Stream.of());
    }
}
