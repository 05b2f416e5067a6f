package io.github.kib4j.optimizer;

import io.github.kib4j.op.OptimizerOps;
import io.github.kib4j.op.Signature;
import io.github.kib4j.tensor.RefusedException;

/**
 * How parameters are updated.
 *
 * @param update the update's form and constants
 * @param learningRate before the schedule's factor
 * @param muonRate learning rate, before the schedule's factor, of hidden layers' matrices by orthogonalised momentum (Muon;
 *     docs/mathematics.md, section 10.3), with the update's weight decay, decoupled; 0 where they are updated as the rest
 */
public record OptimizerSpec(OptimizerOps.Spec update, double learningRate, double muonRate) {
    /**
     * Checks the learning rates.
     *
     * @param update which optimizer, and its numbers
     * @param learningRate before the schedule's factor
     * @param muonRate that of hidden layers' matrices by orthogonalised momentum; 0 for not
     */
    public OptimizerSpec {
        for (double rate : new double[] {learningRate, muonRate}) {
            if (!(rate >= 0) || !Double.isFinite(rate)) {
                throw new RefusedException("A learning rate must be finite and not negative, but is " + rate + ".");
            }
        }
    }

    /**
     * One update for all.
     *
     * @param update which optimizer, and its numbers
     * @param learningRate before the schedule's factor
     */
    public OptimizerSpec(OptimizerOps.Spec update, double learningRate) {
        this(update, learningRate, 0);
    }

    /**
     * {@return this with another update of hidden layers' matrices}
     *
     * @param rate learning rate of orthogonalised momentum; 0 for the update of the rest
     */
    public OptimizerSpec withMuon(double rate) {
        return new OptimizerSpec(update, learningRate, rate);
    }

    /** {@return all that decides bits} */
    public Signature signature() {
        return Signature.EMPTY
                .with("update", update.signature())
                .with("learningRate", learningRate)
                .with("muonRate", muonRate > 0 ? muonRate : null);
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
