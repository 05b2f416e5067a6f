package io.github.kib4j.bench.products;

import java.util.EnumMap;
import java.util.Map;
import java.util.Random;
import org.bytedeco.dnnl.memory;
import org.bytedeco.javacpp.BytePointer;
import org.bytedeco.javacpp.Pointer;

/** A layer's arrays, each as large as the largest primitive needs, full of small random numbers. */
final class LayerMemory implements AutoCloseable {
    /** Bytes of a cache line, at which arrays begin. */
    private static final int ALIGNMENT = 64;
    /** Random bytes that are repeated through an array. */
    private static final int PATTERN = 1 << 16;

    private final Map<Role, BytePointer> arrays = new EnumMap<>(Role.class);

    LayerMemory(Iterable<Primitive> primitives) {
        Map<Role, Long> bytes = new EnumMap<>(Role.class);
        Map<Role, Boolean> half = new EnumMap<>(Role.class);
        for (Primitive primitive : primitives) {
            for (Primitive.Argument argument : primitive.arguments().values()) {
                bytes.merge(argument.role(), argument.desc().get_size(), Math::max);
                half.put(argument.role(), argument.desc().get_data_type() == memory.data_type.bf16);
            }
        }
        Random random = new Random(1);
        bytes.forEach((role, size) ->
                arrays.put(role, filled(size, pattern(random, Boolean.TRUE.equals(half.get(role))))));
    }

    /** Numbers between -1 and 1, none of them denormal. */
    private static byte[] pattern(Random random, boolean half) {
        byte[] bytes = new byte[PATTERN];
        int width = half ? Short.BYTES : Float.BYTES;
        for (int i = 0; i < PATTERN; i += width) {
            int bits = Float.floatToRawIntBits(random.nextInt(1, 128) / 64f - 1);
            for (int j = 0; j < width; j++) {
                bytes[i + j] = (byte) (bits >> 8 * (Float.BYTES - width + j));
            }
        }
        return bytes;
    }

    private static BytePointer filled(long size, byte[] pattern) {
        BytePointer array = new BytePointer(size + ALIGNMENT);
        for (long at = 0; at < array.capacity(); at += PATTERN) {
            array.position(at).put(pattern, 0, (int) Math.min(PATTERN, array.capacity() - at));
        }
        return array.position(0);
    }

    Pointer at(Role role) {
        BytePointer array = arrays.get(role);
        if (array == null) {
            throw new IllegalArgumentException("No primitive has an argument " + role + ".");
        }
        return array.getPointer(Math.floorMod(-array.address(), ALIGNMENT));
    }

    @Override
    public void close() {
        arrays.values().forEach(BytePointer::close);
    }
}
