package io.github.kib4j.djl;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.types.DataType;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;

/** Numbers of arrays. */
final class Floats {
    private Floats() {}

    /**
     * Returns an array's numbers in their order, where they lie if they are 32-bit floats in the processor's memory: not to be read
     * after the array is closed.
     */
    static FloatBuffer of(NDArray array) {
        if (array.getDataType() != DataType.FLOAT32) {
            try (NDArray single = array.toType(DataType.FLOAT32, true)) {
                return FloatBuffer.wrap(single.toFloatArray());
            }
        }
        return array.toByteBuffer(true).order(ByteOrder.nativeOrder()).asFloatBuffer();
    }

    /** Returns a copy of an array's numbers. */
    static float[] copy(NDArray array) {
        float[] copy = new float[Math.toIntExact(array.size())];
        of(array).get(copy);
        return copy;
    }
}
