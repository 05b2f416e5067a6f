package io.github.kib4j.bindings;

import io.github.kib4j.bindings.internal.kib_meter;
import io.github.kib4j.bindings.internal.kib_queue;
import io.github.kib4j.bindings.internal.settings;
import io.github.kib4j.bindings.kernels.Kernels;
import io.github.kib4j.op.Lane;
import io.github.kib4j.op.Meter;
import io.github.kib4j.op.Work;
import io.github.kib4j.tensor.DataType;
import io.github.kib4j.tensor.Tensor;
import java.util.Optional;
import org.bytedeco.javacpp.BytePointer;
import org.bytedeco.javacpp.DoublePointer;
import org.bytedeco.javacpp.FloatPointer;
import org.bytedeco.javacpp.IntPointer;
import org.bytedeco.javacpp.LongPointer;
import org.jspecify.annotations.Nullable;

/**
 * The kernels of a library on a device: what the classes of the families, which are the same for all backends, need to know of one.
 * Pointers are made when work is bound, not when it runs.
 */
public abstract class KernelLibrary {
    private final String device;
    private final Kernels kernels;

    /**
     * Keeps the kernels.
     *
     * @param device the name of the device, for sentences
     * @param kernels what the library's {@code kib_kernels()} returned
     * @throws IllegalStateException if they have a {@linkplain #problem problem}
     */
    protected KernelLibrary(String device, Kernels kernels) {
        problem(kernels).ifPresent(reason -> {
            throw new IllegalStateException("The " + device + " device's kernels cannot be called: " + reason);
        });
        this.device = device;
        this.kernels = kernels;
    }

    /**
     * {@return why a library's kernels cannot be called by these bindings, and what to do, in one sentence; empty if they can}
     * Their functions are called by place: of another interface, others would be called.
     *
     * @param kernels what the library's {@code kib_kernels()} returned
     */
    public static Optional<String> problem(Kernels kernels) {
        int number = kernels.interface_number();
        return number == settings.KIB_INTERFACE
                ? Optional.empty()
                : Optional.of("their library has interface " + number + ", and kib4j-bindings is made for "
                        + settings.KIB_INTERFACE
                        + "; take all of kib4j's jars from one version, or build all of them again.");
    }

    /** {@return the kernels} */
    public final Kernels kernels() {
        return kernels;
    }

    /**
     * {@return where work of a lane runs}
     *
     * @param lane the queue of a program's steps
     */
    public abstract kib_queue queue(Lane lane);

    /**
     * {@return where a tensor's numbers lie}
     *
     * @param tensor of this device, on memory
     */
    public abstract BytePointer bytes(Tensor tensor);

    /**
     * {@return what is thrown where a kernel answered that it computed nothing}
     *
     * @param status not {@code KIB_OK}
     * @param sentence who refuses what
     */
    protected RuntimeException failure(int status, String sentence) {
        return status == settings.KIB_UNSUPPORTED_TYPE || status == settings.KIB_BAD_ARGUMENT
                ? new IllegalArgumentException(sentence)
                : new IllegalStateException(sentence);
    }

    /**
     * {@return where a loss is added up; null for nowhere}
     *
     * @param meter on this device, or null
     */
    public final @Nullable kib_meter meter(@Nullable Meter meter) {
        return meter == null ? null : Specs.meter(meter, this::bytes);
    }

    /** A call of a native function. */
    public interface Kernel {
        /** {@return its status} */
        int run();
    }

    /** Makes what runs, on tensors where they lie now. */
    public interface Binder {
        /**
         * {@return the call}
         *
         * @param scratch the start of scratch memory; null if it needs none
         * @param queue where it runs
         */
        Kernel bind(@Nullable BytePointer scratch, kib_queue queue);
    }

    private record KernelWork(KernelLibrary library, long scratchBytes, Binder binder) implements Work {
        @Override
        public Runnable bind(Place place) {
            Kernel kernel = binder.bind(library.bytesOrNull(place.scratch()), library.queue(place.lane()));
            return () -> library.check(kernel.run());
        }
    }

    /**
     * {@return a kernel's call as work}
     *
     * @param scratchBytes what it needs besides its tensors
     * @param binder makes the call
     */
    public final Work kernel(long scratchBytes, Binder binder) {
        return new KernelWork(this, scratchBytes, binder);
    }

    /**
     * {@return floats rounded to nearest even as work}
     *
     * @param narrow the rounded numbers, BF16
     * @param wide the floats, as many
     */
    public final Work narrow(Tensor narrow, Tensor wide) {
        int type = typeOf(narrow);
        long size = narrow.shape().size();
        return kernel(0, (scratch, queue) -> {
            BytePointer to = bytes(narrow);
            FloatPointer from = floats(wide);
            return () -> kernels.layout_narrow(to, from, type, size, queue);
        });
    }

    /**
     * {@return the sum over all but the channel as work}
     *
     * @param sum {@code [N]}, F32
     * @param values {@code [B, N, ...]}, F32 or BF16, channels-last
     */
    public final Work sumRows(Tensor sum, Tensor values) {
        long n = sum.shape().size();
        long rows = values.shape().size() / n;
        int type = typeOf(values);
        return kernel(kernels.sum_rows_workspace(rows, n), (scratch, queue) -> {
            FloatPointer out = floats(sum);
            BytePointer in = bytes(values);
            return () -> kernels.sum_rows(out, in, type, rows, n, scratch, queue);
        });
    }

    /**
     * Throws what a native function refused.
     *
     * @param status what it answered
     */
    public final void check(int status) {
        if (status != settings.KIB_OK) {
            throw failure(
                    status,
                    "The " + device + " device's kernels "
                            + kernels.last_error().getString() + ".");
        }
    }

    /**
     * {@return the type, if it is one that activations and weights may have here}
     *
     * @param type of a tensor
     */
    public final DataType numbers(DataType type) {
        if (type != DataType.F32 && type != DataType.BF16) {
            throw new IllegalArgumentException("The " + device
                    + " device computes with F32 and BF16 activations and weights, not with " + type
                    + "; allocate them so, or open the reference device, which computes in double.");
        }
        return type;
    }

    /**
     * {@return the number by which the kernels know the type of activations}
     *
     * @param tensor F32 or BF16
     */
    public final int typeOf(Tensor tensor) {
        return Specs.type(numbers(tensor.type()));
    }

    /**
     * {@return where a tensor's numbers lie; null for no tensor}
     *
     * @param tensor of this device, or null
     */
    public final @Nullable BytePointer bytesOrNull(@Nullable Tensor tensor) {
        return tensor == null ? null : bytes(tensor);
    }

    /**
     * {@return where a tensor's floats lie}
     *
     * @param tensor not F64
     */
    public final FloatPointer floats(Tensor tensor) {
        if (tensor.type() == DataType.F64) {
            numbers(DataType.F64);
        }
        return new FloatPointer(bytes(tensor));
    }

    /**
     * {@return where a tensor's floats lie; null for no tensor}
     *
     * @param tensor not F64, or null
     */
    public final @Nullable FloatPointer floatsOrNull(@Nullable Tensor tensor) {
        return tensor == null ? null : floats(tensor);
    }

    /**
     * {@return where a tensor's doubles lie}
     *
     * @param tensor F64
     */
    public final DoublePointer doubles(Tensor tensor) {
        return new DoublePointer(bytes(tensor));
    }

    /**
     * {@return where a tensor's doubles lie; null for no tensor}
     *
     * @param tensor F64, or null
     */
    public final @Nullable DoublePointer doublesOrNull(@Nullable Tensor tensor) {
        return tensor == null ? null : doubles(tensor);
    }

    /**
     * {@return where a tensor's integers lie}
     *
     * @param tensor I32
     */
    public final IntPointer ints(Tensor tensor) {
        return new IntPointer(bytes(tensor));
    }

    /**
     * {@return where a tensor's integers lie; null for no tensor}
     *
     * @param tensor I32, or null
     */
    public final @Nullable IntPointer intsOrNull(@Nullable Tensor tensor) {
        return tensor == null ? null : ints(tensor);
    }

    /**
     * {@return where a tensor's long integers lie}
     *
     * @param tensor I64
     */
    public final LongPointer longs(Tensor tensor) {
        return new LongPointer(bytes(tensor));
    }
}
