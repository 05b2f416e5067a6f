package io.github.kib4j.cpu;

import io.github.kib4j.cpu.internal.kib;
import io.github.kib4j.op.Contracts;
import io.github.kib4j.op.ConvolutionOps;
import io.github.kib4j.op.LinearOps;
import io.github.kib4j.op.Operation;
import io.github.kib4j.tensor.DataType;
import io.github.kib4j.tensor.Tensor;
import java.util.EnumMap;
import java.util.Map;
import java.util.concurrent.atomic.AtomicLong;
import org.bytedeco.javacpp.BytePointer;
import org.bytedeco.javacpp.FloatPointer;
import org.jspecify.annotations.Nullable;

/**
 * Products in bfloat16 on processors without instructions for them: operands are widened (weights rounded first) and multiplied
 * in single precision, results are rounded. As by AVX512_BF16 and AMX, subnormal operands count as zeros, and subnormal results
 * are zeros. The numbers are those of such a processor but for the order of sums, and for sums that are subnormal on the way. The
 * time is more than that of single precision. (oneDNN itself, where it multiplies without those instructions, keeps subnormal
 * operands: on AVX2_VNNI_2 alone, whose conversions it is left to.)
 */
final class Emulation {
    /** Which operand's wide copy a buffer holds. */
    private enum Slot {
        INPUT,
        OUTPUT,
        UPSTREAM,
        WEIGHT
    }

    private final CpuContext context;
    private final CpuScope scope;
    private final Map<Slot, Tensor> buffers = new EnumMap<>(Slot.class);

    /** Creates it without memory; its buffers are counted in {@code account}. */
    Emulation(CpuContext context, AtomicLong account) {
        this.context = context;
        scope = new CpuScope(account, context.guard());
    }

    /**
     * Returns a tensor's wide copy: in the slot's buffer, which is as large as the largest need planned so far. A smaller one that
     * earlier plans use stays alive.
     */
    private Tensor wide(Slot slot, Tensor narrow) {
        Tensor buffer = buffers.get(slot);
        if (buffer == null || buffer.shape().size() < narrow.shape().size()) {
            buffer = scope.allocate(DataType.F32, narrow.shape());
            buffers.put(slot, buffer);
        }
        return scope.overlay(buffer, DataType.F32, narrow.shape());
    }

    private Operation widen(Tensor wide, Tensor narrow) {
        FloatPointer to = CpuTensor.floats(wide);
        BytePointer from = CpuTensor.bytes(narrow);
        int type = CpuTensor.typeOf(narrow);
        long size = narrow.shape().size();
        return context.kernel("widen", () -> kib.kib_layout_widen(to, from, type, size, context.threads()));
    }

    private Operation narrow(Tensor narrow, Tensor wide) {
        BytePointer to = CpuTensor.bytes(narrow);
        FloatPointer from = CpuTensor.floats(wide);
        int type = CpuTensor.typeOf(narrow);
        long size = narrow.shape().size();
        return context.kernel("narrow", () -> kib.kib_layout_narrow(to, from, type, size, context.threads()));
    }

    /** Makes subnormal results zeros. */
    private Operation flush(Tensor single) {
        FloatPointer numbers = CpuTensor.floats(single);
        long size = single.shape().size();
        return context.kernel("flush", () -> kib.kib_layout_flush(numbers, size, context.threads()));
    }

    /** Rounds weights to bfloat16 where they are not yet, in single precision: {@code rounded} has their extents and storage. */
    private Operation round(Tensor rounded, Tensor weight) {
        if (applies(weight)) {
            return widen(rounded, weight);
        }
        Tensor narrow = scope.overlay(wide(Slot.OUTPUT, weight), DataType.BF16, weight.shape());
        Operation down = narrow(narrow, weight);
        Operation up = widen(rounded, narrow);
        return chain(down, up);
    }

    /** Returns operations, each of which guards the device itself, as one. */
    private static Operation chain(Operation... operations) {
        return () -> {
            for (Operation operation : operations) {
                operation.run();
            }
        };
    }

    LinearOps linear(LinearOps single) {
        return new Linear(single);
    }

    ConvolutionOps convolution(ConvolutionOps single) {
        return new Convolution(single);
    }

    void close() {
        scope.close();
    }

    private static boolean applies(Tensor activations) {
        return activations.type() == DataType.BF16;
    }

    /** A forward product or a data gradient: {@code out = in weight}. */
    private Operation product(Tensor out, Tensor in, Tensor weight, Product single) {
        Tensor wideIn = wide(Slot.INPUT, in);
        Tensor rounded = wide(Slot.WEIGHT, weight);
        Tensor wideOut = applies(out) ? wide(Slot.OUTPUT, out) : out;
        Operation prepare = chain(widen(wideIn, in), round(rounded, weight));
        Operation compute = single.plan(wideOut, wideIn, rounded);
        return chain(prepare, compute, wideOut == out ? flush(out) : narrow(out, wideOut));
    }

    /** Plans a product in single precision. */
    private interface Product {
        Operation plan(Tensor out, Tensor in, Tensor weight);
    }

    private Operation weightGradient(Tensor dw, Tensor dy, Tensor x, Pair single) {
        Tensor wideDy = wide(Slot.UPSTREAM, dy);
        Tensor wideX = wide(Slot.INPUT, x);
        return chain(widen(wideDy, dy), widen(wideX, x), single.plan(wideDy, wideX), flush(dw));
    }

    /** Plans an operation on two tensors in single precision. */
    private interface Pair {
        Operation plan(Tensor first, Tensor second);
    }

    private final class Linear implements LinearOps {
        private final LinearOps single;

        Linear(LinearOps single) {
            this.single = single;
        }

        @Override
        public Operation forward(Tensor y, Tensor x, Tensor w, @Nullable Tensor bias) {
            if (!applies(x)) {
                return single.forward(y, x, w, bias);
            }
            Contracts.linear("linear.forward", y, x, w, bias);
            return product(y, x, w, (wideY, wideX, rounded) -> single.forward(wideY, wideX, rounded, bias));
        }

        @Override
        public Operation weightGradient(Tensor dw, @Nullable Tensor dbias, Tensor dy, Tensor x) {
            if (!applies(x)) {
                return single.weightGradient(dw, dbias, dy, x);
            }
            Contracts.linear("linear.weightGradient", dy, x, dw, dbias);
            return Emulation.this.weightGradient(
                    dw, dy, x, (wideDy, wideX) -> single.weightGradient(dw, dbias, wideDy, wideX));
        }

        @Override
        public Operation dataGradient(Tensor dx, Tensor dy, Tensor w) {
            if (!applies(dy)) {
                return single.dataGradient(dx, dy, w);
            }
            Contracts.linear("linear.dataGradient", dy, dx, w, null);
            return product(dx, dy, w, single::dataGradient);
        }
    }

    private final class Convolution implements ConvolutionOps {
        private final ConvolutionOps single;

        Convolution(ConvolutionOps single) {
            this.single = single;
        }

        @Override
        public Operation forward(Tensor y, Tensor x, Tensor weight, @Nullable Tensor bias) {
            if (!applies(x)) {
                return single.forward(y, x, weight, bias);
            }
            Contracts.convolution("convolution.forward", y, x, weight, bias);
            return product(y, x, weight, (wideY, wideX, rounded) -> single.forward(wideY, wideX, rounded, bias));
        }

        @Override
        public Operation weightGradient(Tensor dweight, @Nullable Tensor dbias, Tensor dy, Tensor x) {
            if (!applies(x)) {
                return single.weightGradient(dweight, dbias, dy, x);
            }
            Contracts.convolution("convolution.weightGradient", dy, x, dweight, dbias);
            return Emulation.this.weightGradient(
                    dweight, dy, x, (wideDy, wideX) -> single.weightGradient(dweight, dbias, wideDy, wideX));
        }

        @Override
        public Operation dataGradient(Tensor dx, Tensor dy, Tensor weight) {
            if (!applies(dy)) {
                return single.dataGradient(dx, dy, weight);
            }
            Contracts.convolution("convolution.dataGradient", dy, dx, weight, null);
            return product(dx, dy, weight, single::dataGradient);
        }
    }
}
