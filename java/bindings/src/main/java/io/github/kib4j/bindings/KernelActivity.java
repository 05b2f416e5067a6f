package io.github.kib4j.bindings;

import io.github.kib4j.bindings.internal.kib_activity_spec;
import io.github.kib4j.op.ActivityOps;
import io.github.kib4j.op.Clock;
import io.github.kib4j.op.Dropout;
import io.github.kib4j.op.Lane;
import io.github.kib4j.op.Work;
import io.github.kib4j.tensor.Tensor;
import org.bytedeco.javacpp.BytePointer;
import org.bytedeco.javacpp.DoublePointer;
import org.bytedeco.javacpp.FloatPointer;
import org.bytedeco.javacpp.LongPointer;
import org.jspecify.annotations.Nullable;

/**
 * {@link ActivityOps} by a library's kernels.
 *
 * @param library the kernels
 */
public record KernelActivity(KernelLibrary library) implements ActivityOps<Work> {

    @Override
    public Work forward(Buffers out, Tensor a, Spec spec, @Nullable Clock clock) {
        kib_activity_spec arguments = describe(out.post(), a, spec, spec.dropout());
        return kernel(arguments, (scratch, queue) -> {
            BytePointer post = library.bytes(out.post());
            BytePointer mask = library.bytes(out.mask());
            DoublePointer mean = library.doublesOrNull(out.mean());
            FloatPointer scale = library.floatsOrNull(out.scale());
            FloatPointer code = library.floatsOrNull(out.code());
            BytePointer sent = library.bytes(out.sent());
            BytePointer input = library.bytes(a);
            LongPointer now = clock == null ? null : library.longs(clock.now());
            return () -> library.kernels()
                    .activity_forward(post, mask, mean, scale, code, sent, input, now, arguments, scratch, queue);
        });
    }

    /** Plans a kernel, all of which need the same scratch memory. */
    private Work kernel(kib_activity_spec arguments, KernelLibrary.Binder binder) {
        return library.kernel(library.kernels().activity_workspace(arguments, library.queue(Lane.MAIN)), binder);
    }

    private kib_activity_spec describe(Tensor post, Tensor a, Spec spec, Dropout dropout) {
        library.numbers(post.type());
        return Specs.activity(post, a, spec, dropout);
    }

    @Override
    public Work hebbianGradient(Tensor da, @Nullable Tensor a, Buffers saved, Tensor du, Spec spec) {
        kib_activity_spec arguments = describe(saved.post(), da, spec, Dropout.NONE);
        return kernel(arguments, (scratch, queue) -> {
            BytePointer out = library.bytes(da);
            BytePointer input = library.bytesOrNull(a);
            BytePointer post = library.bytes(saved.post());
            BytePointer mask = library.bytes(saved.mask());
            DoublePointer mean = library.doublesOrNull(saved.mean());
            FloatPointer scale = library.floatsOrNull(saved.scale());
            BytePointer third = library.bytes(du);
            return () -> library.kernels()
                    .activity_hebbian_gradient(out, input, post, mask, mean, scale, third, arguments, scratch, queue);
        });
    }

    @Override
    public Work outputGradient(
            Tensor da, @Nullable Tensor a, Buffers saved, Tensor dsent, Spec spec, @Nullable Clock clock) {
        boolean drops = saved.sent() != saved.post();
        kib_activity_spec arguments = describe(saved.post(), da, spec, drops ? spec.dropout() : Dropout.NONE);
        return kernel(arguments, (scratch, queue) -> {
            BytePointer out = library.bytes(da);
            BytePointer input = library.bytesOrNull(a);
            BytePointer post = library.bytes(saved.post());
            BytePointer mask = library.bytes(saved.mask());
            DoublePointer mean = library.doublesOrNull(saved.mean());
            FloatPointer scale = library.floatsOrNull(saved.scale());
            BytePointer upstream = library.bytes(dsent);
            LongPointer now = clock == null ? null : library.longs(clock.now());
            return () -> library.kernels()
                    .activity_output_gradient(
                            out, input, post, mask, mean, scale, upstream, now, arguments, scratch, queue);
        });
    }
}
