package io.github.kib4j.cli;

import static io.github.kib4j.cli.CommandResult.kib;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Commands that tell: of the data that are there, for people and as JSON. */
final class SummaryTest {
    @TempDir
    Path folder;

    private static JsonNode json(String... arguments) throws IOException {
        CommandResult result = kib(arguments);
        assertThat(result.code()).as(result.err()).isZero();
        assertThat(result.out().lines()).as("one line").hasSize(1);
        return new ObjectMapper().readTree(result.out());
    }

    private static void dataset(JsonNode summary, String image, int classes, int train, int test, boolean read) {
        JsonNode dataset = summary.get("dataset");
        assertThat(dataset.get("image")).hasToString(image);
        assertThat(dataset.get("classes").asInt()).isEqualTo(classes);
        assertThat(dataset.get("train_images").asInt()).isEqualTo(train);
        assertThat(dataset.get("test_images").asInt()).isEqualTo(test);
        assertThat(dataset.get("read").asBoolean()).isEqualTo(read);
    }

    @Test
    void aFolderIsShownAsItIs() throws IOException {
        TinyImages.png(folder, 20, "cat", "dog", "fox");
        JsonNode summary = json(
                "summary",
                "--dataset",
                "folder",
                "--data",
                folder.toString(),
                "--model",
                "mlp",
                "--layers",
                "8",
                "--json");
        JsonNode image = summary.get("dataset").get("image");
        long inputs =
                image.get(0).asLong() * image.get(1).asLong() * image.get(2).asLong();
        assertThat(summary.get("dataset").get("classes").asInt()).isEqualTo(3);
        assertThat(summary.get("layers").get(0).get("parameters").asLong()).isEqualTo(8 * inputs);
        assertThat(summary.get("layers").get(1).get("output")).hasToString("[3]");
        assertThat(summary.get("parameters").asLong()).isEqualTo(8 * inputs + 3 * (8 + 1));
        assertThat(summary.get("memory").get("total").asLong()).isPositive();
        long batch = Math.min(
                summary.get("batch").asLong(),
                summary.get("dataset").get("train_images").asLong());
        assertThat(summary.get("layers").get(0).get("activation_bytes").asLong())
                .as("pre-activations, activities in single precision, and a byte for the gradient")
                .isEqualTo(batch * 8 * (4 + 4 + 1));
        assertThat(summary.get("layers").get(1).has("activation_bytes")).isFalse();
        JsonNode arenas = summary.get("arena_bytes");
        assertThat(arenas.fieldNames()).toIterable().containsExactly("phsic");
        assertThat(arenas.get("phsic").asLong())
                .isEqualTo(summary.get("memory").get("arena").asLong())
                .isGreaterThan(batch * (inputs + 8 + 8) * 4);
    }

    @Test
    void aRunIsShownWithItsOwnImages() throws IOException {
        TinyImages.idx(folder.resolve("mnist"), 60, 20);
        Path run = folder.resolve("run");
        CommandResult trained =
                kib(("train --quiet --dataset mnist --data " + folder + " --model mlp --layers 8,6 --groups 2 --bias"
                                + " --batch-norm --batch 20 --epochs 1 --device reference --out " + run)
                        .split(" "));
        assertThat(trained.code()).as(trained.err()).isZero();
        JsonNode summary = json("summary", run.toString(), "--json");
        JsonNode data = json("summary", "--dataset", "mnist", "--data", folder.toString(), "--model", "mlp", "--json");
        assertThat(summary.get("dataset")).isEqualTo(data.get("dataset"));
        dataset(summary, summary.get("dataset").get("image").toString(), 10, 60, 20, true);
        long sum = 0;
        for (JsonNode layer : summary.get("layers")) {
            sum += layer.get("parameters").asLong();
        }
        assertThat(summary.get("parameters").asLong())
                .as("biases and batch norm included")
                .isEqualTo(sum);
        assertThat(kib("summary", run.toString()).out())
                .contains("mnist: 60 training images, 20 test images, ", "hidden 1  linear", "hidden 2  linear")
                .doesNotContain("hidden 0");
        Files.move(folder.resolve("mnist"), folder.resolve("moved"));
        assertThat(json("summary", run.toString(), "--json").get("dataset"))
                .as("where the data lie elsewhere by now")
                .isEqualTo(summary.get("dataset"));
    }

    @Test
    void aReadoutOfAllLayersIsCounted() throws IOException {
        String[] options = {"summary", "--model", "mlp", "--layers", "100,50,30"};
        assertThat(kib(options).out()).containsPattern("readout +linear +10 +310 +300");
        CommandResult all = kib("summary", "--model", "mlp", "--layers", "100,50,30", "--readout", "all");
        assertThat(all.out()).containsPattern("readout +linear, of all layers +10 +1,810 +1,800");
        CommandResult few = kib("summary", "--channels", "64", "--readout", "all", "--readout-features", "63");
        assertThat(few.err())
                .contains("A readout of 63 features cannot read 64 channels; give it at least one feature for each.");
    }

    @Test
    void generatedAndAbsentDataAreKnown() throws IOException {
        dataset(json("summary", "--json"), "[3,32,32]", 10, 8000, 2000, true);
        dataset(
                json("summary", "--dataset", "shapes", "--limit-train", "100", "--limit-test", "30", "--json"),
                "[3,32,32]",
                10,
                100,
                30,
                true);
        dataset(json("summary", "--dataset", "shapes", "--validation", "--json"), "[3,32,32]", 10, 7200, 800, true);
    }

    @Test
    void everyLineFitsATerminal() {
        String summary =
                kib("summary", "--preset", "quickstart", "--batch-norm").out();
        assertThat(summary.lines().filter(line -> !line.startsWith("Memory")))
                .allSatisfy(line -> assertThat(line).hasSizeLessThanOrEqualTo(80));
        assertThat(kib("presets").out().lines())
                .allSatisfy(line -> assertThat(line).hasSizeLessThanOrEqualTo(80));
    }

    @Test
    void presetsAreListedFilteredAndShown() throws IOException {
        assertThat(kib("presets").out()).startsWith("preset ").contains("data set", "epochs", "paper");
        assertThat(kib("presets", "VGG", "2x", "adamw").out().lines().filter(line -> line.startsWith("vgg-")))
                .hasSize(10)
                .allMatch(line -> line.startsWith("vgg-cifar10-2x-adamw-"));
        String one = kib("presets", "Mlp-Mnist-Cosine").out();
        assertThat(one)
                .startsWith("# Preset mlp-mnist-cosine; the paper reports 94.9 %")
                .contains("layers = [1024, 1024, 1024]\n", "lr-local = 0.5\n")
                .doesNotContain("channels", "sigma");
        JsonNode list = json("presets", "kmnist", "--json");
        assertThat(list).hasSize(10).allSatisfy(preset -> {
            assertThat(preset.fieldNames())
                    .toIterable()
                    .containsExactly("name", "dataset", "model", "epochs", "paper_accuracy");
            assertThat(preset.get("dataset").asText()).isEqualTo("kmnist");
        });
        JsonNode preset = json("presets", "quickstart", "--json");
        assertThat(preset.get("paper_accuracy").isNull()).isTrue();
        assertThat(preset.get("settings").get("batch-norm").isBoolean()).isTrue();
        assertThat(preset.get("settings").get("channels").isArray()).isTrue();
    }

    @Test
    void doctorAndDataSpeakJson() throws IOException {
        JsonNode doctor = json("doctor", "--json");
        assertThat(doctor.fieldNames())
                .toIterable()
                .containsExactly(
                        "version",
                        "java",
                        "processors",
                        "omp_num_threads",
                        "heap_bytes",
                        "devices",
                        "parts",
                        "datasets",
                        "runs",
                        "runs_writable");
        assertThat(doctor.get("devices").findValuesAsText("name")).contains("cpu", "reference", "cuda");
        JsonNode data = json("data", "list", "--json");
        assertThat(doctor.get("datasets")).isEqualTo(data);
        assertThat(data.get(0)).hasToString("{\"name\":\"shapes\",\"kind\":\"generated\",\"path\":null}");
    }

    @Test
    void aDeviceIsNamedByItsNumberToo() throws IOException {
        JsonNode numbered = json("summary", "--device", "cpu:0", "--json");
        assertThat(numbered.get("arena_bytes"))
                .isEqualTo(json("summary", "--device", "cpu", "--json").get("arena_bytes"));
    }
}
