package io.github.kib4j.cuda;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/** The kernels' own test program, {@code native/tests/cuda}, on the emulated device: it needs no Java, and runs on GPUs too. */
@ExtendWith(EmulatedDevice.class)
final class KernelProgramTest {
    private static final Path PROGRAM =
            Path.of(System.getProperty("kib4j.native", "../../native/target/cmake"), "cuda/kib_cuda_test");
    private static final int PATIENCE_SECONDS = 600;

    @TempDir
    Path folder;

    @BeforeAll
    static void isBuilt() {
        boolean built = Files.exists(PROGRAM);
        if (!built) {
            System.out.println("kib4j: tests of the kernels' program skipped: nvcc was not on the PATH when native was"
                    + " built (install CUDA 13, and build from clean)");
        }
        assumeTrue(built, "kernels built by nvcc");
    }

    @Test
    void kernelsComputeWhatTheProcessorsDo() throws IOException, InterruptedException {
        assertThat(run()).contains("activity").endsWith("all passed\n");
    }

    /** At most 1.10 times the bytes of their contracts, and 90 % of their sectors used, at the layers of the paper's VGG. */
    @Test
    void kernelsMoveTheBytesOfTheirContracts() throws IOException, InterruptedException {
        assertThat(run("--traffic")).contains("of its contract's").endsWith("all passed\n");
    }

    @Test
    void kernelsAreToldWithRegistersAndOccupancy() throws IOException, InterruptedException {
        assertThat(run("--launches", "activity"))
                .containsPattern(
                        "`activity_forward<bf16, Form<8, 4, 0> >` \\| 256 \\| [1-9]\\d* \\| [1-9]\\d* \\| [1-9]");
    }

    /** What the program prints; it ends well, and the device finds nothing. */
    private String run(String... arguments) throws IOException, InterruptedException {
        Path out = folder.resolve("out.txt");
        Path findings = folder.resolve("findings.txt");
        List<String> command = new ArrayList<>(List.of(PROGRAM.toAbsolutePath().toString()));
        command.addAll(List.of(arguments));
        ProcessBuilder builder =
                new ProcessBuilder(command).redirectErrorStream(true).redirectOutput(out.toFile());
        builder.environment()
                .put(
                        "LD_LIBRARY_PATH",
                        Emulator.FOLDER.resolve("lib").toAbsolutePath().toString());
        builder.environment().put("KIB_EMULATOR_REPORT", findings.toString());
        Process process = builder.start();
        if (!process.waitFor(PATIENCE_SECONDS, TimeUnit.SECONDS)) {
            process.destroyForcibly();
        }
        int code = process.waitFor();
        String text = Files.readString(out);
        assertThat(code).as(text).isZero();
        assertThat(findings)
                .satisfiesAnyOf(
                        none -> assertThat(none).doesNotExist(),
                        empty -> assertThat(empty).isEmptyFile());
        return text;
    }
}
