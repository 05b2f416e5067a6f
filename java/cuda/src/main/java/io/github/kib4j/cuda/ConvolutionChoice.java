package io.github.kib4j.cuda;

import io.github.kib4j.op.Decisions.Decision;
import java.util.Locale;

/**
 * Which plan computes a task.
 *
 * @param plan its name
 * @param microseconds as measured when it was first taken; NaN if it was not measured
 */
record ConvolutionChoice(String plan, double microseconds) {
    /** Returns it as a decision; its grounds are the measured time, and the operations of the plain sums in a second. */
    Decision decision(ConvolutionTask task, ConvolutionFamily family) {
        String time = Double.isNaN(microseconds)
                ? "not measured"
                : String.format(
                        Locale.ROOT, "%.1f us, %.1f TFLOP/s", microseconds, task.operations() / microseconds * 1e-6);
        return new Decision(task.toString(), family.toString(), plan, time);
    }
}
