package io.github.kib4j.cpu;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.kib4j.op.BatchNormOps;
import io.github.kib4j.op.Device;
import io.github.kib4j.op.Devices;
import io.github.kib4j.op.Precision;
import io.github.kib4j.tensor.DataType;
import io.github.kib4j.tensor.Scope;
import io.github.kib4j.tensor.Shape;
import io.github.kib4j.tensor.Tensor;
import io.github.kib4j.testkit.OperationCase;
import io.github.kib4j.testkit.OperationCases;
import io.github.kib4j.testkit.Parity;
import java.util.Arrays;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The project's own kernels give the same bits for any number of threads. (oneDNN's products need not.) */
final class CpuThreadsTest {

    @TestFactory
    Stream<DynamicTest> sameBitsInSinglePrecision() {
        return sameBits(Precision.F32);
    }

    @TestFactory
    Stream<DynamicTest> sameBitsInBfloat16() {
        return sameBits(Precision.BF16);
    }

    private static Stream<DynamicTest> sameBits(Precision precision) {
        return OperationCases.all().stream()
                .filter(c -> !c.operation().matches("(linear|convolution)[.].*"))
                .map(c -> DynamicTest.dynamicTest(c.toString(), () -> {
                    Map<String, OperationCase.Output> one = run(c, 1, precision);
                    for (int threads : new int[] {2, 3}) {
                        run(c, threads, precision)
                                .forEach((output, values) -> assertThat(values.numbers())
                                        .as(output + " with " + threads + " threads, seed " + Parity.SEED)
                                        .isEqualTo(one.get(output).numbers()));
                    }
                }));
    }

    private static Map<String, OperationCase.Output> run(OperationCase c, int threads, Precision precision) {
        try (Device device = Devices.open("cpu", threads).device()) {
            return c.run(device, precision, Parity.SEED);
        }
    }

    /** A channel of equal numbers has no variance, and its normalized numbers are the shift. */
    @ParameterizedTest
    @ValueSource(ints = {1, 2, 3})
    void equalNumbersBecomeTheShift(int threads) {
        try (Device device = Devices.open("cpu", threads).device();
                Scope scope = device.newScope("test")) {
            Tensor a = filled(scope, 5.1f, 128, 16, 32, 32);
            Tensor y = scope.allocate(DataType.F32, a.shape());
            BatchNormOps.Saved saved = new BatchNormOps.Saved(
                    scope.allocate(DataType.F64, Shape.of(16)), scope.allocate(DataType.F64, Shape.of(16)));
            BatchNormOps.Parameters parameters = new BatchNormOps.Parameters(
                    filled(scope, 1, 16), filled(scope, 0.25f, 16), filled(scope, 0, 16), filled(scope, 1, 16));
            device.run(device.batchNorm().forward(y, saved, a, parameters));
            assertThat(saved.mean().readDoubles()).containsOnly(5.1f);
            assertThat(saved.variance().readDoubles()).containsOnly(0);
            assertThat(y.readFloats()).containsOnly(0.25f);
            assertThat(parameters.runningMean().readFloats()).containsOnly((float) (0.1 * 5.1f));
            assertThat(parameters.runningVariance().readFloats()).containsOnly(0.9f);
        }
    }

    private static Tensor filled(Scope scope, float value, int... extents) {
        Tensor tensor = scope.allocate(DataType.F32, Shape.of(extents));
        float[] values = new float[(int) tensor.shape().size()];
        Arrays.fill(values, value);
        tensor.write(values);
        return tensor;
    }
}
