package io.github.kib4j.cpu;

import io.github.kib4j.bindings.Specs;
import io.github.kib4j.bindings.internal.kib_meter;
import io.github.kib4j.bindings.internal.kib_queue;
import io.github.kib4j.cpu.internal.kib;
import io.github.kib4j.op.Meter;
import io.github.kib4j.op.ReadoutOps;
import io.github.kib4j.op.Work;
import io.github.kib4j.tensor.DataType;
import io.github.kib4j.tensor.Tensor;
import org.bytedeco.javacpp.BytePointer;
import org.bytedeco.javacpp.FloatPointer;
import org.bytedeco.javacpp.IntPointer;
import org.jspecify.annotations.Nullable;

/** {@link ReadoutOps} by the kernels of {@code native/src/cpu/readout.cpp}. */
record CpuReadout(kib_queue queue) implements ReadoutOps<Work> {

    @Override
    public Work crossEntropy(@Nullable Tensor dy, Tensor y, Tensor labels, Meter meter) {
        CpuTensor.numbers(y.type());
        int type = dy == null ? Specs.type(DataType.F32) : CpuTensor.typeOf(dy);
        long batch = y.shape().extent(0);
        long outputs = y.shape().extent(1);
        return CpuWork.kernel(0, scratch -> {
            BytePointer gradient = CpuTensor.bytesOrNull(dy);
            FloatPointer logits = CpuTensor.floats(y);
            IntPointer classes = CpuTensor.ints(labels);
            kib_meter sink = Specs.meter(meter, CpuTensor::bytes);
            return () -> kib.kib_readout_cross_entropy(gradient, type, logits, classes, batch, outputs, sink, queue);
        });
    }
}
