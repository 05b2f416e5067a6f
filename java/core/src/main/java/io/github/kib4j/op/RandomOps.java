package io.github.kib4j.op;

import io.github.kib4j.tensor.Tensor;

/**
 * Random numbers by {@link Philox}, and the clock they read.
 *
 * @param <R> what planning gives: an {@link Operation}, or a backend's {@link Work}
 */
public interface RandomOps<R> {
    /**
     * Plans {@code w = bound (2 U - 1)}, computed in double, with {@code U} the {@linkplain Philox#uniform uniform number} of
     * {@code Philox(seed; element / 4, 0, layer, WEIGHTS)}: PyTorch's default initialisation with
     * {@code bound = 1/sqrt(fan_in)}.
     *
     * @param w F32
     * @param bound numbers are in {@code [-bound, bound)}
     * @param seed key of the random numbers
     * @param layer the layer's number in the counter of random words
     * @return the planned operation
     */
    R uniform(Tensor w, double bound, long seed, int layer);

    /**
     * Plans the end of a training step: the clock's step and step in the epoch grow by 1, its position by {@code batch}.
     *
     * @param clock the run's clock
     * @param batch samples of the step: the position moves on by them
     * @return the planned operation
     */
    R advance(Clock clock, int batch);
}
