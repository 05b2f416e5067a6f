package io.github.kib4j.cuda;

import static org.assertj.core.api.Assertions.assertThat;
import static org.bytedeco.cuda.global.cudart.cudaFree;
import static org.bytedeco.cuda.global.cudart.cudaMalloc;
import static org.bytedeco.cuda.global.cudart.cudaMemcpy;
import static org.bytedeco.cuda.global.cudart.cudaMemcpyDeviceToHost;
import static org.bytedeco.cuda.global.cudart.cudaMemcpyHostToDevice;

import org.bytedeco.javacpp.FloatPointer;

/** Numbers in the device's memory. */
final class DeviceFloats implements AutoCloseable {
    private final FloatPointer pointer = new FloatPointer();
    private final int length;

    DeviceFloats(int length) {
        this.length = length;
        assertThat(cudaMalloc(pointer, 4L * length)).isZero();
    }

    static DeviceFloats of(float... values) {
        DeviceFloats floats = new DeviceFloats(values.length);
        floats.set(values);
        return floats;
    }

    void set(float... values) {
        try (FloatPointer host = new FloatPointer(values)) {
            assertThat(cudaMemcpy(pointer, host, 4L * values.length, cudaMemcpyHostToDevice))
                    .isZero();
            // The copy of unpinned memory may return before the device has the bytes.
            assertThat(org.bytedeco.cuda.global.cudart.cudaDeviceSynchronize()).isZero();
        }
    }

    float[] get() {
        float[] values = new float[length];
        try (FloatPointer host = new FloatPointer(length)) {
            assertThat(cudaMemcpy(host, pointer, 4L * length, cudaMemcpyDeviceToHost))
                    .isZero();
            host.get(values);
        }
        return values;
    }

    FloatPointer pointer() {
        return pointer;
    }

    @Override
    public void close() {
        cudaFree(pointer);
    }
}
