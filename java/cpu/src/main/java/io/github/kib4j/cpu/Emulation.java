package io.github.kib4j.cpu;

import io.github.kib4j.bindings.Sequence;
import io.github.kib4j.op.Geometry;
import io.github.kib4j.op.ProductOps;
import io.github.kib4j.op.Work;
import io.github.kib4j.tensor.DataType;
import io.github.kib4j.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
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
record Emulation(ProductOps<Work> single, CpuLibrary library) implements ProductOps<Work> {
    @Override
    public Work forward(Tensor y, Tensor x, Tensor w, @Nullable Tensor bias, Geometry geometry) {
        return applies(x)
                ? product(y, x, w, (wideY, wideX, rounded) -> single.forward(wideY, wideX, rounded, bias, geometry))
                : single.forward(y, x, w, bias, geometry);
    }

    @Override
    public Work weightGradient(Tensor dw, @Nullable Tensor dbias, Tensor dy, Tensor x, Geometry geometry) {
        if (!applies(x)) {
            return single.weightGradient(dw, dbias, dy, x, geometry);
        }
        CpuTensor wideDy = copy(DataType.F32, dy);
        CpuTensor wideX = copy(DataType.F32, x);
        return new OnCopies(
                List.of(wideDy, wideX),
                new Sequence(List.of(
                        widen(wideDy, dy),
                        widen(wideX, x),
                        single.weightGradient(dw, dbias, wideDy, wideX, geometry),
                        flush(dw))));
    }

    @Override
    public Work dataGradient(Tensor dx, Tensor dy, Tensor w, Geometry geometry) {
        return applies(dy)
                ? product(
                        dx, dy, w, (wideDx, wideDy, rounded) -> single.dataGradient(wideDx, wideDy, rounded, geometry))
                : single.dataGradient(dx, dy, w, geometry);
    }

    private static boolean applies(Tensor activations) {
        return activations.type() == DataType.BF16;
    }

    /** A product in single precision. */
    private interface Product {
        Work plan(Tensor out, Tensor in, Tensor weight);
    }

    /** A forward product or a data gradient: {@code out = in weight}. Weights in single precision are rounded first. */
    private Work product(Tensor out, Tensor in, Tensor weight, Product product) {
        CpuTensor wideIn = copy(DataType.F32, in);
        CpuTensor rounded = copy(DataType.F32, weight);
        List<CpuTensor> copies = new ArrayList<>(List.of(wideIn, rounded));
        List<Work> parts = new ArrayList<>(List.of(widen(wideIn, in)));
        if (applies(weight)) {
            parts.add(widen(rounded, weight));
        } else {
            CpuTensor narrow = copy(DataType.BF16, weight);
            copies.add(narrow);
            parts.add(library.narrow(narrow, weight));
            parts.add(widen(rounded, narrow));
        }
        if (applies(out)) {
            CpuTensor wideOut = copy(DataType.F32, out);
            copies.add(wideOut);
            parts.add(product.plan(wideOut, wideIn, rounded));
            parts.add(library.narrow(out, wideOut));
        } else {
            parts.add(product.plan(out, wideIn, rounded));
            parts.add(flush(out));
        }
        return new OnCopies(copies, new Sequence(parts));
    }

    private static CpuTensor copy(DataType type, Tensor tensor) {
        return new CpuTensor(tensor.owner(), type, tensor.shape());
    }

    private Work widen(Tensor wide, Tensor narrow) {
        int type = library.typeOf(narrow);
        long size = narrow.shape().size();
        return library.kernel(0, (scratch, queue) -> {
            FloatPointer to = library.floats(wide);
            BytePointer from = library.bytes(narrow);
            return () -> library.kernels().layout_widen(to, from, type, size, queue);
        });
    }

    /** Makes subnormal results zeros. */
    private Work flush(Tensor single) {
        long size = single.shape().size();
        return library.kernel(0, (scratch, queue) -> {
            FloatPointer numbers = library.floats(single);
            return () -> library.kernels().layout_flush(numbers, size, queue);
        });
    }

    /** Work on copies, which lie in the scratch memory after what the work itself needs. */
    private record OnCopies(List<CpuTensor> copies, Work work) implements Work {
        @Override
        public long scratchBytes() {
            long bytes = CpuMemory.padded(work.scratchBytes());
            for (CpuTensor copy : copies) {
                bytes += CpuMemory.padded(copy.bytes());
            }
            return bytes;
        }

        @Override
        public Runnable bind(Place place) {
            Tensor scratch = Objects.requireNonNull(place.scratch());
            long offset = CpuMemory.padded(work.scratchBytes());
            for (CpuTensor copy : copies) {
                copy.place(CpuTensor.of(scratch), offset);
                offset += CpuMemory.padded(copy.bytes());
            }
            return work.bind(place);
        }
    }
}
