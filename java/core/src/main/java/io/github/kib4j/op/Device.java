package io.github.kib4j.op;

import io.github.kib4j.tensor.Scope;

/**
 * A processor that runs operations on tensors of its own.
 *
 * <p>A device is used by one thread at a time; use by a second thread at the same time is an
 * {@link IllegalStateException}. Several devices may live in one JVM.
 *
 * <p>After {@link #close}, whatever would allocate, plan, compute or read is an {@link IllegalStateException}; so are operations
 * on tensors whose scope is closed.
 */
public interface Device extends AutoCloseable {
    /** {@return the name by which it was asked for: {@code reference}, {@code cpu}} */
    String name();

    /** {@return one line for people: processor, instruction sets, library versions, threads} */
    String description();

    /**
     * {@return whether activations of this precision can be computed natively, and not only emulated at a loss of speed}
     *
     * @param precision of activations
     */
    boolean accelerates(Precision precision);

    /** {@return a new owner of tensors} */
    Scope newScope();

    /** {@return the bytes that tensors and workspaces of this device hold now} */
    long liveBytes();

    /** Waits until everything that was run is done. */
    void synchronize();

    /** {@return whether an operation is done when its run returns, so that reading a result waits for nothing} */
    default boolean isSynchronous() {
        return false;
    }

    /** {@return products with a weight matrix} */
    LinearOps linear();

    /** {@return 3x3 (or other odd-sized) convolutions} */
    ConvolutionOps convolution();

    /** {@return batch normalization} */
    BatchNormOps batchNorm();

    /** {@return the fused pass from pre-activations to what the next layer reads, and its gradients} */
    ActivityOps activity();

    /** {@return Gram matrices and dependence measures of them} */
    GramOps gram();

    /** {@return local objectives and their gradients} */
    ObjectiveOps objective();

    /** {@return optimizers} */
    OptimizerOps optimizer();

    /** {@return softmax cross-entropy} */
    ReadoutOps readout();

    /** {@return the input pipeline} */
    AugmentationOps augmentation();

    /** {@return counter-based random numbers} */
    RandomOps random();

    /**
     * Releases what the device itself holds; closing twice does nothing. Scopes that hold tensors must be closed before; an empty
     * one is of no use afterwards.
     *
     * @throws IllegalStateException if tensors live, or a thread uses the device; it then stays open
     */
    @Override
    void close();
}
