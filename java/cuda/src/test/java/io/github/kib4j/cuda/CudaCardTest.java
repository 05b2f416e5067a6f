package io.github.kib4j.cuda;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Which code runs on which card, and whether there is a card. */
class CudaCardTest {
    private static final String BUILD = "sm_80 sm_90a sm_100 sm_120 compute_80";

    private static CudaCard card(int major, int minor) {
        return new CudaCard(0, "NVIDIA Card", 10 * major + minor, 85_899_345_920L);
    }

    @ParameterizedTest
    @CsvSource({
        "8, 0, sm_80",
        "8, 6, sm_80",
        "8, 9, sm_80",
        "9, 0, sm_90a",
        "10, 0, sm_100",
        "10, 3, sm_100",
        "12, 0, sm_120",
        "11, 0, compute_80",
        "13, 0, compute_80"
    })
    void aBuildRunsOn(int major, int minor, String code) {
        assertThat(card(major, minor).code(BUILD)).contains(code);
        assertThat(card(major, minor).problem(BUILD)).isEmpty();
    }

    @ParameterizedTest
    @CsvSource({
        "8, 0, sm_86",
        "9, 1, sm_90a",
        "9, 1, compute_90a",
        "10, 0, compute_90a",
        "12, 0, compute_100f",
        "9, 0, compute_100",
        "9, 0, ''",
        "9, 0, sm_"
    })
    void othersDoNot(int major, int minor, String architectures) {
        assertThat(card(major, minor).code(architectures)).isEmpty();
    }

    @Test
    void whatIsSaidOfACard() {
        assertThat(card(9, 0).description()).isEqualTo("NVIDIA Card, 80.0 GiB, compute capability 9.0");
        assertThat(card(7, 5).problem(BUILD).orElseThrow())
                .startsWith("the GPU NVIDIA Card has compute capability 7.5, and kib4j's kernels need 8.0 or later");
        assertThat(card(12, 1).problem("sm_90a").orElseThrow()).endsWith("; build it with sm_121 among them.");
    }

    @Test
    void hardwareShowsItself(@TempDir Path root) throws IOException {
        assertThat(NvidiaHardware.isIn(root)).isFalse();
        device(root, "0000:00:02.0", "0x8086", "0x030000"); // Intel's graphics
        device(root, "0000:01:00.1", "0x10de", "0x040300"); // a sound device of NVIDIA's
        assertThat(NvidiaHardware.isIn(root)).isFalse();
        device(root, "0000:01:00.0", "0x10de", "0x030200");
        assertThat(NvidiaHardware.isIn(root)).isTrue();
    }

    private static void device(Path root, String address, String vendor, String kind) throws IOException {
        Path folder =
                Files.createDirectories(root.resolve("sys/bus/pci/devices").resolve(address));
        Files.writeString(folder.resolve("vendor"), vendor + "\n");
        Files.writeString(folder.resolve("class"), kind + "\n");
    }

    @ParameterizedTest
    @CsvSource({"dev/nvidiactl", "dev/dxg"})
    void filesOfTheDriverShowIt(String file, @TempDir Path root) throws IOException {
        Files.createDirectories(root.resolve("dev"));
        Files.createFile(root.resolve(file));
        assertThat(NvidiaHardware.isIn(root)).isTrue();
    }
}
