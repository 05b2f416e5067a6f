package io.github.kib4j.cuda;

import io.github.kib4j.cuda.ConvolutionKernels.Images;
import io.github.kib4j.tensor.DataType;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.function.Function;
import org.bytedeco.javacpp.BytePointer;

/** Puts a {@link ConvolutionPlan} together, of steps on its operands and on parts of its scratch memory. */
final class Recipe {
    static final Part X = new Part(ConvolutionPlan.Memory::x, 0);
    static final Part W = new Part(ConvolutionPlan.Memory::w, 0);
    static final Part Y = new Part(ConvolutionPlan.Memory::y, 0);
    static final Part BIAS = new Part(memory -> Objects.requireNonNull(memory.bias()), 0);

    private final ConvolutionKernels kernels;
    private final List<Step> steps = new ArrayList<>();
    private long scratchBytes;

    Recipe(ConvolutionKernels kernels) {
        this.kernels = kernels;
    }

    /** A place that is known once the memory is. */
    record Part(Function<ConvolutionPlan.Memory, BytePointer> start, long offset) {
        BytePointer in(ConvolutionPlan.Memory memory) {
            return start.apply(memory).getPointer(offset);
        }

        Part plus(long bytes) {
            return new Part(start, offset + bytes);
        }
    }

    /** A call. */
    interface Step {
        /** Returns what makes the call, with all that it hands over. */
        Runnable bind(ConvolutionPlan.Memory memory, Queue queue);
    }

    /** Returns a part of scratch memory of its own. */
    Part scratch(long bytes) {
        Part part = new Part(memory -> Objects.requireNonNull(memory.scratch()), scratchBytes);
        scratchBytes += (bytes + ConvolutionPlan.ALIGNMENT - 1) / ConvolutionPlan.ALIGNMENT * ConvolutionPlan.ALIGNMENT;
        return part;
    }

    Part scratch(long numbers, DataType type) {
        return scratch(numbers * type.bytes());
    }

    /** Adds a step behind the others. */
    void then(Step step) {
        steps.add(step);
    }

    /** Adds a copy of images to others of another size, that many zero positions before them, and returns where they are. */
    Part fit(Part in, DataType type, Images from, Images to, long lead) {
        Part out = scratch(lead * to.channels() + to.numbers(), type);
        fit(out, in, type, from, to, lead);
        return out;
    }

    /** Adds a copy of images to others of another size. */
    void fit(Part out, Part in, DataType type, Images from, Images to, long lead) {
        then((memory, queue) -> kernels.fit(out.in(memory), in.in(memory), type, to, from, lead, queue));
    }

    /** Adds a copy of windows to the rows of a matrix, and returns where it is. */
    Part windows(Part in, DataType type, Images from, int kernel, long row) {
        Part out = scratch(from.numbers() / from.channels() * row, type);
        then((memory, queue) -> kernels.windows(out.in(memory), in.in(memory), type, from, kernel, row, queue));
        return out;
    }

    /** Adds what makes weights numbers of the task's type, if they are not yet, and returns where they are. */
    Part weights(ConvolutionTask task) {
        if (task.weights() == task.type()) {
            return W;
        }
        long count = task.filters() * task.window();
        Part narrow = scratch(count, task.type());
        then((memory, queue) -> kernels.narrow(narrow.in(memory), W.in(memory), count, queue));
        return narrow;
    }

    /** Adds what makes BF16 numbers F32 ones. */
    void widen(Part wide, Part narrow, long count) {
        then((memory, queue) -> kernels.widen(wide.in(memory), narrow.in(memory), count, queue));
    }

    /** Adds the task's bias to its output. */
    void addBias(ConvolutionTask task) {
        then((memory, queue) ->
                kernels.addBias(Y.in(memory), BIAS.in(memory), task.result(), task.rows(), task.filters(), queue));
    }

    /** Returns the plan of the steps so far. */
    ConvolutionPlan plan(ConvolutionFamily family, String algorithm) {
        return new Plan(family, family + " " + algorithm, false, scratchBytes, List.copyOf(steps));
    }

    /** Returns the plan of the steps so far, by which a single-precision result is rounded to a type. */
    ConvolutionPlan rounding(ConvolutionFamily family, String algorithm, DataType type) {
        String name = family + " " + algorithm + ", rounded to " + type;
        return new Plan(family, name, true, scratchBytes, List.copyOf(steps));
    }

    private record Plan(ConvolutionFamily family, String name, boolean rounds, long scratchBytes, List<Step> steps)
            implements ConvolutionPlan {
        @Override
        public Runnable bind(Memory memory, Queue queue) {
            Runnable[] calls =
                    steps.stream().map(step -> step.bind(memory, queue)).toArray(Runnable[]::new);
            return () -> {
                for (Runnable call : calls) {
                    call.run();
                }
            };
        }
    }
}
