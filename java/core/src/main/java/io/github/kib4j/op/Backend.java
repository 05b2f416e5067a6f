package io.github.kib4j.op;

import io.github.kib4j.tensor.DataType;
import io.github.kib4j.tensor.Owner;
import io.github.kib4j.tensor.Shape;
import io.github.kib4j.tensor.Tensor;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * What a kind of device is made of: memory, and the work of each operation. It is used through the {@link Device} around it, which
 * checks every argument, so that a backend checks none: no closed scope, no second thread that computes, no wrong shape or type
 * gets here.
 */
public interface Backend {
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

    /**
     * {@return the multiplications and additions in a second that products of this precision reach at most; NaN where that is not known}
     *
     * @param precision of activations
     */
    default double peak(Precision precision) {
        return Double.NaN;
    }

    /** {@return what it has decided so far of what was planned} */
    default Decisions decisions() {
        return Decisions.NONE;
    }

    /** Waits until everything that was run is done. */
    default void synchronize() {}

    /** {@return the device's own memory as it stands now; empty where tensors lie in the host's} */
    default Optional<DeviceMemory> ownMemory() {
        return Optional.empty();
    }

    /** {@return whether work is done when its run returns, so that reading a result waits for nothing} */
    default boolean isSynchronous() {
        return true;
    }

    /** {@return whether steps of two {@linkplain Lane lanes} may run at the same time, so that a program orders them} */
    default boolean hasLanes() {
        return false;
    }

    /** {@return whether tensors of a workspace can lie on memory that others have left; if not, each has its own} */
    default boolean reusesMemory() {
        return true;
    }

    /** {@return what addresses of tensors are multiples of, in bytes} */
    default int alignment() {
        return 64;
    }

    /**
     * {@return a tensor without memory} A device that has only one floating type may answer with that type instead of the wanted
     * one.
     *
     * @param owner its scope, whose end is the end of its use
     * @param type the element type
     * @param shape the extents
     */
    Tensor promise(Owner owner, DataType type, Shape shape);

    /**
     * Gives a promised tensor memory of its own, all zero.
     *
     * @param promised of this backend, without memory
     * @return whether there was room for it
     */
    boolean allocate(Tensor promised);

    /**
     * Puts a promised tensor on a part of another one's memory.
     *
     * @param promised of this backend
     * @param memory of this backend, U8
     * @param offset in bytes
     */
    void place(Tensor promised, Tensor memory, long offset);

    /**
     * Frees what {@link #allocate} gave, once nothing that was run uses it any more.
     *
     * @param allocated of this backend
     */
    void free(Tensor allocated);

    /**
     * {@return what is done when a workspace's tensor has been used for the last time; null for nothing}
     *
     * @param ended its numbers are no longer needed
     */
    default @Nullable Runnable forget(Tensor ended) {
        return null;
    }

    /**
     * {@return what is done before a workspace's tensor, or scratch memory, is used for the first time in a run of a program; null for
     * nothing}
     *
     * @param first it holds nothing that is of use
     * @param lane of the step that uses it
     */
    default @Nullable Runnable begin(Tensor first, Lane lane) {
        return null;
    }

    /**
     * {@return what runs a program's steps} Called again where they were bound anew; what it returned before is then closed.
     *
     * @param plan how steps are ordered
     * @param launches what runs each step
     */
    default Launcher launcher(Plan plan, List<Runnable> launches) {
        Runnable[] all = launches.toArray(Runnable[]::new);
        return () -> {
            for (Runnable launch : all) {
                launch.run();
            }
        };
    }

    /** Runs the steps of a program, again and again. */
    @FunctionalInterface
    interface Launcher {
        /** Runs all steps, or queues them where a device runs behind the host. */
        void run();

        /** Releases what it holds, once nothing of it runs any more. */
        default void close() {}
    }

    /** {@return products of layers} */
    ProductOps<Work> product();

    /** {@return batch normalization} */
    BatchNormOps<Work> batchNorm();

    /** {@return the pass from pre-activations to what the next layer reads, and its gradients} */
    ActivityOps<Work> activity();

    /** {@return codes of groups in spatial cells} */
    CellOps<Work> cells();

    /** {@return dependence measures} */
    GramOps<Work> gram();

    /** {@return local objectives and their gradients} */
    ObjectiveOps<Work> objective();

    /** {@return optimizers} */
    OptimizerOps<Work> optimizer();

    /** {@return softmax cross-entropy} */
    ReadoutOps<Work> readout();

    /** {@return the input pipeline} */
    BatchOps<Work> batch();

    /** {@return counter-based random numbers} */
    RandomOps<Work> random();

    /** Releases what the backend itself holds, once. */
    default void close() {}
}
