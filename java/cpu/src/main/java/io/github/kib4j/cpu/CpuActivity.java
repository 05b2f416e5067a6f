package io.github.kib4j.cpu;

import static io.github.kib4j.cpu.CpuTensor.bytes;
import static io.github.kib4j.cpu.CpuTensor.bytesOrNull;
import static io.github.kib4j.cpu.CpuTensor.doublesOrNull;
import static io.github.kib4j.cpu.CpuTensor.floatsOrNull;
import static io.github.kib4j.cpu.CpuTensor.longs;

import io.github.kib4j.bindings.Specs;
import io.github.kib4j.bindings.internal.kib_activity_spec;
import io.github.kib4j.bindings.internal.kib_queue;
import io.github.kib4j.cpu.internal.kib;
import io.github.kib4j.op.ActivityOps;
import io.github.kib4j.op.Clock;
import io.github.kib4j.op.Dropout;
import io.github.kib4j.op.Work;
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

    private static kib_activity_spec describe(Tensor post, Tensor a, Spec spec, Dropout dropout) {
        CpuTensor.numbers(post.type());
        return Specs.activity(post, a, spec, dropout);
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
