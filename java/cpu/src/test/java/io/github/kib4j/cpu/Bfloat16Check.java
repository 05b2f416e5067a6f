package io.github.kib4j.cpu;

import io.github.kib4j.op.Device;
import io.github.kib4j.op.Devices;
import io.github.kib4j.op.Geometry;
import io.github.kib4j.op.Precision;
import io.github.kib4j.tensor.DataType;
import io.github.kib4j.tensor.Scope;
import io.github.kib4j.tensor.Shape;
import io.github.kib4j.tensor.Tensor;
import io.github.kib4j.testkit.Parity;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.DynamicTest;

/**
 * Products in bfloat16 under the instruction set that oneDNN uses in this process: that of the processor, or what
 * {@code ONEDNN_MAX_CPU_ISA} leaves of it.
 */
public final class Bfloat16Check {
    private static final int SIZE = 2;

    private final Device device;
    private final Scope scope;

    private Bfloat16Check(Device device, Scope scope) {
        this.device = device;
        this.scope = scope;
    }

    /** Prints the instruction set, then a line for everything that is not as it should be. */
    public static void main(String[] arguments) {
        try (Device device = Devices.open("cpu", 2).device()) {
            System.out.println(CpuBackend.instructionSet());
            try (Scope scope = device.newScope("test")) {
                new Bfloat16Check(device, scope).subnormalNumbersAreZeros();
            }
            Parity.tests(device, Precision.BF16)
                    .filter(Bfloat16Check::isProduct)
                    .forEach(Bfloat16Check::execute);
        }
    }

    /** Both factors of each pair are held exactly; the second product is a subnormal number. */
    private void subnormalNumbersAreZeros() {
        double large = 0x1p127;
        double subnormal = 0x1p-127;
        double small = 0x1p-64;
        for (double[] factors : List.of(
                new double[] {large, 1, large},
                new double[] {subnormal, large, 0},
                new double[] {large, subnormal, 0},
                new double[] {small, small, 0})) {
            Tensor first = diagonal(DataType.BF16, factors[0]);
            Tensor second = diagonal(DataType.BF16, factors[1]);
            Tensor single = diagonal(DataType.F32, factors[1]);
            String title = factors[0] + " times " + factors[1] + ", ";
            for (DataType type : List.of(DataType.BF16, DataType.F32)) {
                Tensor y = empty(type);
                device.run(device.product().forward(y, first, second, null, Geometry.LINEAR));
                expect(factors[2], y, title + "forward to " + type);
                device.run(device.product().forward(y, first, single, null, Geometry.LINEAR));
                expect(factors[2], y, title + "forward to " + type + ", single weights");
            }
            Tensor dx = empty(DataType.BF16);
            device.run(device.product().dataGradient(dx, first, second, Geometry.LINEAR));
            expect(factors[2], dx, title + "data gradient");
            Tensor dw = empty(DataType.F32);
            device.run(device.product().weightGradient(dw, null, first, second, Geometry.LINEAR));
            expect(factors[2], dw, title + "weight gradient");
            convolutions(title, factors);
        }
    }

    private void convolutions(String title, double[] factors) {
        Tensor x = image(DataType.BF16, factors[0]);
        Tensor weight = image(DataType.F32, factors[1]);
        Tensor y = scope.allocate(DataType.BF16, x.shape());
        device.run(device.product().forward(y, x, weight, null, new Geometry(1)));
        expect(factors[2], y, title + "convolution");
        device.run(device.product().dataGradient(y, x, weight, new Geometry(1)));
        expect(factors[2], y, title + "convolution's data gradient");
        Tensor dweight = scope.allocate(DataType.F32, x.shape());
        device.run(
                device.product().weightGradient(dweight, null, x, image(DataType.BF16, factors[1]), new Geometry(1)));
        expect(factors[2], dweight, title + "convolution's weight gradient");
    }

    private Tensor empty(DataType type) {
        return scope.allocate(type, Shape.of(SIZE, SIZE));
    }

    private Tensor diagonal(DataType type, double value) {
        Tensor tensor = empty(type);
        double[] values = new double[SIZE * SIZE];
        for (int i = 0; i < SIZE; i++) {
            values[i * SIZE + i] = value;
        }
        tensor.write(values);
        return tensor;
    }

    private Tensor image(DataType type, double value) {
        Tensor tensor = scope.allocate(type, Shape.of(SIZE, SIZE, 1, 1));
        tensor.write(diagonal(DataType.F32, value).readDoubles());
        return tensor;
    }

    private static void expect(double expected, Tensor product, String what) {
        double[] values = product.readDoubles();
        if (values[0] != expected || values[SIZE + 1] != expected || values[1] != 0 || values[SIZE] != 0) {
            System.out.println(what + ": " + Arrays.toString(values) + ", not " + expected + " on the diagonal");
        }
    }

    private static boolean isProduct(DynamicTest test) {
        return test.getDisplayName().startsWith("linear.")
                || test.getDisplayName().startsWith("convolution.");
    }

    private static void execute(DynamicTest test) {
        try {
            test.getExecutable().execute();
        } catch (Throwable e) {
            System.out.println(e);
        }
    }
}
