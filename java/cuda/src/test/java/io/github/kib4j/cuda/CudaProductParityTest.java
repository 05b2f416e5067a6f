package io.github.kib4j.cuda;

import io.github.kib4j.op.Device;
import io.github.kib4j.op.Precision;
import io.github.kib4j.testkit.Parity;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.DynamicContainer;
import org.junit.jupiter.api.DynamicNode;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.extension.ExtendWith;

/** Convolutions of the one list of cases equal the reference's, whatever way to compute them is asked for. */
@ExtendWith({EmulatedDevice.class, WithKernels.class})
final class CudaProductParityTest {
    private static final ConvolutionFamily[] FAMILIES = {
        ConvolutionFamily.CUDNN, ConvolutionFamily.PADDED, ConvolutionFamily.SHIFTED, ConvolutionFamily.WINDOWS
    };

    private final List<Device> devices = new ArrayList<>();

    @AfterEach
    void closeDevices() {
        devices.forEach(Device::close);
    }

    private Device open(ConvolutionFamily family) {
        CudaOptions options = CudaOptions.of(Map.of("convolution", family.toString()));
        Device device = new Device(CudaBackend.open(new CudaCard(0, "a card", 90, 0), options));
        devices.add(device);
        return device;
    }

    @TestFactory
    Stream<DynamicNode> everyWay() {
        return Arrays.stream(FAMILIES).map(family -> {
            Device device = open(family);
            return DynamicContainer.dynamicContainer(
                    family.toString(),
                    Arrays.stream(Precision.values())
                            .map(precision -> DynamicContainer.dynamicContainer(
                                    precision.toString(),
                                    Parity.tests(device, precision, "convolution"::equals)
                                            .filter(test -> isOf(family, precision, test.getDisplayName())))));
        });
    }

    /**
     * Returns whether the family has such an operation, and digits for its numbers: those that cancel need sums that are not rounded.
     * They take long, too, so that one way shows that they are computed.
     */
    private static boolean isOf(ConvolutionFamily family, Precision precision, String name) {
        boolean hasOperation = switch (family) {
            case SHIFTED -> name.startsWith("convolution.weightGradient");
            case WINDOWS -> !name.startsWith("convolution.dataGradient");
            default -> true;
        };
        boolean hasDigits =
                !name.contains("hard numbers") || family == ConvolutionFamily.SHIFTED && precision == Precision.BF16;
        return hasOperation && hasDigits;
    }
}
