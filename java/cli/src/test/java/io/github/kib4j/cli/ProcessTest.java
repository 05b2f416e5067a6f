package io.github.kib4j.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Bad input to a process of its own: what a shell sees. */
final class ProcessTest {
    private static final int PATIENCE_SECONDS = 300;

    @TempDir
    Path folder;

    /** Runs {@code kib} with these options of Java. */
    private CommandResult kib(List<String> javaOptions, String... arguments) throws IOException, InterruptedException {
        return kib(Map.of(), javaOptions, arguments);
    }

    private CommandResult kib(Map<String, String> environment, List<String> javaOptions, String... arguments)
            throws IOException, InterruptedException {
        List<String> command = new ArrayList<>(
                List.of(Path.of(System.getProperty("java.home"), "bin", "java").toString()));
        command.addAll(javaOptions);
        command.addAll(List.of("-cp", classPath(), "io.github.kib4j.cli.Kib"));
        command.addAll(List.of(arguments));
        Path out = folder.resolve("out.txt");
        Path err = folder.resolve("err.txt");
        ProcessBuilder builder =
                new ProcessBuilder(command).redirectOutput(out.toFile()).redirectError(err.toFile());
        builder.environment().putAll(environment);
        Process process = builder.start();
        if (!process.waitFor(PATIENCE_SECONDS, TimeUnit.SECONDS)) {
            process.destroyForcibly();
        }
        return new CommandResult(process.waitFor(), text(out), text(err));
    }

    private static String text(Path file) throws IOException {
        return new String(Files.readAllBytes(file), StandardCharsets.UTF_8);
    }

    /** Surefire keeps the class path in a property of its own. */
    private static String classPath() {
        return System.getProperty("surefire.test.class.path", System.getProperty("java.class.path"));
    }

    @BeforeEach
    void write() throws IOException {
        TinyImages.idx(folder.resolve("mnist"), 60, 20);
    }

    private String[] train(String... more) {
        List<String> arguments = new ArrayList<>(List.of("train", "--quiet", "--dataset", "mnist", "--data"));
        arguments.addAll(List.of(folder.toString(), "--model", "mlp", "--batch", "20", "--epochs", "2"));
        arguments.addAll(List.of(more));
        return arguments.toArray(new String[0]);
    }

    @Test
    void equalOptionsAreNotSpokenOf() throws Exception {
        CommandResult result = kib(List.of(), "summary", "--batch", "10", "--batch", "20", "--json");
        assertThat(result.err()).isEmpty();
        assertThat(result.out()).contains("\"batch\":20,");
    }

    @Test
    void theSlowDeviceIsNotChosenForWhoDidNotAskForIt() throws Exception {
        List<String> elsewhere = List.of("-Dos.arch=aarch64");
        kib(elsewhere, train("--layers", "8", "--out", folder.resolve("run").toString()))
                .assertSentence(1, "many times slower: ask for it with --device reference.");
        assertThat(folder.resolve("run")).doesNotExist();
        CommandResult asked = kib(
                elsewhere,
                train(
                        "--layers",
                        "8",
                        "--device",
                        "reference",
                        "--out",
                        folder.resolve("run").toString()));
        assertThat(asked.code()).as(asked.err()).isZero();
        kib(elsewhere, "eval", folder.resolve("run").toString(), "--device", "auto")
                .assertSentence(1, "No fast device");
    }

    /** Each part that a GPU needs, as it was found; the machine's own may be all, some or none. */
    @Test
    void theDoctorTellsWhatAGpuNeeds() throws Exception {
        Path nowhere = folder.resolve("nowhere");
        String sentence = "KIB_CUDA_LIBRARIES names " + nowhere
                + ", which is no folder; set it to folders with NVIDIA's" + " libraries, or unset it.";
        Map<String, String> environment = Map.of("KIB_CUDA_LIBRARIES", nowhere.toString());
        CommandResult text = kib(environment, List.of(), "doctor");
        assertThat(text.out())
                .contains("  cuda: not usable: " + sentence + "\n    driver    ")
                .containsPattern("\n    driver    .*" + sentence
                        + "\n    runtime   .*\n    cuBLASLt  .*\n    cuBLAS    .*" + "\n    cuDNN     .*\n  cpu: ");
        JsonNode json = new ObjectMapper()
                .readTree(kib(environment, List.of(), "doctor", "--json").out());
        assertThat(json.at("/devices/0/name").asText()).isEqualTo("cuda");
        assertThat(json.at("/devices/0/reason").asText()).isEqualTo(sentence);
        assertThat(json.at("/parts/0/device").asText()).isEqualTo("cuda");
        assertThat(json.at("/parts/0/name").asText()).isEqualTo("driver");
        assertThat(json.at("/parts/0/problem").asText()).isEqualTo(sentence);
        assertThat(json.at("/parts/4/name").asText()).isEqualTo("cuDNN");
        assertThat(json.at("/parts/4/found").isTextual()).isTrue();
        kib(environment, List.of(), train("--device", "cuda")).assertSentence(1, sentence);
        String[] loud = train("--layers", "8", "--out", folder.resolve("run").toString());
        loud[1] = "--device=auto"; // in the place of --quiet
        CommandResult trained = kib(environment, List.of(), loud);
        assertThat(trained.code()).as(trained.err()).isZero();
        assertThat(trained.err()).contains("Not used: cuda: " + sentence + "\n");
    }

    @Test
    void usageIsCode2() throws Exception {
        kib(List.of(), "train", "--preset", "none").assertSentence(2, "There is no preset 'none'");
    }

    @Test
    void divergenceIsCode1AndKeepsTheLastCheckpoint() throws Exception {
        Path run = folder.resolve("run");
        CommandResult result = kib(List.of(), train("--layers", "32", "--lr-local", "1e30", "--out", run.toString()));
        result.assertSentence(1, "The loss of ");
        assertThat(result.err())
                .containsPattern("is not finite \\((NaN|-?Infinity)\\) in training step [0-9]+, where")
                .contains("lower the learning rate", "--lr-local", "--lr-readout");
        assertThat(run.resolve("config.toml")).exists();
        assertThat(kib(List.of(), "eval", run.toString()).code())
                .as("the checkpoint before")
                .isZero();
    }

    @Test
    void aHeapTooSmallForTheImagesIsCode1() throws Exception {
        TinyImages.idx(folder.resolve("mnist"), 400_000, 20);
        kib(List.of("-Xmx24m"), train("--layers", "32")).assertSentence(1, "Java has not enough memory");
    }
}
