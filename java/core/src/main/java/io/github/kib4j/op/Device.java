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
    /** Returns the name by which it was asked for: {@code reference}, {@code cpu}. */
    String name();

    /** Returns one line for people: processor, instruction sets, library versions, threads. */
    String description();

    /** Returns whether activations of this precision can be computed natively, and not only emulated at a loss of speed. */
    boolean accelerates(Precision precision);

    /** Returns a new owner of tensors. */
    Scope newScope();

    /** Returns the bytes that tensors and workspaces of this device hold now. */
    long liveBytes();

    /** Waits until everything that was run is done. */
    void synchronize();

    /** Returns whether an operation is done when its run returns, so that reading a result waits for nothing. */
    default boolean isSynchronous() {
        return false;
    }

    /** Returns products with a weight matrix. */
    LinearOps linear();

    /** Returns 3x3 (or other odd-sized) convolutions. */
    ConvolutionOps convolution();

    /** Returns batch normalization. */
    BatchNormOps batchNorm();

    /** Returns the fused pass from pre-activations to what the next layer reads, and its gradients. */
    ActivityOps activity();

    /** Returns Gram matrices and dependence measures of them. */
    GramOps gram();

    /** Returns local objectives and their gradients. */
    ObjectiveOps objective();

    /** Returns optimizers. */
    OptimizerOps optimizer();

    /** Returns softmax cross-entropy. */
    ReadoutOps readout();

    /** Returns the input pipeline. */
    AugmentationOps augmentation();

    /** Returns counter-based random numbers. */
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
