package io.github.kib4j.cpu;

import static io.github.kib4j.cpu.CpuTensor.bytes;
import static io.github.kib4j.cpu.CpuTensor.bytesOrNull;
import static io.github.kib4j.cpu.CpuTensor.doublesOrNull;
import static io.github.kib4j.cpu.CpuTensor.floatsOrNull;
import static io.github.kib4j.cpu.CpuTensor.longs;

import io.github.kib4j.cpu.internal.kib;
import io.github.kib4j.cpu.internal.kib_activity_spec;
import io.github.kib4j.cpu.internal.kib_queue;
import io.github.kib4j.op.Activation;
import io.github.kib4j.op.ActivityOps;
import io.github.kib4j.op.Clock;
import io.github.kib4j.op.Dropout;
import io.github.kib4j.op.Grouping;
import io.github.kib4j.op.Pooling;
import io.github.kib4j.op.Work;
import io.github.kib4j.tensor.Shape;
import io.github.kib4j.tensor.Tensor;
import org.bytedeco.javacpp.BytePointer;
import org.bytedeco.javacpp.DoublePointer;
import org.bytedeco.javacpp.FloatPointer;
import org.bytedeco.javacpp.LongPointer;
import org.jspecify.annotations.Nullable;

/** {@link ActivityOps} by the kernels of {@code native/src/cpu/activity.cpp}. */
record CpuActivity(kib_queue queue) implements ActivityOps<Work> {

    @Override
    public Work forward(Buffers out, Tensor a, Spec spec, @Nullable Clock clock) {
        kib_activity_spec arguments = describe(out.post(), a, spec, spec.dropout());
        return kernel(arguments, scratch -> {
            BytePointer post = bytes(out.post());
            BytePointer mask = bytes(out.mask());
            DoublePointer mean = doublesOrNull(out.mean());
            FloatPointer scale = floatsOrNull(out.scale());
            FloatPointer code = floatsOrNull(out.code());
            BytePointer sent = bytes(out.sent());
            BytePointer input = bytes(a);
            LongPointer now = clock == null ? null : longs(clock.now());
            return () -> kib.kib_activity_forward(
                    post, mask, mean, scale, code, sent, input, now, arguments, scratch, queue);
        });
    }

    /** Plans a kernel, all of which need the same scratch memory. */
    private Work kernel(kib_activity_spec arguments, CpuWork.Binder<CpuWork.Kernel> binder) {
        return CpuWork.kernel(kib.kib_activity_workspace(arguments, queue), binder);
    }

    /** Describes the pass for the kernels. */
    private static kib_activity_spec describe(Tensor post, Tensor a, Spec spec, Dropout dropout) {
        Shape shape = post.shape();
        boolean image = shape.rank() == 4;
        kib_activity_spec s = new kib_activity_spec();
        s.type(CpuTensor.typeOf(post)).activation(activation(spec.activation())).pooling(pooling(spec.pooling()));
        s.batch(shape.extent(0))
                .channels(shape.extent(1))
                .height(image ? shape.extent(2) : 1)
                .width(image ? shape.extent(3) : 1);
        s.input_height(image ? a.shape().extent(2) : 1)
                .input_width(image ? a.shape().extent(3) : 1);
        Grouping grouping = spec.grouping();
        if (grouping == null) {
            s.groups(0).power(1).delta(0).divisive_power(0);
        } else {
            s.groups(grouping.groups())
                    .power(grouping.power())
                    .delta(grouping.delta())
                    .divisive_power(grouping.divisivePower());
        }
        s.drop_below(dropout.threshold())
                .kept_scale((float) dropout.keptScale())
                .kept_shift((float) dropout.keptShift());
        return s.dropped_value((float) dropout.droppedValue()).seed(spec.seed()).layer(spec.layer());
    }

    private static int activation(Activation activation) {
        return switch (activation) {
            case IDENTITY -> kib.KIB_IDENTITY;
            case RELU -> kib.KIB_RELU;
            case LEAKY_RELU -> kib.KIB_LEAKY_RELU;
            case SELU -> kib.KIB_SELU;
        };
    }

    private static int pooling(Pooling pooling) {
        return switch (pooling) {
            case NONE -> kib.KIB_POOL_NONE;
            case MAX -> kib.KIB_POOL_MAX;
            case AVERAGE -> kib.KIB_POOL_AVERAGE;
        };
    }

    @Override
    public Work hebbianGradient(Tensor da, @Nullable Tensor a, Buffers saved, Tensor du, Spec spec) {
        kib_activity_spec arguments = describe(saved.post(), da, spec, Dropout.NONE);
        return kernel(arguments, scratch -> {
            BytePointer out = bytes(da);
            BytePointer input = bytesOrNull(a);
            BytePointer post = bytes(saved.post());
            BytePointer mask = bytes(saved.mask());
            DoublePointer mean = doublesOrNull(saved.mean());
            FloatPointer scale = floatsOrNull(saved.scale());
            BytePointer third = bytes(du);
            return () -> kib.kib_activity_hebbian_gradient(
                    out, input, post, mask, mean, scale, third, arguments, scratch, queue);
        });
    }

    @Override
    public Work outputGradient(
            Tensor da, @Nullable Tensor a, Buffers saved, Tensor dsent, Spec spec, @Nullable Clock clock) {
        boolean drops = saved.sent() != saved.post();
        kib_activity_spec arguments = describe(saved.post(), da, spec, drops ? spec.dropout() : Dropout.NONE);
        return kernel(arguments, scratch -> {
            BytePointer out = bytes(da);
            BytePointer input = bytesOrNull(a);
            BytePointer post = bytes(saved.post());
            BytePointer mask = bytes(saved.mask());
            DoublePointer mean = doublesOrNull(saved.mean());
            FloatPointer scale = floatsOrNull(saved.scale());
            BytePointer upstream = bytes(dsent);
            LongPointer now = clock == null ? null : longs(clock.now());
            return () -> kib.kib_activity_output_gradient(
                    out, input, post, mask, mean, scale, upstream, now, arguments, scratch, queue);
        });
    }
}
