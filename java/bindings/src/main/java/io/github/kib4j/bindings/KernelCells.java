package io.github.kib4j.bindings;

import io.github.kib4j.bindings.internal.kib_cells_spec;
import io.github.kib4j.op.CellOps;
import io.github.kib4j.op.Cells;
import io.github.kib4j.op.Work;
import io.github.kib4j.tensor.Tensor;
import org.bytedeco.javacpp.BytePointer;
import org.bytedeco.javacpp.DoublePointer;
import org.bytedeco.javacpp.FloatPointer;

/**
 * {@link CellOps} by a library's kernels.
 *
 * @param library the kernels
 */
public record KernelCells(KernelLibrary library) implements CellOps<Work> {
    @Override
    public Work codes(Tensor u, Tensor mean, Tensor scale, Tensor z, Cells cells) {
        kib_cells_spec settings = describe(z, cells);
        return library.kernel(0, (scratch, queue) -> {
            FloatPointer out = library.floats(u);
            DoublePointer means = library.doubles(mean);
            FloatPointer scales = library.floats(scale);
            BytePointer in = library.bytes(z);
            return () -> library.kernels().cells_codes(out, means, scales, in, settings, queue);
        });
    }

    @Override
    public Work gradient(Tensor dz, Tensor z, Tensor mean, Tensor scale, Tensor du, Cells cells) {
        kib_cells_spec settings = describe(z, cells);
        return library.kernel(library.kernels().cells_workspace(settings), (scratch, queue) -> {
            BytePointer out = library.bytes(dz);
            BytePointer in = library.bytes(z);
            DoublePointer means = library.doubles(mean);
            FloatPointer scales = library.floats(scale);
            FloatPointer third = library.floats(du);
            return () -> library.kernels().cells_gradient(out, in, means, scales, third, settings, scratch, queue);
        });
    }

    private kib_cells_spec describe(Tensor z, Cells cells) {
        library.numbers(z.type());
        return Specs.cells(z, cells);
    }
}
