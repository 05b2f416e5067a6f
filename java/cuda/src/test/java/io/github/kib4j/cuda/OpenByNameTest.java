package io.github.kib4j.cuda;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.kib4j.op.Device;
import io.github.kib4j.op.DevicePart;
import io.github.kib4j.op.DeviceProvider;
import io.github.kib4j.op.Devices;
import io.github.kib4j.tensor.RefusedException;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** The device as it is found and opened by its name, with the kernels of this build. */
@ExtendWith({EmulatedDevice.class, WithKernels.class})
class OpenByNameTest {
    private DeviceProvider provider;

    @BeforeEach
    void find() {
        provider = Devices.providers().stream()
                .filter(found -> found.name().equals("cuda"))
                .findFirst()
                .orElseThrow();
    }

    @Test
    void itIsTheBestOfAll() {
        assertThat(provider).isInstanceOf(CudaProvider.class);
        assertThat(provider.unavailable()).isEmpty();
        assertThat(provider.isAbsent()).isFalse();
        try (Device device = Devices.open(Devices.AUTO, 1).device()) {
            assertThat(device.name()).isEqualTo("cuda");
            assertThat(device.description())
                    .isEqualTo("cuda: " + provider.devices().get(0).description());
        }
    }

    @Test
    void oneThatIsNotThereIsRefusedWithWhatThereIs() {
        assertThatThrownBy(() -> Devices.open("cuda:9", 1))
                .isInstanceOf(RefusedException.class)
                .hasMessage("There is no device 'cuda:9' here; there is cuda.");
    }

    @Test
    void aSettingThatIsNoneIsRefused() {
        assertThatThrownBy(() -> Devices.open(Devices.AUTO, 1, Map.of("graph", "perhaps")))
                .isInstanceOf(RefusedException.class)
                .hasMessage("The cuda device's setting 'graph' is 'on' or 'off', not 'perhaps'.");
        assertThatThrownBy(() -> Devices.open("cuda", 1, Map.of("speed", "high")))
                .isInstanceOf(RefusedException.class)
                .hasMessageStartingWith("The cuda device has no setting 'speed'; it has arena (on or off)");
    }

    @Test
    void whatWasFound() {
        assertThat(provider.parts()).extracting(DevicePart::problem).allMatch(problem -> problem.isEmpty());
        assertThat(provider.parts())
                .extracting(DevicePart::name)
                .containsExactly(
                        "driver",
                        "runtime",
                        "cuBLASLt",
                        "cuBLAS",
                        "cuDNN",
                        "kernels",
                        "GPU 0",
                        "GPU 0 memory",
                        "GPU 0 self-test");
        assertThat(provider.parts().get(5).found()).contains("sm_80", "sm_90a", "sm_100", "sm_120", "compute_80");
        assertThat(provider.parts().get(6).found()).endsWith("compute capability 9.0, runs sm_90a");
    }
}
