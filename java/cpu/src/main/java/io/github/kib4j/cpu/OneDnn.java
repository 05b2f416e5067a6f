package io.github.kib4j.cpu;

import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_FROM;
import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_SCRATCHPAD;
import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_TO;

import io.github.kib4j.op.Work;
import io.github.kib4j.tensor.DataType;
import io.github.kib4j.tensor.Shape;
import io.github.kib4j.tensor.Tensor;
import java.util.Map;
import java.util.Objects;
import org.bytedeco.dnnl.IntMemoryMap;
import org.bytedeco.dnnl.engine;
import org.bytedeco.dnnl.global.dnnl;
import org.bytedeco.dnnl.memory;
import org.bytedeco.dnnl.primitive;
import org.bytedeco.dnnl.primitive_attr;
import org.bytedeco.dnnl.primitive_desc_base;
import org.bytedeco.dnnl.reorder;
import org.bytedeco.dnnl.stream;
import org.bytedeco.javacpp.BytePointer;
import org.jspecify.annotations.Nullable;

/** oneDNN's engine and stream, and how its primitives become work: deterministic, on scratch memory that is given to them. */
final class OneDnn {
    private final engine cpu = new engine(engine.kind.cpu, 0);
    private final stream queue = new stream(cpu);
    private final primitive_attr attributes = new primitive_attr();

    OneDnn() {
        attributes.set_deterministic(true);
        attributes.set_scratchpad_mode(dnnl.scratchpad_mode.user);
    }

    engine engine() {
        return cpu;
    }

    primitive_attr attributes() {
        return attributes;
    }

    /**
     * What a primitive reads or writes.
     *
     * @param tensor null for a copy that lies at the start of scratch memory
     */
    record Operand(memory.desc layout, @Nullable Tensor tensor) {
        /** Returns this, if it is stored as wanted, or a copy. */
        Operand as(memory.desc wanted) {
            return wanted.equals(layout) ? this : new Operand(wanted, null);
        }

        boolean isCopy() {
            return tensor == null;
        }

        long scratchBytes() {
            return isCopy() ? CpuMemory.padded(layout.get_size()) : 0;
        }

        memory on(engine cpu, @Nullable BytePointer scratch) {
            return new memory(layout, cpu, tensor == null ? scratch : CpuTensor.bytes(tensor));
        }

        boolean hasTypeOf(Operand other) {
            return layout.get_data_type().value == other.layout.get_data_type().value;
        }

        /** Describes the same numbers in the type of others, and in a storage that oneDNN may choose. */
        memory.desc any(Operand typed) {
            return new memory.desc(layout.get_dims(), typed.layout.get_data_type(), memory.format_tag.any);
        }
    }

    private static memory.data_type numbers(DataType type) {
        return CpuLibrary.here().numbers(type) == DataType.BF16 ? memory.data_type.bf16 : memory.data_type.f32;
    }

    private static Operand strided(Tensor tensor, long[] extents, long... strides) {
        return new Operand(new memory.desc(extents, numbers(tensor.type()), strides), tensor);
    }

    /** Describes a tensor's rows as those of a matrix. */
    static Operand matrix(Tensor tensor) {
        long width = tensor.shape().rowSize();
        return strided(tensor, new long[] {tensor.shape().extent(0), width}, width, 1);
    }

    /** Describes a tensor's rows as the columns of a matrix. */
    static Operand transposed(Tensor tensor) {
        long width = tensor.shape().rowSize();
        return strided(tensor, new long[] {width, tensor.shape().extent(0)}, 1, width);
    }

    /** Describes a vector as the one row of a matrix. */
    static Operand row(Tensor tensor) {
        long size = tensor.shape().size();
        return strided(tensor, new long[] {1, size}, size, 1);
    }

    /** Describes a vector. */
    static Operand vector(Tensor tensor) {
        return strided(tensor, new long[] {tensor.shape().size()}, 1);
    }

    /** Describes a tensor {@code [B, C, H, W]}, stored channels-last. */
    static Operand image(Tensor tensor) {
        Shape s = tensor.shape();
        long channels = s.extent(1);
        long width = s.extent(3);
        long[] extents = {s.extent(0), channels, s.extent(2), width};
        return strided(tensor, extents, s.rowSize(), 1, width * channels, channels);
    }

    /** Makes what runs on scratch memory. */
    private interface Binder {
        Runnable bind(@Nullable BytePointer scratch);
    }

    /** Work whose native objects are made when it is bound, and held by what binding returns. */
    private record Planned(long scratchBytes, Binder binder) implements Work {
        @Override
        public Runnable bind(Place place) {
            return binder.bind(CpuLibrary.here().bytesOrNull(place.scratch()));
        }
    }

    /** Plans a primitive with all its arguments. */
    Work plan(primitive_desc_base description, primitive computation, Map<Integer, Operand> operands) {
        memory.desc scratchpad = description.scratchpad_desc();
        long copies =
                operands.values().stream().mapToLong(Operand::scratchBytes).sum();
        long bytes = copies + scratchpad.get_size();
        return new Planned(bytes, scratch -> {
            IntMemoryMap arguments = new IntMemoryMap();
            operands.forEach((index, operand) -> arguments.put(index, operand.on(cpu, scratch)));
            if (bytes > copies) {
                BytePointer free = Objects.requireNonNull(scratch).getPointer(copies);
                arguments.put(DNNL_ARG_SCRATCHPAD, new memory(scratchpad, cpu, free));
            }
            return () -> computation.execute(queue, arguments);
        });
    }

    /** Plans a copy that changes storage or type. */
    Work reorder(Operand from, Operand to) {
        reorder.primitive_desc description =
                new reorder.primitive_desc(cpu, from.layout(), cpu, to.layout(), attributes, false);
        return plan(description, new reorder(description), Map.of(DNNL_ARG_FROM, from, DNNL_ARG_TO, to));
    }
}
