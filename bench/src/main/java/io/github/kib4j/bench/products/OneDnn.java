package io.github.kib4j.bench.products;

import java.util.Arrays;
import java.util.Locale;
import org.bytedeco.dnnl.engine;
import org.bytedeco.dnnl.global.dnnl;
import org.bytedeco.dnnl.memory;
import org.bytedeco.dnnl.stream;
import org.bytedeco.javacpp.Loader;

/** oneDNN's engine and stream of the processor, on as many threads as {@code OMP_NUM_THREADS} says. */
public final class OneDnn implements AutoCloseable {
    final engine cpu;
    final stream queue;

    /** Loads the library. */
    public OneDnn() {
        Loader.load(dnnl.class);
        cpu = new engine(engine.kind.cpu, 0);
        queue = new stream(cpu);
    }

    /** {@return its version and the instruction set that it chose} */
    public String description() {
        return String.format(
                Locale.ROOT,
                "oneDNN %d.%d.%d for %s",
                dnnl.DNNL_VERSION_MAJOR,
                dnnl.DNNL_VERSION_MINOR,
                dnnl.DNNL_VERSION_PATCH,
                dnnl.get_effective_cpu_isa().toString().replace("dnnl_cpu_isa_", ""));
    }

    /** Describes an array whose storage oneDNN may choose. */
    static memory.desc any(memory.data_type type, long... extents) {
        return new memory.desc(extents, type, memory.format_tag.any);
    }

    /** Describes a row-major array. */
    static memory.desc rows(memory.data_type type, long... extents) {
        long[] strides = new long[extents.length];
        Arrays.fill(strides, 1);
        for (int i = extents.length - 2; i >= 0; i--) {
            strides[i] = strides[i + 1] * extents[i + 1];
        }
        return new memory.desc(extents, type, strides);
    }

    /** Describes a matrix stored column by column. */
    static memory.desc columns(memory.data_type type, long rows, long columns) {
        return new memory.desc(new long[] {rows, columns}, type, new long[] {1, rows});
    }

    /** Describes images {@code [B, C, H, W]} stored channels-last. */
    static memory.desc channelsLast(memory.data_type type, long batch, long channels, long height, long width) {
        return new memory.desc(new long[] {batch, channels, height, width}, type, memory.format_tag.nhwc);
    }

    @Override
    public void close() {
        queue.close();
        cpu.close();
    }
}
