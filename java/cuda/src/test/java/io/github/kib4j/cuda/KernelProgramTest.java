package io.github.kib4j.cuda;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/** The kernels' own test program, {@code native/tests/cuda}, on the emulated device: it needs no Java, and runs on GPUs too. */
@ExtendWith(EmulatedDevice.class)
final class KernelProgramTest {
    private static final Path PROGRAM = Path.of(
                    System.getProperty("kib4j.native", "../../native/target/cmake"), "cuda/kib_cuda_test")
            .toAbsolutePath();
    private static final String LIBRARIES =
            Emulator.FOLDER.resolve("lib").toAbsolutePath().toString();
    /** The folder of sources. */
    private static final Path NATIVE = Path.of("../../native").toAbsolutePath().normalize();

    private static final Pattern COMPILER = Pattern.compile("nvcc (V[0-9.]+[0-9])");
    /** Percent of those that have code. */
    private static final int LEAST_SHARE_OF_LINES = 95;

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

    /** And that these tests run the kernels: the lines that did not run are in the message. */
    @Test
    void kernelsComputeWhatTheProcessorsDo() throws IOException, InterruptedException {
        assertThat(run()).contains("activity").endsWith("all passed\n");
        Said lines = said(
                "sh",
                NATIVE.resolve("emulator/lines.sh").toString(),
                String.valueOf(LEAST_SHARE_OF_LINES),
                "native/src/cuda",
                folder.resolve("lines.txt").toString());
        assertThat(lines.code()).as(lines.text()).isZero();
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

    /** Registers depend on the compiler: the page says which one it is of. */
    @Test
    void theTableOfKernelsIsOfThisState() throws IOException, InterruptedException {
        String page = Files.readString(NATIVE.resolveSibling("docs/cuda-kernels.md"));
        Matcher of = COMPILER.matcher(page);
        assertThat(of.find()).as("the page names a compiler").isTrue();
        String here = said("sh", "-c", "nvcc --version").text();
        boolean same = here.contains(" " + of.group(1) + "\n");
        if (!same) {
            System.out.println("kib4j: docs/cuda-kernels.md is not compared: it is of nvcc " + of.group(1)
                    + ", and another one is here");
        }
        assumeTrue(same, "the compiler of docs/cuda-kernels.md");
        Said made = said("sh", NATIVE.resolve("tests/cuda/kernels.sh").toString(), PROGRAM.toString(), LIBRARIES);
        assertThat(made.code()).as(made.text()).isZero();
        assertThat(page)
                .as("docs/cuda-kernels.md, which native/tests/cuda/kernels.sh prints")
                .isEqualTo(made.text());
    }

    /** What the program prints; it ends well, and the device finds nothing. */
    private String run(String... arguments) throws IOException, InterruptedException {
        Path findings = folder.resolve("findings.txt");
        List<String> command = new ArrayList<>(List.of(PROGRAM.toString()));
        command.addAll(List.of(arguments));
        Said program = said(command.toArray(String[]::new));
        assertThat(program.code()).as(program.text()).isZero();
        assertThat(findings)
                .satisfiesAnyOf(
                        none -> assertThat(none).doesNotExist(),
                        empty -> assertThat(empty).isEmptyFile());
        return program.text();
    }

    private record Said(int code, String text) {}

    private Said said(String... command) throws IOException, InterruptedException {
        Path out = folder.resolve("out.txt");
        ProcessBuilder builder =
                new ProcessBuilder(command).redirectErrorStream(true).redirectOutput(out.toFile());
        builder.environment().put("LD_LIBRARY_PATH", LIBRARIES);
        builder.environment()
                .put("KIB_EMULATOR_REPORT", folder.resolve("findings.txt").toString());
        builder.environment()
                .put("KIB_EMULATOR_LINES", folder.resolve("lines.txt").toString());
        Process process = builder.start();
        if (!process.waitFor(PATIENCE_SECONDS, TimeUnit.SECONDS)) {
            process.destroyForcibly();
        }
        return new Said(process.waitFor(), Files.readString(out));
    }
}
