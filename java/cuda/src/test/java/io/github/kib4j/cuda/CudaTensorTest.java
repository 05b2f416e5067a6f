package io.github.kib4j.cuda;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.kib4j.op.Device;
import io.github.kib4j.tensor.DataType;
import io.github.kib4j.tensor.Scope;
import io.github.kib4j.tensor.Shape;
import io.github.kib4j.tensor.Tensor;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** What is written into a device's memory is read back, whatever its type, its order in memory and its size. */
@ExtendWith({EmulatedDevice.class, WithKernels.class})
final class CudaTensorTest {
    private static final long SEED = 20;

    private Device device;
    private Scope scope;

    @BeforeEach
    void openDevice() {
        device = new Device(CudaBackend.open(new CudaCard(0, "a card", 90, 0), CudaOptions.DEFAULT));
        scope = device.newScope("test");
    }

    @AfterEach
    void closeDevice() {
        scope.close();
        device.close();
    }

    private Tensor tensor(DataType type, int... extents) {
        return scope.allocate(type, Shape.of(extents));
    }

    @Test
    void memoryBeginsAsZeros() {
        assertThat(tensor(DataType.F32, 3, 5, 7, 2).readFloats()).containsOnly(0);
        assertThat(tensor(DataType.I64, 4).readLongs()).containsOnly(0);
        assertThat(tensor(DataType.BF16, 9).readDoubles()).containsOnly(0);
    }

    @Test
    void integersAndBytesStayWhatTheyAre() {
        Tensor ints = tensor(DataType.I32, 3);
        ints.write(new int[] {1, -2, Integer.MAX_VALUE});
        assertThat(ints.readInts()).containsExactly(1, -2, Integer.MAX_VALUE);
        Tensor longs = tensor(DataType.I64, 2);
        longs.write(new long[] {1L << 40, -5});
        assertThat(longs.readLongs()).containsExactly(1L << 40, -5);
        Random random = new Random(SEED);
        byte[] pixels = new byte[5 * 3 * 7 * 6];
        random.nextBytes(pixels);
        Tensor images = tensor(DataType.U8, 5, 3, 7, 6);
        images.write(pixels);
        assertThat(images.readBytes()).containsExactly(pixels);
        Tensor doubles = tensor(DataType.F64, 2);
        doubles.write(new double[] {Math.PI, Double.NaN});
        assertThat(doubles.readDoubles()).containsExactly(Math.PI, Double.NaN);
    }

    @Test
    void imagesKeepTheirOrder() {
        float[] numbers = new float[3 * 5 * 4 * 2];
        for (int i = 0; i < numbers.length; i++) {
            numbers[i] = i;
        }
        for (DataType type : new DataType[] {DataType.F32, DataType.BF16}) {
            Tensor image = tensor(type, 3, 5, 4, 2);
            image.write(numbers);
            assertThat(image.readFloats()).containsExactly(numbers);
            assertThat(image.readDoubles()).startsWith(0, 1, 2, 3);
        }
    }

    /** More than the memory through which it goes: in parts, of images and of rows. */
    @Test
    void largeTensorsGoInParts() {
        int size = 5 << 18;
        byte[] bytes = new byte[4 * size];
        new Random(SEED).nextBytes(bytes);
        Tensor flat = tensor(DataType.U8, 4, size);
        flat.write(bytes);
        assertThat(flat.readBytes()).isEqualTo(bytes);
        Tensor images = tensor(DataType.U8, 5, 1 << 16, 4, 4);
        byte[] pixels = new byte[5 << 20];
        new Random(SEED).nextBytes(pixels);
        images.write(pixels);
        assertThat(images.readBytes()).isEqualTo(pixels);
    }
}
