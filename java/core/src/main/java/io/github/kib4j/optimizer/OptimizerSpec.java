package io.github.kib4j.optimizer;

import io.github.kib4j.op.OptimizerOps;

/**
 * How parameters are updated.
 *
 * @param update the update's form and constants
 * @param learningRate before the schedule's factor
 */
public record OptimizerSpec(OptimizerOps.Spec update, double learningRate) {
    /** Checks the learning rate. */
    public OptimizerSpec {
        if (!(learningRate >= 0) || !Double.isFinite(learningRate)) {
            throw new IllegalArgumentException(
                    "A learning rate must be finite and not negative, but is " + learningRate + ".");
        }
    }

    /** Returns SGD with momentum. */
    public static OptimizerSpec sgd(double learningRate, double momentum, double weightDecay) {
        return new OptimizerSpec(new OptimizerOps.Sgd(momentum, weightDecay), learningRate);
    }

    /** Returns Adam with PyTorch's default constants. */
    public static OptimizerSpec adam(double learningRate, double weightDecay) {
        return new OptimizerSpec(new OptimizerOps.Adam(0.9, 0.999, 1e-8, weightDecay, false), learningRate);
    }

    /** Returns AdamW with PyTorch's default constants. */
    public static OptimizerSpec adamW(double learningRate, double weightDecay) {
        return new OptimizerSpec(new OptimizerOps.Adam(0.9, 0.999, 1e-8, weightDecay, true), learningRate);
    }
}
