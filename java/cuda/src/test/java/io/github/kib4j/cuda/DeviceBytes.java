package io.github.kib4j.cuda;

import static org.assertj.core.api.Assertions.assertThat;
import static org.bytedeco.cuda.global.cudart.cudaDeviceSynchronize;
import static org.bytedeco.cuda.global.cudart.cudaFree;
import static org.bytedeco.cuda.global.cudart.cudaMalloc;
import static org.bytedeco.cuda.global.cudart.cudaMemcpy;
import static org.bytedeco.cuda.global.cudart.cudaMemcpyDeviceToHost;
import static org.bytedeco.cuda.global.cudart.cudaMemcpyHostToDevice;

import io.github.kib4j.tensor.DataType;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import org.bytedeco.javacpp.BytePointer;

/** Memory on the device, of numbers of either type, which are doubles to the test. */
final class DeviceBytes implements AutoCloseable {
    private final BytePointer pointer = new BytePointer();
    private final int length;

    DeviceBytes(long length) {
        this.length = Math.toIntExact(length);
        assertThat(cudaMalloc(pointer, Math.max(1, length))).isZero();
    }

    /** Returns memory with numbers, rounded to the type. */
    static DeviceBytes of(DataType type, double... numbers) {
        DeviceBytes bytes = new DeviceBytes((long) type.bytes() * numbers.length);
        ByteBuffer buffer = ByteBuffer.allocate(bytes.length).order(ByteOrder.nativeOrder());
        for (double number : numbers) {
            int bits = Float.floatToRawIntBits((float) number);
            if (type == DataType.F32) {
                buffer.putInt(bits);
            } else {
                buffer.putShort((short) (bits + 0x7fff + (bits >>> 16 & 1) >>> 16));
            }
        }
        bytes.put(buffer.array());
        return bytes;
    }

    double[] numbers(DataType type) {
        ByteBuffer buffer = ByteBuffer.wrap(get()).order(ByteOrder.nativeOrder());
        double[] numbers = new double[length / type.bytes()];
        for (int i = 0; i < numbers.length; i++) {
            numbers[i] = Float.intBitsToFloat(type == DataType.F32 ? buffer.getInt() : buffer.getShort() << 16);
        }
        return numbers;
    }

    BytePointer pointer() {
        return pointer;
    }

    void put(byte[] bytes) {
        try (BytePointer host = new BytePointer(bytes)) {
            assertThat(cudaMemcpy(pointer, host, length, cudaMemcpyHostToDevice))
                    .isZero();
            assertThat(cudaDeviceSynchronize()).isZero();
        }
    }

    byte[] get() {
        byte[] bytes = new byte[length];
        try (BytePointer host = new BytePointer((long) length)) {
            assertThat(cudaMemcpy(host, pointer, length, cudaMemcpyDeviceToHost))
                    .isZero();
            host.get(bytes);
        }
        return bytes;
    }

    @Override
    public void close() {
        cudaFree(pointer);
    }
}
