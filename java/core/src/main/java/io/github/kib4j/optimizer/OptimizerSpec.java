package io.github.kib4j.optimizer;

import io.github.kib4j.op.OptimizerOps;
import io.github.kib4j.op.Signature;
import io.github.kib4j.tensor.RefusedException;

/**
 * How parameters are updated.
 *
 * @param update the update's form and constants
 * @param learningRate before the schedule's factor
 */
public record OptimizerSpec(OptimizerOps.Spec update, double learningRate) {
    /**
     * Checks the learning rate.
     *
     * @param update which optimizer, and its numbers
     * @param learningRate before the schedule's factor
     */
    public OptimizerSpec {
        if (!(learningRate >= 0) || !Double.isFinite(learningRate)) {
            throw new RefusedException("A learning rate must be finite and not negative, but is " + learningRate + ".");
        }
    }

    /** {@return all that decides bits} */
    public Signature signature() {
        return Signature.EMPTY.with("update", update.signature()).with("learningRate", learningRate);
    }

    /**
     * {@return SGD with momentum}
     *
     * @param learningRate before the schedule's factor
     * @param momentum 0 for none
     * @param weightDecay 0 for none
     */
    public static OptimizerSpec sgd(double learningRate, double momentum, double weightDecay) {
        return new OptimizerSpec(new OptimizerOps.Sgd(momentum, weightDecay), learningRate);
    }

    /**
     * {@return Adam with PyTorch's default constants}
     *
     * @param learningRate before the schedule's factor
     * @param weightDecay 0 for none
     */
    public static OptimizerSpec adam(double learningRate, double weightDecay) {
        return new OptimizerSpec(new OptimizerOps.Adam(0.9, 0.999, 1e-8, weightDecay, false), learningRate);
    }

    /**
     * {@return AdamW with PyTorch's default constants}
     *
     * @param learningRate before the schedule's factor
     * @param weightDecay 0 for none
     */
    public static OptimizerSpec adamW(double learningRate, double weightDecay) {
        return new OptimizerSpec(new OptimizerOps.Adam(0.9, 0.999, 1e-8, weightDecay, true), learningRate);
    }
}
