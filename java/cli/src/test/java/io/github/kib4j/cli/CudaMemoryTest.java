package io.github.kib4j.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The command line on an emulated GPU whose memory does not do, in processes of their own. */
final class CudaMemoryTest {
    private static final Path LIBRARIES = Path.of(System.getProperty("emulator.build", ""), "lib");
    private static final Path KERNELS = Path.of(System.getProperty("native.build", ""), "cuda", "libkib_cuda.so");

    @TempDir
    Path folder;

    @BeforeAll
    static void device() {
        assumeTrue(
                Files.isDirectory(LIBRARIES) && Files.exists(KERNELS), "the emulated CUDA device and kernels for it");
    }

    private CommandResult kib(Map<String, String> environment, String... arguments)
            throws IOException, InterruptedException {
        List<String> command = new ArrayList<>(Child.java());
        command.add(Kib.class.getName());
        command.addAll(Arrays.asList(arguments));
        Path out = folder.resolve("out.txt");
        Path err = folder.resolve("err.txt");
        ProcessBuilder builder =
                new ProcessBuilder(command).redirectOutput(out.toFile()).redirectError(err.toFile());
        builder.environment().put("KIB_CUDA_LIBRARIES", LIBRARIES.toString());
        builder.environment().put("KIB_EMULATOR_CACHE", "none");
        builder.environment().putAll(environment);
        return new CommandResult(builder.start().waitFor(), Files.readString(out), Files.readString(err));
    }

    private static String[] with(String command, String... more) {
        List<String> all = new ArrayList<>(List.of(command.split(" ")));
        all.addAll(Arrays.asList(more));
        return all.toArray(String[]::new);
    }

    /** A gigabyte is another process'. */
    @Test
    void aBatchThatDoesNotFitIsRefusedWithTheLargestThatDoes() throws IOException, InterruptedException {
        Map<String, String> shared = Map.of("KIB_EMULATOR_TAKEN", "1G");
        String settings =
                " --dataset shapes --limit-train 2000 --limit-test 100 --model vgg --channels 64,64 --pool-after 1,2"
                        + " --rule phsic,backprop --device cuda --batch ";
        Path run = folder.resolve("run");
        CommandResult refused = kib(shared, with("train" + settings + "100000 --out", run.toString()));
        refused.assertSentence(2, "This training needs about ");
        Matcher sentence = Pattern.compile(
                        "kib: This training needs about [\\d,]+ MB of the device's memory \\(parameters \\d+ MB,"
                                + " optimizer \\d+ MB, a step's activations, gradients and scratch memory [\\d,]+ MB, tables 1 MB,"
                                + " data set 7 MB, libraries 256 MB\\), but of its 2,048 MB 1,020 MB are free; --batch (\\d+) is the"
                                + " largest that fits\\.\n")
                .matcher(refused.err());
        assertThat(sentence.matches()).as(refused.err()).isTrue();
        assertThat(run).doesNotExist();
        int largest = Integer.parseInt(sentence.group(1));
        assertThat(fits(kib(shared, with("summary" + settings + largest + " --json"))))
                .isTrue();
        assertThat(fits(kib(shared, with("summary" + settings + (largest + 1) + " --json"))))
                .isFalse();
        assertThat(kib(shared, with("summary" + settings + largest)).out())
                .containsPattern(
                        "Memory that training needs at batch " + largest + ": about [\\d,]+ MB of the device's memory"
                                + " \\(parameters .*, libraries 256 MB\\), of its 2,048 MB 1,020 MB are free; about [\\d,]+ MB of the"
                                + " host's memory \\(images 13 MB, Java and libraries 160 MB\\); available: [\\d,]+ MB\\.");
    }

    private static boolean fits(CommandResult summary) throws IOException {
        assertThat(summary.code()).as(summary.err()).isZero();
        JsonNode json = new ObjectMapper().readTree(summary.out());
        JsonNode memory = json.get("memory");
        JsonNode device = json.get("device_memory");
        assertThat(device.get("total_bytes").asLong()).isEqualTo(1L << 31);
        long needed = device.get("libraries_bytes").asLong();
        for (String part : List.of("parameters", "optimizer", "arena", "tables", "dataset")) {
            needed += memory.get(part).asLong();
        }
        return needed <= device.get("free_bytes").asLong();
    }

    /** Memory is gone in the second step: the run stands, and goes on to the same end. */
    @Test
    void whatRunsOutOfMemoryGoesOnLater() throws IOException, InterruptedException {
        TinyTraining training = new TinyTraining(folder.resolve("data"), "phsic");
        String[] options = {
            "--layers", "16,12", "--batch", "10", "--epochs", "4", "--checkpoint-steps", "1", "--device", "cuda"
        };
        Path undisturbed = folder.resolve("undisturbed");
        CommandResult whole = kib(Map.of(), training.begin(undisturbed, options).toArray(String[]::new));
        assertThat(whole.code()).as(whole.err()).isZero();
        Path run = folder.resolve("run");
        CommandResult failed = kib(
                Map.of("KIB_EMULATOR_FULL", "cudaGraphInstantiate"),
                training.begin(run, options).toArray(String[]::new));
        assertThat(failed.code()).isEqualTo(1);
        assertThat(failed.err().lines().reduce((first, second) -> second).orElseThrow())
                .matches(
                        "kib: cudaGraphInstantiate of a step of \\d+ parts returned cudaErrorMemoryAllocation \\(out of memory\\):"
                                + " the device has no room \\(of its 2,048 MB 2,0\\d\\d MB are free, and another process may hold some\\):"
                                + " end what else runs on it \\(nvidia-smi lists it\\), or take a smaller batch or another device\\. The"
                                + " last checkpoint stands; go on with: \\S+ train --resume " + run + "\\.");
        CommandResult resumed = kib(Map.of(), "train", "--resume", run.toString());
        assertThat(resumed.code()).as(resumed.err()).isZero();
        assertThat(TinyTraining.result(run)).isEqualTo(TinyTraining.result(undisturbed));
    }
}
