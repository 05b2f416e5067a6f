package io.github.kib4j.cuda;

import io.github.kib4j.cuda.internal.kib_cuda;
import io.github.kib4j.op.Plan;
import io.github.kib4j.op.Step;
import org.bytedeco.javacpp.BytePointer;
import org.jspecify.annotations.Nullable;

/**
 * A program as NVIDIA's profilers show it (NVTX): a range around the calls of each run, and in it, where steps are called one by one,
 * a range for each row of steps of one {@linkplain Step#title title} and lane.
 */
final class CudaRanges {
    private final BytePointer program;
    /** The title where another range begins than that of the step before; null where the range goes on. */
    private final @Nullable BytePointer[] titles;

    private boolean isInRow;

    /** Names the ranges of a plan. */
    CudaRanges(Plan plan) {
        int count = plan.steps().size();
        program = new BytePointer("program of " + count + " steps");
        titles = new BytePointer[count];
        for (int i = 0; i < count; i++) {
            if (i == 0 || !title(plan, i).equals(title(plan, i - 1)) || plan.lane(i) != plan.lane(i - 1)) {
                titles[i] = new BytePointer(title(plan, i));
            }
        }
    }

    private static String title(Plan plan, int step) {
        return plan.steps().get(step).title();
    }

    /** Runs what calls the program's steps, or the graph of them. */
    void around(Runnable run) {
        kib_cuda.kib_cuda_begin_range(program);
        try {
            run.run();
        } finally {
            endRow(); // where a step failed
            kib_cuda.kib_cuda_end_range();
        }
    }

    /** Comes before the calls of a step. */
    void beginStep(int step) {
        BytePointer title = titles[step];
        if (title != null) {
            endRow();
            kib_cuda.kib_cuda_begin_range(title);
            isInRow = true;
        }
    }

    /** Comes behind the calls of the last step. */
    void endRow() {
        if (isInRow) {
            kib_cuda.kib_cuda_end_range();
            isInRow = false;
        }
    }
}
