package io.github.kib4j.cuda;

import io.github.kib4j.cuda.ConvolutionKernels.Images;
import io.github.kib4j.cuda.ConvolutionTask.Direction;
import io.github.kib4j.cuda.CudnnConvolution.Algorithm;
import io.github.kib4j.cuda.CudnnConvolution.Parts;
import io.github.kib4j.cuda.Recipe.Part;
import io.github.kib4j.tensor.DataType;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * A task by cuDNN's convolutions, as it is or with more channels: those of the input and of the filters that are not there are
 * zero, and what belongs to them in a gradient is dropped. Where a tensor has more numbers than cuDNN counts, there are several
 * calls, each on a part of the batch.
 */
final class CudnnPlans {
    private final Cudnn cudnn;
    private final ConvolutionKernels kernels;
    private final SinglePrecision precision;
    private final ConvolutionTask task;
    private final Images filters;
    private final ConvolutionFamily family;
    private final int channels;
    private final int images;

    /**
     * Prepares plans.
     *
     * @param family that they are of
     * @param channels of the convolutions: the task's, or more
     * @param most numbers that a tensor of cuDNN's may have
     */
    CudnnPlans(
            ConvolutionLibraries libraries, ConvolutionTask task, ConvolutionFamily family, int channels, long most) {
        cudnn = libraries.cudnn();
        kernels = libraries.kernels();
        precision = libraries.precision();
        this.task = task;
        this.family = family;
        this.channels = channels;
        filters = task.filterImages();
        long calls = (task.rows() * Math.max(channels, task.filters()) + most - 1) / most;
        images = Math.toIntExact((task.batch() + calls - 1) / calls);
    }

    /** A convolution of a part of the batch. */
    private record Call(CudnnConvolution convolution, Algorithm algorithm, int first) {}

    /** Returns the plans. A gradient of filters in single precision is first, where this cuDNN gives it of such images. */
    Stream<ConvolutionPlan> all() {
        boolean mayRound = task.direction() == Direction.WEIGHT_GRADIENT && task.type() != DataType.F32;
        return mayRound ? Stream.concat(all(DataType.F32), all(task.type())) : all(task.type());
    }

    private Stream<ConvolutionPlan> all(DataType filterType) {
        CudnnConvolution most = convolution(images, filterType);
        int rest = task.batch() % images;
        CudnnConvolution last = rest == 0 ? most : convolution(rest, filterType);
        Map<Integer, Algorithm> ofLast =
                last.algorithms().stream().collect(Collectors.toMap(Algorithm::number, Function.identity()));
        return most.algorithms().stream()
                .filter(algorithm -> ofLast.containsKey(algorithm.number()))
                .limit(ConvolutionLibraries.ALGORITHMS)
                .map(algorithm -> {
                    List<Call> calls = new ArrayList<>();
                    for (int first = 0; first < task.batch(); first += images) {
                        calls.add(
                                first + images <= task.batch()
                                        ? new Call(most, algorithm, first)
                                        : new Call(
                                                last, Objects.requireNonNull(ofLast.get(algorithm.number())), first));
                    }
                    return plan(calls, filterType, algorithm.number());
                });
    }

    private CudnnConvolution convolution(int batch, DataType filterType) {
        return new CudnnConvolution(cudnn, task.withBatch(batch), channels, filterType, precision);
    }

    private ConvolutionPlan plan(List<Call> calls, DataType filterType, int number) {
        Recipe recipe = new Recipe(kernels);
        switch (task.direction()) {
            case FORWARD -> forward(recipe, calls);
            case WEIGHT_GRADIENT -> weightGradient(recipe, calls, filterType);
            case DATA_GRADIENT -> dataGradient(recipe, calls);
        }
        boolean rounds = task.direction() == Direction.WEIGHT_GRADIENT && filterType != DataType.F32;
        String algorithm = "algorithm " + number;
        return rounds ? recipe.rounding(family, algorithm, filterType) : recipe.plan(family, algorithm);
    }

    private void convolve(Recipe recipe, List<Call> calls, Part x, Part w, Part y) {
        long scratchBytes = calls.stream()
                .mapToLong(call -> call.algorithm.scratchBytes())
                .max()
                .orElse(0);
        @Nullable Part scratch = scratchBytes == 0 ? null : recipe.scratch(scratchBytes);
        long positions = (long) task.height() * task.width() * task.type().bytes();
        for (Call call : calls) {
            Part xPart = x.plus(call.first * positions * channels);
            Part yPart = y.plus(call.first * positions * task.filters());
            boolean adds = call.first > 0 && task.direction() == Direction.WEIGHT_GRADIENT;
            call.convolution.addTo(recipe, call.algorithm, new Parts(xPart, w, yPart, scratch), adds);
        }
    }

    private boolean fits() {
        return channels == task.channels();
    }

    private Part fitted(Recipe recipe, Part part, Images from) {
        return fits() ? part : recipe.fit(part, task.type(), from, from.withChannels(channels), 0);
    }

    private void forward(Recipe recipe, List<Call> calls) {
        Part x = fitted(recipe, Recipe.X, task.inputs());
        Part w = fitted(recipe, recipe.weights(task), filters);
        convolve(recipe, calls, x, w, Recipe.Y);
        if (task.bias()) {
            recipe.addBias(task);
        }
    }

    private void weightGradient(Recipe recipe, List<Call> calls, DataType filterType) {
        Images computed = filters.withChannels(channels);
        Part x = fitted(recipe, Recipe.X, task.inputs());
        Part single = fits() ? Recipe.W : recipe.scratch(computed.numbers(), DataType.F32);
        Part dw = filterType == DataType.F32 ? single : recipe.scratch(computed.numbers(), filterType);
        convolve(recipe, calls, x, dw, Recipe.Y);
        if (filterType != DataType.F32) {
            recipe.widen(single, dw, computed.numbers());
        }
        if (!fits()) {
            recipe.fit(Recipe.W, single, DataType.F32, computed, filters, 0);
        }
    }

    private void dataGradient(Recipe recipe, List<Call> calls) {
        Images computed = task.inputs().withChannels(channels);
        Part w = fitted(recipe, recipe.weights(task), filters);
        Part dx = fits() ? Recipe.X : recipe.scratch(computed.numbers(), task.type());
        convolve(recipe, calls, dx, w, Recipe.Y);
        if (!fits()) {
            recipe.fit(Recipe.X, dx, task.type(), computed, task.inputs(), 0);
        }
    }
}
