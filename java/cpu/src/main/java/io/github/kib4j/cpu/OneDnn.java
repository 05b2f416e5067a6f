package io.github.kib4j.cpu;

import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_FROM;
import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_SCRATCHPAD;
import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_TO;

import io.github.kib4j.op.Operation;
import io.github.kib4j.tensor.DataType;
import io.github.kib4j.tensor.Shape;
import io.github.kib4j.tensor.Tensor;
import java.util.LinkedHashMap;
import java.util.Map;
import org.bytedeco.dnnl.IntMemoryMap;
import org.bytedeco.dnnl.engine;
import org.bytedeco.dnnl.global.dnnl;
import org.bytedeco.dnnl.memory;
import org.bytedeco.dnnl.primitive;
import org.bytedeco.dnnl.primitive_attr;
import org.bytedeco.dnnl.primitive_desc_base;
import org.bytedeco.dnnl.reorder;
import org.bytedeco.dnnl.stream;

/** oneDNN's engine and stream, and how its primitives are planned: deterministic, on shared scratch memory. */
final class OneDnn {
    private final engine cpu = new engine(engine.kind.cpu, 0);
    private final stream queue = new stream(cpu);
    private final primitive_attr attributes = new primitive_attr();
    private final SharedMemory scratch;

    OneDnn(SharedMemory scratch) {
        this.scratch = scratch;
        attributes.set_deterministic(true);
        attributes.set_scratchpad_mode(dnnl.scratchpad_mode.user);
    }

    engine engine() {
        return cpu;
    }

    primitive_attr attributes() {
        return attributes;
    }

    static memory.data_type type(DataType type) {
        return CpuTensor.numbers(type) == DataType.BF16 ? memory.data_type.bf16 : memory.data_type.f32;
    }

    /** Describes an array by extents and strides. */
    static memory.desc strided(DataType type, long[] extents, long... strides) {
        return new memory.desc(extents, type(type), strides);
    }

    /** Describes an array whose storage oneDNN may choose. */
    static memory.desc any(DataType type, long... extents) {
        return new memory.desc(extents, type(type), memory.format_tag.any);
    }

    /** Describes a tensor {@code [B, C]} or {@code [B, C, H, W]}, stored channels-last, as one with two spatial extents. */
    static memory.desc image(Tensor tensor) {
        Shape s = tensor.shape();
        long channels = s.extent(1);
        long height = s.rank() == 4 ? s.extent(2) : 1;
        long width = s.rank() == 4 ? s.extent(3) : 1;
        long[] extents = {s.extent(0), channels, height, width};
        return strided(tensor.type(), extents, channels * height * width, 1, width * channels, channels);
    }

    /** Describes a vector. */
    static memory.desc vector(Tensor tensor) {
        return strided(tensor.type(), new long[] {tensor.shape().size()}, 1);
    }

    /** Binds a description to a tensor's memory. */
    memory on(memory.desc desc, Tensor tensor) {
        return new memory(desc, cpu, CpuTensor.bytes(tensor));
    }

    /** Binds a description to shared memory. */
    memory on(memory.desc desc, SharedMemory shared) {
        shared.reserve(desc.get_size());
        memory bound = new memory(desc, cpu, shared.start());
        shared.keep(bound);
        return bound;
    }

    /** Arguments of a primitive: index and memory, in turn. */
    static Map<Integer, memory> arguments(Object... indicesAndMemories) {
        Map<Integer, memory> arguments = new LinkedHashMap<>();
        for (int i = 0; i < indicesAndMemories.length; i += 2) {
            arguments.put((Integer) indicesAndMemories[i], (memory) indicesAndMemories[i + 1]);
        }
        return arguments;
    }

    /** Plans a primitive with all its arguments. */
    Operation plan(primitive_desc_base description, primitive computation, Map<Integer, memory> arguments) {
        Map<Integer, memory> all = new LinkedHashMap<>(arguments);
        all.put(DNNL_ARG_SCRATCHPAD, on(description.scratchpad_desc(), scratch));
        IntMemoryMap bound = new IntMemoryMap();
        all.forEach(bound::put);
        return new Planned(computation, queue, bound, all);
    }

    /** Plans a copy that changes storage or type. */
    Operation reorder(memory from, memory.desc fromDesc, memory to, memory.desc toDesc) {
        reorder.primitive_desc description = new reorder.primitive_desc(cpu, fromDesc, cpu, toDesc, attributes, false);
        return plan(description, new reorder(description), arguments(DNNL_ARG_FROM, from, DNNL_ARG_TO, to));
    }

    /** A primitive with its arguments, all kept alive. */
    private record Planned(primitive computation, stream queue, IntMemoryMap bound, Map<Integer, memory> arguments)
            implements Operation {
        @Override
        public void run() {
            computation.execute(queue, bound);
        }
    }
}
